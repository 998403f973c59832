//! What is dropped is found, whole and once, whatever its producer does: the watch layer against the real kernel.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    reason = "tests"
)]

#[path = "../support/mounts.rs"]
mod mounts;
mod support;

mod a_bounded_window_meets_every_file;
mod a_file_copied_in_settles_whole;
mod a_file_moved_across_mounts_settles_when_its_copy_is_whole;
mod a_file_renamed_in_settles_at_once;
mod a_file_that_changes_is_not_quiet;
mod a_file_that_vanishes_is_nobodys_fault;
mod a_file_without_a_hint_is_found_by_the_timers_scan;
mod a_flood_is_sealed_once_in_bounded_memory;
mod a_folder_that_becomes_a_link_leads_nowhere;
mod a_group_hand_off_needs_one_of_three_things;
mod a_killed_writer_leaves_what_it_wrote;
mod a_linked_file_settles_when_its_first_name_is_gone;
mod a_lost_drop_folder_is_noticed;
mod a_mapped_file_waits_for_its_unmapping;
mod a_nameless_file_linked_in_settles;
mod a_new_folder_is_watched_then_listed;
mod a_renamed_folder_is_followed;
mod a_writer_that_comes_back_breaks_the_lease;
mod an_attacker_reaches_nothing;
mod an_immutable_file_is_held;
mod an_open_file_is_not_touched;
mod an_rsynced_file_settles_under_its_final_name;
mod an_uploaded_file_settles_when_the_transfer_is_closed;
mod any_bytes_may_be_a_name;
mod any_name_is_sealed_and_recorded_whole;
mod empty_folders_are_removed_only_if_asked;
mod held_files_beyond_the_window_are_counted;
mod ignored_files_are_counted;
mod lost_hints_become_a_scan;
mod more_claims_than_the_window_are_all_finished;
mod no_drop_waits_for_another;
mod nobody_squats_the_claim_folder;
mod other_users_files_need_just_these_capabilities;
mod paths_beyond_the_limit_are_held;
mod preallocated_and_sparse_files_settle;
mod random_producers_lose_nothing_and_get_nothing_torn;
mod ten_thousand_folders_are_watched;
mod what_is_no_file_is_never_opened;
mod what_is_on_another_mount_is_held;
mod what_may_not_be_read_is_held;
