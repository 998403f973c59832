//! The daemon as its operators meet it: status, metrics, reload, what systemd is told, the units.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(unreachable_pub, reason = "shared with other test crates")]

#[path = "../support/daemon.rs"]
mod daemon;
mod doctor;
#[path = "../support/kms.rs"]
mod kms;
#[path = "../support/mounts.rs"]
mod mounts;

mod a_bad_configuration_keeps_the_old_one;
mod a_held_file_is_shown_once_and_until_it_is_gone;
mod a_held_file_says_which_step_failed;
mod a_start_does_not_need_the_key_service;
mod check_warns_of_an_input_that_another_user_owns;
mod doctor_changes_nothing_beside_a_running_daemon;
mod doctor_finds_folders_that_are_not_safe;
mod doctor_looks_below_recursive_inputs;
mod doctor_says_that_there_is_no_room;
mod doctor_says_why_no_key_is_to_be_had;
mod doctor_sees_with_the_daemons_rights;
mod doctor_tells_what_erasure_achieves;
mod every_message_id_has_its_catalogue_entry;
mod metrics_have_the_names_of_the_contract;
mod on_real_systemd;
mod prometheus_scrapes_and_its_alerts_fire;
mod systemd_is_told_the_truth;
mod the_manual_has_every_key;
mod the_manual_says_what_to_do_about_each_reason;
mod units_are_valid_and_confined;
