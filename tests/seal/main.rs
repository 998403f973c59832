//! What becomes of files when everything else goes wrong: kills, errors, full disks; and whether the record tells the
//! truth about what the disk still holds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::similar_names,
    reason = "a test fails by panicking"
)]
#![allow(
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "tests"
)]

#[path = "../support/daemon.rs"]
mod daemon;
#[path = "../support/mounts.rs"]
mod mounts;
mod support;

mod a_file_that_cannot_be_put_back_is_sealed_from_its_claim;
mod a_file_that_changes_after_it_was_published_is_not_erased;
mod a_full_output_is_made_good;
mod a_limit_or_a_permission_is_waited_for;
mod a_power_cut_loses_nothing;
mod a_read_only_remount_is_waited_for;
mod a_record_keeps_what_was_observed;
mod an_error_at_any_system_call_is_made_good;
mod an_order_is_relied_on_only_where_a_journal_keeps_it;
mod an_output_that_goes_is_waited_for;
mod killed_at_any_system_call_it_loses_nothing;
mod killed_at_random_under_load_it_loses_nothing;
mod the_record_agrees_with_the_disk;
mod traces_that_cannot_go_yet_go_later;
