//! A folder that cannot be watched, as `max_user_watches` is used up: what is dropped into it has no event at all.

use crate::support::{Daemon, Producer, have, sh};

const TEST: &str = "a_file_without_a_hint_is_found_by_the_timers_scan";

#[test]
fn a_file_without_a_hint_is_found_by_the_timers_scan() {
    // In a user namespace of its own, the limit is the daemon's alone: the drop folder has the one watch.
    let limit = "echo 1 > /proc/sys/user/max_inotify_watches && exec \"$@\"";
    let wrapper = ["unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh"];
    if !have(TEST, "unshare") || !works(&wrapper) {
        eprintln!("SKIPPED {TEST}: needs user namespaces");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    sh(root.path(), "mkdir -p in/unwatched out");
    let mut daemon = Daemon::start_by(root.path(), "recursive = true\nrescan = \"3s\"", &wrapper);
    assert!(daemon.log().contains("cannot watch a folder"));
    assert_eq!(daemon.value("sealdrop_files_missed_by_events_total"), 0);
    Producer::start(&daemon.input()).does("open('unwatched/f', 'w').write('no event')");
    daemon.wait_for("the file to be sealed", |daemon| {
        daemon.output().join("unwatched/f.encrypted.json").exists()
    });
    assert!(daemon.value("sealdrop_rescans_total{cause=\"timer\"}") >= 1);
    let mut producer = Producer::start(&daemon.input());
    let mut number = 0;
    // One that is younger than two seconds when the scan begins may simply be ahead of its event.
    daemon.wait_for("a missed file to be counted", |daemon| {
        if !daemon.input().join(format!("unwatched/g{number}")).exists() {
            number += 1;
            producer.does(&format!("open('unwatched/g{number}', 'w').write('no event')"));
        }
        daemon.value("sealdrop_files_missed_by_events_total") > 0
    });
    daemon.stop();
}

fn works(wrapper: &[&str]) -> bool {
    let (program, arguments) = wrapper.split_first().unwrap();
    let mut command = std::process::Command::new(program);
    command.args(arguments).arg("true");
    command.status().is_ok_and(|status| status.success())
}
