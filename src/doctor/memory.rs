//! Keys and plaintexts in memory: cores, debuggers, locked pages.

use std::fs;

use super::finding::{Finding, HOST};
use super::viewer::Viewer;

/// Core files and debuggers.
pub(super) fn cores(viewer: &Viewer) -> Finding {
    let scope = fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope");
    let debuggers = match scope.as_deref().map(str::trim) {
        Ok("3") => "not even root may trace it (yama)",
        Ok(_) | Err(_) => "root may still trace it",
    };
    match (viewer.daemon, viewer.core) {
        (Some(_), Some(0)) => Finding::ok(
            HOST,
            "core",
            format!("the daemon makes no core file and cannot be traced by its own user; {debuggers}"),
        ),
        (Some(pid), _) => Finding::warning(HOST, "core", format!("process {pid} may leave a core file"))
            .advise(
                "set LimitCORE=0 in the unit; the log of its start says why it could not forbid it itself",
            ),
        (None, _) => Finding::ok(
            HOST,
            "core",
            format!("the daemon forbids both core files and tracing when it starts; {debuggers}"),
        ),
    }
}

/// Locked pages.
pub(super) fn locked(viewer: &Viewer) -> Finding {
    match (viewer.may_lock, viewer.locked) {
        (None, 0) if viewer.daemon.is_some() => {
            Finding::warning(HOST, "memory_lock", "no limit, and yet nothing is locked")
                .advise("the log of the daemon's start says why")
        }
        (None, _) => Finding::ok(
            HOST,
            "memory_lock",
            "no limit: the daemon locks its pages into memory",
        ),
        (Some(bytes), _) => Finding::ok(
            HOST,
            "memory_lock",
            format!(
                "at most {} KiB: the daemon locks nothing, as its next large buffer would find no memory",
                bytes / 1024
            ),
        )
        .advise("LimitMEMLOCK=infinity locks all of it; without it see `swap`"),
    }
}
