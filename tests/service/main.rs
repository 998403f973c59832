//! The daemon as its operators meet it: status, metrics, reload, what systemd is told, the units.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "../support/daemon.rs"]
mod daemon;

mod a_bad_configuration_keeps_the_old_one;
mod a_held_file_is_shown_once_and_until_it_is_gone;
mod every_message_id_has_its_catalogue_entry;
mod metrics_have_the_names_of_the_contract;
mod systemd_is_told_the_truth;
mod the_manual_has_every_key;
mod units_are_valid_and_confined;
