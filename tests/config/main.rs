//! What the configuration promises, one promise per file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod every_fault_is_told_in_one_run;
mod folders_that_would_eat_each_other_are_refused;
mod key_files_are_nobody_elses_business;
mod shipped_files_are_complete_and_load;
mod support;
mod values_are_read_as_written;
