//! What the command line promises, one promise per file. Files that begin with `complaint_` keep what
//! users of aws-encryption-cli have asked for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

#[path = "../support/fault_proxy.rs"]
mod fault_proxy;
#[path = "../support/kms.rs"]
mod kms;
mod support;

mod argument_files_stand_for_arguments;
mod commands_of_aws_encryption_cli_do_the_same_here;
mod common_mistakes_are_answered;
mod complaint_a_failed_file_does_not_stop_the_others;
mod complaint_a_good_output_is_never_lost;
mod complaint_an_alias_opens_what_it_sealed;
mod complaint_many_files_share_a_data_key;
mod complaint_modes_are_preserved;
mod complaint_the_wrapping_key_is_named;
mod complaint_what_was_not_done_shows_in_the_exit_status;
mod every_command_shows_an_example;
mod exit_64_is_a_command_line_that_will_not_do;
mod exit_65_is_a_message_that_does_not_hold;
mod exit_66_is_an_input_that_is_not_there;
mod exit_69_is_a_key_service_that_is_away;
mod exit_73_is_an_output_that_cannot_be_made;
mod exit_74_is_an_error_of_input_or_output;
mod exit_77_is_a_permission_that_is_missing;
mod exit_78_is_a_configuration_that_will_not_do;
mod folders_come_back_as_they_were;
mod headers_are_shown_without_a_key;
mod inputs_are_erased_on_request;
mod metadata_lines_tell_how_it_ended;
mod no_plaintext_of_a_bad_message_is_left;
mod shells_complete_options_and_keyrings;
mod streams_and_base64;
