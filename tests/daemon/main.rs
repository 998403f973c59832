//! The daemon as its users meet it: the built binary, real folders, real signals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../support/daemon.rs"]
mod daemon;
#[path = "../support/kms.rs"]
mod kms;

mod a_collision_loses_neither_message;
mod a_draft_that_somebody_takes_is_written_anew;
mod a_file_that_is_open_for_writing_is_not_touched;
mod a_lost_folder_is_picked_up_again;
mod a_second_daemon_is_refused;
mod every_kind_of_file_comes_back_bit_for_bit;
mod killed_in_the_middle_it_loses_nothing;
mod no_claimed_file_waits_for_a_long_one;
mod sigterm_finishes_what_is_under_way;
mod the_seeds_experiment;
