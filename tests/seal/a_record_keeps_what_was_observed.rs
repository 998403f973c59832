//! The daemon is killed when the plaintext is gone and its record has no name yet: the next start gives it the name, and the
//! record says what was seen of the erasure, not what a rebuild can guess.

use std::time::Duration;

use crate::mounts::FileSystem;
use crate::support::{
    Drop, Strace, assert_sealed_once, drop_one, site_of_one_worker, wait_for_death, wait_until_settled,
};

#[test]
fn a_record_keeps_what_was_observed() {
    let mounted = match Strace::is_there().and_then(|()| FileSystem::Ext4.mount(64)) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED a_record_keeps_what_was_observed: {why}"),
    };
    let site = site_of_one_worker(&mounted.path().join("site"));
    let mut daemon = site.start();
    // The first gives the claim its place, the second the message its name, the third the record.
    let inject = "inject=renameat2:signal=KILL:when=3";
    let strace = Strace::attach(
        &daemon,
        &["-e", "trace=renameat2", "-e", inject, "-o", "/dev/null"],
    );
    drop_one(&site, Drop::Fresh);
    assert!(wait_for_death(&mut daemon.child, Duration::from_mins(1)));
    strace.wait();
    assert!(site.records().is_empty());
    assert!(site.left_in_input().is_empty(), "the plaintext is gone");

    let daemon = site.start();
    wait_until_settled(&site, &daemon, 1, "named");
    assert!(daemon.stop().success());
    assert_sealed_once(&site, "named");
    let record = &site.records()[0]["sealdrop"];
    assert_eq!(record["recovered"], false);
    assert_eq!(record["erasure"]["outcome"], "never_allocated");
}
