//! The record stands, and its traces cannot be removed for a while: that is told, and needs no restart.

use crate::mounts::FileSystem;
use crate::support::{Drop, Strace, assert_sealed_once, drop_one, site_of_one_worker, wait_until_settled};

#[test]
fn traces_that_cannot_go_yet_go_later() {
    let mounted = match Strace::is_there().and_then(|()| FileSystem::Ext4.mount(64)) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED traces_that_cannot_go_yet_go_later: {why}"),
    };
    let site = site_of_one_worker(&mounted.path().join("site"));
    let daemon = site.start();
    // A worker unlinks the plaintext; what else is removed is the claim's folder.
    let inject = "inject=rmdir,unlinkat:error=EROFS:when=1";
    let strace = Strace::attach(
        &daemon,
        &["-e", "trace=unlinkat", "-e", inject, "-o", "/dev/null"],
    );
    drop_one(&site, Drop::Fresh);
    let told = daemon.wait_for("untidied", 1);
    assert_eq!(told[0]["sealdrop_reason"], "read_only", "{told:?}");
    wait_until_settled(&site, &daemon, 1, "later");
    strace.detach();
    assert!(daemon.stop().success());
    assert_sealed_once(&site, "later");
}
