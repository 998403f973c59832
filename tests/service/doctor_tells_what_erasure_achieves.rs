//! Tried on each file system, in the words that the record will use.

use crate::daemon::{LOCAL_KEY, Site};
use crate::doctor::{Examined, doctor};
use crate::mounts::FileSystem;

const NAME: &str = "doctor_tells_what_erasure_achieves";

/// On a fresh file system, none where it cannot be had.
fn examine(file_system: FileSystem, options: &str, drop: &str) -> Option<Examined> {
    match file_system.mount_with(320, options) {
        Ok(mounted) => Some(doctor(&Site::at(mounted.path(), LOCAL_KEY, drop))),
        Err(why) => {
            eprintln!("SKIPPED {NAME} on {} {options}: {why}", file_system.name());
            None
        }
    }
}

#[test]
fn in_place_on_ext4_and_xfs() {
    for file_system in [FileSystem::Ext4, FileSystem::Xfs] {
        let Some(examined) = examine(file_system, "", "") else {
            continue;
        };
        examined.says("erasure", "ok", "never_allocated if sealed before writeback");
        examined.says("erasure", "ok", "else overwritten_in_place (ssd)");
    }
}

#[test]
fn nothing_in_the_journal_of_ext4() {
    if let Some(examined) = examine(FileSystem::Ext4, "data=journal", "") {
        examined.says("erasure", "warning", "unlinked_only (journalled_data");
        assert_eq!(examined.code, Some(0));
    }
}

#[test]
fn only_before_writeback_on_btrfs() {
    if let Some(examined) = examine(FileSystem::Btrfs, "", "") {
        examined.says("erasure", "warning", "never_allocated if sealed before writeback");
        examined.says("erasure", "warning", "else unlinked_only (cow, snapshot_possible");
    }
    if let Some(examined) = examine(FileSystem::Btrfs, "nodatacow", "") {
        examined.says("erasure", "ok", "else overwritten_in_place (ssd)");
    }
}

#[test]
fn memory_on_a_tmpfs() {
    if let Some(examined) = examine(FileSystem::Tmpfs, "", "") {
        examined.says("erasure", "ok", "tmpfs: memory");
    }
}

#[test]
fn no_more_than_the_name_goes_where_nothing_is_overwritten() {
    if let Some(examined) = examine(FileSystem::Ext4, "", "erase = \"unlink\"") {
        examined.says("erasure", "warning", "unlinked_only");
    }
}
