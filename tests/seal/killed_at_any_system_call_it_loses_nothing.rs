//! SIGKILL just before each system call that changes anything, one after the other; then a clean start.

use std::time::Duration;

use crate::mounts::FileSystem;
use crate::support::{
    CALLS, Drop, Strace, assert_not_lost, assert_sealed_once, count_calls, drop_one, for_each,
    site_of_one_worker, wait_for_death, wait_until_settled,
};

#[test]
fn killed_at_any_system_call_it_loses_nothing() {
    let mounted = match Strace::is_there().and_then(|()| FileSystem::Ext4.mount(512)) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED killed_at_any_system_call_it_loses_nothing: {why}"),
    };
    let mut cases = Vec::new();
    for kind in [Drop::Fresh, Drop::Flushed] {
        for (call, count) in count_calls(&mounted.path().join(format!("count-{kind:?}")), kind, &CALLS) {
            cases.extend((1..=count).map(|number| (kind, call.clone(), number)));
        }
    }
    assert!(cases.len() > 30, "{cases:?}");
    for_each(&cases, |index, (kind, call, number)| {
        let what = format!("killed before {call} {number} of a {kind:?} drop");
        let site = site_of_one_worker(&mounted.path().join(index.to_string()));
        let mut daemon = site.start();
        let inject = format!("inject={call}:signal=KILL:when={number}");
        let strace = Strace::attach(
            &daemon,
            &["-e", &format!("trace={call}"), "-e", &inject, "-o", "/dev/null"],
        );
        drop_one(&site, *kind);
        assert!(
            wait_for_death(&mut daemon.child, Duration::from_mins(1)),
            "{what}: was not"
        );
        strace.wait();
        assert_not_lost(&site, &what);
        let daemon = site.start();
        wait_until_settled(&site, &daemon, 1, &what);
        assert!(daemon.stop().success());
        assert_sealed_once(&site, &what);
    });
    eprintln!(
        "{} kills, one before each system call that changes anything",
        cases.len()
    );
}
