//! Whose rights and limits count: the running daemon's, else those of the process that asks.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::finding::{Finding, HOST};
use super::names;
use crate::config::Settings;

/// Capabilities by their number (capability.h).
#[derive(Clone, Copy, Debug)]
pub(super) enum Capability {
    DacOverride = 1,
    DacReadSearch = 2,
    Lease = 28,
}

/// A process, as /proc shows it.
#[derive(Clone, Debug, Default)]
pub(super) struct Viewer {
    /// The daemon's process; none if nobody answers.
    pub(super) daemon: Option<u32>,
    pub(super) uid: u32,
    gids: Vec<u32>,
    capabilities: u64,
    /// Bytes that are locked into memory now.
    pub(super) locked: u64,
    /// `RLIMIT_MEMLOCK`; none is no limit.
    pub(super) may_lock: Option<u64>,
    /// `RLIMIT_CORE`; none is no limit.
    pub(super) core: Option<u64>,
}

impl Viewer {
    pub(super) fn of(daemon: Option<u32>) -> Self {
        let read = |process: &str| {
            let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
            let limits = fs::read_to_string(format!("/proc/{process}/limits")).unwrap_or_default();
            Some(Self::parse(&status, &limits))
        };
        let running = daemon.and_then(|pid| Some((pid, read(&pid.to_string())?)));
        match running {
            Some((pid, viewer)) => Self {
                daemon: Some(pid),
                ..viewer
            },
            None => read("self").unwrap_or_default(),
        }
    }

    fn parse(status: &str, limits: &str) -> Self {
        let line = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .unwrap_or_default()
        };
        let numbers = |name: &str| -> Vec<u32> {
            let words = line(name).split_whitespace();
            words.filter_map(|word| word.parse().ok()).collect()
        };
        let mut gids = numbers("Groups:");
        gids.extend(numbers("Gid:").get(1)); // real, effective, saved, file system
        Self {
            daemon: None,
            uid: numbers("Uid:").get(1).copied().unwrap_or(u32::MAX),
            gids,
            capabilities: u64::from_str_radix(line("CapEff:").trim(), 16).unwrap_or(0),
            locked: numbers("VmLck:").first().map_or(0, |kib| u64::from(*kib) * 1024),
            may_lock: limit(limits, "Max locked memory"),
            core: limit(limits, "Max core file size"),
        }
    }

    /// Whether the process has a capability in its own user namespace.
    pub(super) fn has(&self, capability: Capability) -> bool {
        self.capabilities & (1 << capability as u32) != 0
    }

    /// Whether files of whoever drops them can be opened at all, whatever their mode is.
    pub(super) fn reads_everything(&self) -> bool {
        self.has(Capability::DacOverride) || self.has(Capability::DacReadSearch)
    }

    /// Whether the process may do all of this with a folder. For this process the kernel is asked, for another one
    /// the mode is read, which an ACL may widen.
    pub(super) fn may(&self, path: &Path, access: Access) -> bool {
        if self.daemon.is_none() {
            return accessat(CWD, path, access, AtFlags::EACCESS).is_ok();
        }
        let Ok(stat) = fs::metadata(path) else {
            return false;
        };
        let shift = match () {
            () if stat.uid() == self.uid => 6,
            () if self.gids.contains(&stat.gid()) => 3,
            () => 0,
        };
        let granted = (stat.mode() >> shift) & 0o7;
        let wanted = u32::from(access.contains(Access::READ_OK)) * 4
            + u32::from(access.contains(Access::WRITE_OK)) * 2
            + u32::from(access.contains(Access::EXEC_OK));
        self.has(Capability::DacOverride) || granted & wanted == wanted
    }

    /// Whose eyes these are.
    pub(super) fn finding(&self, settings: &Settings) -> Finding {
        let name = names::user(self.uid);
        if let Some(pid) = self.daemon {
            return Finding::ok(
                HOST,
                "user",
                format!("the daemon runs: process {pid}, user {name}"),
            );
        }
        let found =
            format!("no daemon answers; seen as the user {name}, without what the unit's drop-ins add");
        let mut owners = settings
            .drops
            .iter()
            .filter_map(|drop| fs::metadata(&drop.input).ok());
        match owners.find(|stat| stat.uid() != self.uid) {
            Some(stat) => Finding::warning(HOST, "user", found).advise(format!(
                "an input belongs to {owner}: to see with the daemon's rights, start the daemon first, or run \
                 `runuser -u {owner} -- sealdrop doctor ...`",
                owner = names::user(stat.uid())
            )),
            None => Finding::ok(HOST, "user", found),
        }
    }
}

/// A soft limit of `/proc/PID/limits`.
fn limit(limits: &str, name: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATUS: &str = "Name:\tsealdrop\nUid:\t998\t998\t998\t998\nGid:\t997\t997\t997\t997\nGroups:\t996 997 \n\
                          VmLck:\t      64 kB\nCapEff:\t0000000010000000\n";
    const LIMITS: &str = "Limit  Soft Limit  Hard Limit  Units\n\
                          Max core file size        0                    0                    bytes\n\
                          Max locked memory         unlimited            unlimited            bytes\n";

    #[test]
    fn a_process_is_read_as_proc_shows_it() {
        let viewer = Viewer::parse(STATUS, LIMITS);
        assert_eq!((viewer.uid, viewer.locked), (998, 65536));
        assert!(viewer.gids.contains(&996) && viewer.gids.contains(&997));
        assert!(viewer.has(Capability::Lease) && !viewer.reads_everything());
        assert_eq!((viewer.core, viewer.may_lock), (Some(0), None));
    }
}
