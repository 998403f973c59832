//! Swap: where keys and plaintexts could reach a disk behind everybody's back.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::Path;

use super::finding::{Finding, HOST};
use super::viewer::Viewer;
use crate::fs::{Dir, Medium};

pub(super) fn finding(viewer: &Viewer) -> Finding {
    let Ok(swaps) = fs::read_to_string("/proc/swaps") else {
        return Finding::warning(HOST, "swap", "/proc/swaps cannot be read")
            .advise("run doctor outside of the sandbox");
    };
    let areas = areas(&swaps);
    if areas.is_empty() {
        return Finding::ok(HOST, "swap", "none");
    }
    let bare: Vec<&str> = areas
        .iter()
        .filter(|path| !is_safe(path))
        .map(String::as_str)
        .collect();
    let found = |what: &str| {
        format!(
            "{}: {what}",
            if bare.is_empty() {
                areas.join(", ")
            } else {
                bare.join(", ")
            }
        )
    };
    if bare.is_empty() {
        return Finding::ok(HOST, "swap", found("encrypted, or in memory"));
    }
    if viewer.daemon.is_some() && viewer.locked > 0 && viewer.may_lock.is_none() {
        return Finding::ok(
            HOST,
            "swap",
            found("not encrypted; the daemon's pages are locked into memory"),
        );
    }
    if viewer.daemon.is_some_and(never_swapped) {
        return Finding::ok(
            HOST,
            "swap",
            found("not encrypted; the unit is never swapped (MemorySwapMax=0)"),
        );
    }
    Finding::warning(HOST, "swap", found("not encrypted: keys, and drops on a tmpfs, can reach the disk"))
        .advise("set MemorySwapMax=0 or LimitMEMLOCK=infinity for the daemon; for drops on a tmpfs turn swap off, encrypt it, or mount them with `noswap`")
}

/// The paths in `/proc/swaps`; blanks in them are written as octal escapes.
fn areas(swaps: &str) -> Vec<String> {
    let lines = swaps.lines().skip(1);
    let paths = lines.filter_map(|line| line.split_whitespace().next());
    paths.map(|path| path.replace("\\040", " ")).collect()
}

/// Whether what is swapped there stays in memory (zram) or is encrypted.
fn is_safe(path: &str) -> bool {
    let path = Path::new(path);
    if path
        .file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"zram"))
    {
        return true;
    }
    let Ok(stat) = fs::metadata(path) else {
        return false;
    };
    if stat.file_type().is_block_device() {
        return Medium::device_is_encrypted(stat.rdev());
    }
    let folder = path.parent().map(Dir::open);
    matches!(folder, Some(Ok(dir)) if Medium::of(&dir).encrypted_below)
}

/// Whether the daemon's control group, or one above it, allows no swap.
fn never_swapped(pid: u32) -> bool {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    let Some(group) = groups.lines().find_map(|line| line.strip_prefix("0::/")) else {
        return false;
    };
    Path::new(group).ancestors().any(|group| {
        let limit = Path::new("/sys/fs/cgroup").join(group).join("memory.swap.max");
        fs::read_to_string(limit).is_ok_and(|limit| limit.trim() == "0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_area_is_named() {
        let swaps =
            "Filename\tType\tSize\tUsed\tPriority\n/dev/sda2 partition 1 0 -2\n/my\\040swap file 1 0 -3\n";
        assert_eq!(areas(swaps), ["/dev/sda2", "/my swap"]);
        assert_eq!(areas("Filename\tType\n"), Vec::<String>::new());
        assert!(is_safe("/dev/zram0") && !is_safe("/no/such/device"));
    }
}
