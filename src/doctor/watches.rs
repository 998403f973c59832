//! inotify's limits against the folders that are watched.

use std::fs;

use super::finding::{Finding, HOST};
use super::subfolders;
use crate::config::Settings;

/// A user's instances and watches, and events that wait; 0 where it cannot be read.
struct Limits {
    instances: u64,
    watches: u64,
    events: u64,
}

pub(super) fn finding(settings: &Settings) -> Finding {
    let read = |name: &str| -> u64 {
        let text = fs::read_to_string(format!("/proc/sys/fs/inotify/{name}"));
        text.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    };
    let limits = Limits {
        instances: read("max_user_instances"),
        watches: read("max_user_watches"),
        events: read("max_queued_events"),
    };
    let folders = settings.drops.iter().map(subfolders::watched).sum();
    judge(&limits, settings.drops.len() as u64, folders)
}

/// One instance and its watches per drop; other programs of the same user share the limits, so half is the mark.
fn judge(limits: &Limits, drops: u64, folders: u64) -> Finding {
    if limits.watches == 0 {
        return Finding::warning(HOST, "inotify", "its limits cannot be read")
            .advise("run doctor outside of the sandbox");
    }
    let found = format!(
        "{folders} of {} watches, {drops} of {} instances, {} events may wait",
        limits.watches, limits.instances, limits.events
    );
    if drops > limits.instances / 2 {
        return Finding::warning(HOST, "inotify", found).advise(
            "raise fs.inotify.max_user_instances (sysctl): a drop without an instance does not start",
        );
    }
    if folders > limits.watches / 2 {
        return Finding::warning(HOST, "inotify", found).advise(
            "raise fs.inotify.max_user_watches (sysctl): folders without a watch are found by the timer only",
        );
    }
    if limits.events < 1024 {
        return Finding::warning(HOST, "inotify", found)
            .advise("raise fs.inotify.max_queued_events (sysctl): each burst beyond it costs a scan");
    }
    Finding::ok(HOST, "inotify", found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    #[test]
    fn limits_are_held_against_what_is_watched() {
        let limits = Limits {
            instances: 128,
            watches: 8192,
            events: 16384,
        };
        let grade = |drops, folders| judge(&limits, drops, folders).grade;
        assert_eq!(grade(1, 10), Grade::Ok);
        assert_eq!(grade(65, 65), Grade::Warning);
        let many = judge(&limits, 1, 5000);
        assert!(many.advice.unwrap().contains("max_user_watches"));
    }
}
