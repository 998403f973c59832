//! Read leases, and other users' files: how the daemon knows that nobody writes any more.

use std::fs;

use super::finding::{Finding, Trouble};
use super::folders::others_write;
use super::viewer::{Capability, Viewer};
use crate::config::{DropSettings, Lease};
use crate::fs::{Dir, LeaseSupport, probe_leases};

/// None where there is no folder to try it in.
pub(super) fn finding(drop: &DropSettings, viewer: &Viewer) -> Option<Finding> {
    let about = format!("drop {}", drop.name);
    let dir = Dir::open(&drop.input).ok()?;
    let quiet = drop.quiet.max(std::time::Duration::from_secs(2));
    let period = format!(
        "a file is taken when it has not changed for {}",
        humantime::format_duration(quiet)
    );
    if drop.lease == Lease::Off {
        return Some(Finding::ok(
            about,
            "lease",
            format!("off by configuration: {period}"),
        ));
    }
    let missing = match probe_leases(&dir) {
        Ok(LeaseSupport::Works) => return Some(of_others(about, drop, viewer, &period)),
        Ok(LeaseSupport::Missing(why)) => why,
        Err(error) => {
            let found = format!("could not be tried: {error}: {}", error.source);
            return Some(Finding::warning(about, "lease", found).advise("run doctor as the daemon's user"));
        }
    };
    Some(if drop.lease == Lease::Require {
        Finding::problem(
            about,
            "lease",
            Trouble::Configuration,
            format!("no leases here ({missing}), and they are required: every file is held"),
        )
        .advise("use a local file system, or lease = \"auto\"")
    } else {
        Finding::warning(about, "lease", format!("no leases here ({missing}): {period}"))
            .advise("let producers rename files in, and set `quiet` longer than their longest pause")
    })
}

/// Leases work on the daemon's own files; others' need a capability.
fn of_others(about: String, drop: &DropSettings, viewer: &Viewer, period: &str) -> Finding {
    let has_others = fs::metadata(&drop.input).is_ok_and(|stat| others_write(&stat));
    if viewer.has(Capability::Lease) || !has_others {
        let found = if viewer.has(Capability::Lease) {
            "leases work, on every user's files"
        } else {
            "leases work, on the daemon's own files; nobody else can drop any"
        };
        return Finding::ok(about, "lease", found);
    }
    let remedy = "give the unit CAP_LEASE: the drop-in producers-in-the-group.conf, or other-users-files.conf for files of mode 0600";
    if drop.lease == Lease::Require {
        return Finding::problem(
            about,
            "lease",
            Trouble::Permission,
            "required, and not to be had on other users' files without CAP_LEASE: those are held",
        )
        .advise(remedy);
    }
    let mut found =
        format!("work on the daemon's own files only (no CAP_LEASE); of other users' files {period}");
    if !viewer.reads_everything() {
        found.push_str(", if their mode lets the daemon read them");
    }
    Finding::warning(about, "lease", found).advise(remedy)
}
