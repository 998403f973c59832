//! The daemon is killed when the message stands and the plaintext is still there; somebody who has the file open goes on
//! writing. What was written last is not erased unsealed.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::daemon::{Site, files_below};
use crate::mounts::FileSystem;
use crate::support::{
    Drop, Strace, content, drop_one, messages, site_of_one_worker, wait_for_death, wait_until,
    wait_until_settled,
};

/// Kills the daemon just before it marks the claim, which is its second change of a mode; gives the claimed file.
fn killed_before_it_erases(site: &Site) -> PathBuf {
    let mut daemon = site.start();
    let inject = "inject=fchmod:signal=KILL:when=2";
    let strace = Strace::attach(&daemon, &["-e", "trace=fchmod", "-e", inject, "-o", "/dev/null"]);
    drop_one(site, Drop::Fresh);
    assert!(wait_for_death(&mut daemon.child, Duration::from_mins(1)));
    strace.wait();
    assert_eq!(messages(site).len(), 1, "it is published");
    let claimed = files_below(&site.input.join(".sealdrop"));
    assert_eq!(fs::read(&claimed[0]).unwrap(), content().as_bytes());
    claimed[0].clone()
}

#[test]
fn a_file_of_the_same_size_is_sealed_again() {
    let mounted = match Strace::is_there().and_then(|()| FileSystem::Ext4.mount(64)) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED a_file_of_the_same_size_is_sealed_again: {why}"),
    };
    let site = site_of_one_worker(&mounted.path().join("site"));
    let claimed = killed_before_it_erases(&site);
    let file = File::options().write(true).open(claimed).unwrap();
    file.write_all_at(b"PLAINTEXT", 0).unwrap();
    std::mem::drop(file);
    let daemon = site.start();
    wait_until_settled(&site, &daemon, 1, "sealed again");
    assert!(daemon.stop().success());
    let mut found: Vec<_> = messages(&site).iter().map(|path| site.decrypt(path)).collect();
    found.sort();
    let changed = content().replacen("plaintext", "PLAINTEXT", 1);
    assert!(found == [changed.as_bytes(), content().as_bytes()]);
}

#[test]
fn a_file_that_has_grown_is_held() {
    let mounted = match Strace::is_there().and_then(|()| FileSystem::Ext4.mount(64)) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED a_file_that_has_grown_is_held: {why}"),
    };
    let site = site_of_one_worker(&mounted.path().join("site"));
    let claimed = killed_before_it_erases(&site);
    let file = File::options().write(true).open(&claimed).unwrap();
    file.write_all_at(b"and more", content().len() as u64).unwrap();
    std::mem::drop(file);
    let daemon = site.start();
    let held = daemon.wait_for("held", 1);
    assert_eq!(held[0]["sealdrop_reason"], "size_differs", "{held:?}");
    assert!(fs::read(&claimed).unwrap().ends_with(b"and more"));
    assert!(daemon.stop().success());
}

/// A consumer was quick: the message is not there any more, and is not sealed again.
#[test]
fn a_message_that_was_taken_already_is_not_sealed_again() {
    let mounted = match Strace::is_there().and_then(|()| FileSystem::Ext4.mount(64)) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED a_message_that_was_taken_already_is_not_sealed_again: {why}"),
    };
    let site = site_of_one_worker(&mounted.path().join("site"));
    killed_before_it_erases(&site);
    let taken = site.root.join("taken.encrypted");
    fs::rename(&messages(&site)[0], &taken).unwrap();
    let daemon = site.start();
    wait_until_settled(&site, &daemon, 1, "recorded");
    wait_until("the plaintext to go", || files_below(&site.input).is_empty());
    assert!(daemon.stop().success());
    assert!(messages(&site).is_empty());
    assert_eq!(site.records()[0]["sealdrop"]["recovered"], true);
    assert_eq!(site.decrypt(&taken), content().as_bytes());
}
