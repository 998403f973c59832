//! Each system call that changes anything, and each open, fails once: the daemon goes on by itself.

use crate::mounts::FileSystem;
use crate::support::{
    CALLS, Drop, Strace, assert_sealed_once, count_calls, drop_one, for_each, site_of_one_worker, wait_until,
    wait_until_settled,
};

#[test]
fn an_error_at_any_system_call_is_made_good() {
    let mounted = match Strace::is_there().and_then(|()| FileSystem::Ext4.mount(512)) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED an_error_at_any_system_call_is_made_good: {why}"),
    };
    let calls = [&CALLS[..], &["openat"]].concat();
    let kind = Drop::Flushed;
    let mut cases = Vec::new();
    for (call, count) in count_calls(&mounted.path().join("count"), kind, &calls) {
        let error = match call.as_str() {
            "openat" => "EMFILE",
            "fsync" | "fdatasync" => "EIO",
            _ => "ENOSPC",
        };
        cases.extend((1..=count).map(|number| (call.clone(), number, error)));
    }
    for_each(&cases, |index, (call, number, error)| {
        let what = format!("{error} from {call} {number}");
        let site = site_of_one_worker(&mounted.path().join(index.to_string()));
        let daemon = site.start();
        let inject = format!("inject={call}:error={error}:when={number}");
        let strace = Strace::attach(
            &daemon,
            &["-e", &format!("trace={call}"), "-e", &inject, "-o", "/dev/null"],
        );
        drop_one(&site, kind);
        wait_until(&what, || site.records().len() == 1);
        strace.detach();
        assert!(daemon.stop().success(), "{what}");
        // What could not be tidied waits for the next start.
        let daemon = site.start();
        wait_until_settled(&site, &daemon, 1, &what);
        assert!(daemon.stop().success(), "{what}");
        assert_sealed_once(&site, &what);
    });
    eprintln!("{} errors, one at each system call", cases.len());
}
