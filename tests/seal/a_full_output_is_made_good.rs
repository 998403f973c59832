//! An output that is full, of bytes, of files or by quota: what does not fit is held whole, and sealed when there is
//! room again.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use crate::daemon::{Site, files_below};
use crate::mounts::{BindMount, FileSystem, Mounted};
use crate::support::{messages, site, wait_until};

/// Drops more than fits, waits until that is told, then takes messages away until all came through.
fn fill_and_empty(test: &str, output: &Mounted, files: usize, size: usize) {
    let input = match FileSystem::Ext4.mount(512) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED {test}: {why}"),
    };
    let root = input.path().join("site");
    fs::create_dir_all(root.join("out")).unwrap();
    let _output = BindMount::new(output.path(), &root.join("out")).unwrap();
    let site = site(&root);
    let daemon = site.start();
    for number in 0..files {
        site.drop_file(format!("{number:04}"), vec![b'a'; size]);
    }
    let held = daemon.wait_for("held", 1);
    assert!(
        ["no_space", "quota"].contains(&held[0]["sealdrop_reason"].as_str().unwrap()),
        "{held:?}"
    );
    // Everything is there, as plaintext of its whole length or as a message; and nothing half.
    for path in files_below(&site.input) {
        assert_eq!(
            fs::metadata(&path).map_or(size as u64, |found| found.len()),
            size as u64,
            "{path:?}"
        );
    }
    let mut taken = BTreeSet::new();
    wait_until(test, || {
        for message in messages(&site) {
            take(&site, &message, size, &mut taken);
        }
        taken.len() == files
    });
    wait_until("the traces to go", || {
        files_below(&site.output).is_empty() && files_below(&site.input).is_empty()
    });
    assert!(daemon.stop().success());
}

/// As a consumer does it: the record says that the message is done.
fn take(site: &Site, message: &std::path::Path, size: usize, taken: &mut BTreeSet<std::path::PathBuf>) {
    let record = format!("{}.json", message.display());
    if !fs::exists(&record).unwrap() {
        return;
    }
    if taken.is_empty() {
        assert_eq!(site.decrypt(message).len(), size);
    }
    fs::remove_file(record).unwrap();
    fs::remove_file(message).unwrap();
    assert!(taken.insert(message.to_owned()), "sealed twice: {message:?}");
}

#[test]
fn a_full_file_system() {
    match FileSystem::Ext4.mount(64) {
        Ok(output) => fill_and_empty("a_full_file_system", &output, 20, 5 << 20),
        Err(why) => eprintln!("SKIPPED a_full_file_system: {why}"),
    }
}

#[test]
fn no_inodes_left() {
    match FileSystem::Tmpfs.mount_with(64, "nr_inodes=40") {
        Ok(output) => fill_and_empty("no_inodes_left", &output, 60, 4096),
        Err(why) => eprintln!("SKIPPED no_inodes_left: {why}"),
    }
}

#[test]
fn a_quota_that_is_used_up() {
    let made = FileSystem::Btrfs.mount(512).and_then(|output| {
        for arguments in [&["quota", "enable"][..], &["qgroup", "limit", "30m"]] {
            let told = Command::new("btrfs").args(arguments).arg(output.path()).output();
            let told = told.map_err(|error| format!("btrfs: {error}"))?;
            if !told.status.success() {
                return Err(format!("btrfs: {told:?}"));
            }
        }
        Ok(output)
    });
    match made {
        Ok(output) => fill_and_empty("a_quota_that_is_used_up", &output, 12, 5 << 20),
        Err(why) => eprintln!("SKIPPED a_quota_that_is_used_up: {why}"),
    }
}
