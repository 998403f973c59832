//! Room for messages, and for the claims' folders.

use std::path::Path;

use super::finding::{Finding, Trouble};
use crate::config::DropSettings;

pub(super) fn findings(drop: &DropSettings) -> Vec<Finding> {
    let room = |path: &Path| rustix::fs::statvfs(path).ok();
    let mut findings = Vec::new();
    if let Some(found) = room(&drop.output) {
        findings.push(judge(drop, "output_space", &Room::of(&found)));
    }
    if let Some(found) = room(&drop.input) {
        let finding = judge(drop, "input_space", &Room::of(&found));
        // Claims need a folder each, no more: only what is wrong is worth a line.
        findings.extend(Some(finding).filter(|finding| finding.grade != super::Grade::Ok));
    }
    findings
}

/// What an unprivileged user may still take.
struct Room {
    bytes: u64,
    all_bytes: u64,
    inodes: u64,
    all_inodes: u64,
    read_only: bool,
}

impl Room {
    fn of(found: &rustix::fs::StatVfs) -> Self {
        Self {
            bytes: found.f_bavail.saturating_mul(found.f_frsize),
            all_bytes: found.f_blocks.saturating_mul(found.f_frsize),
            inodes: found.f_favail,
            all_inodes: found.f_files, // 0 where they are made as needed, as on btrfs
            read_only: found.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
        }
    }
}

fn judge(drop: &DropSettings, probe: &'static str, room: &Room) -> Finding {
    let about = format!("drop {}", drop.name);
    let inodes = if room.all_inodes == 0 {
        String::new()
    } else {
        format!(", {} inodes", room.inodes)
    };
    let found = format!("{} free{inodes}", bytesize::ByteSize(room.bytes).display().iec());
    if room.read_only {
        return Finding::problem(
            about,
            probe,
            Trouble::Output,
            "its file system is mounted read-only",
        )
        .advise("look for the reason in the kernel's log, and mount it for writing");
    }
    let no_inode = room.all_inodes > 0 && room.inodes == 0;
    if room.bytes == 0 || no_inode {
        return Finding::problem(about, probe, Trouble::Output, found)
            .advise("make room: files stay in place, whole, until there is some");
    }
    let low = room.bytes < room.all_bytes / 20 || (room.all_inodes > 0 && room.inodes < room.all_inodes / 20);
    if low {
        return Finding::warning(about, probe, found)
            .advise("less than a twentieth is left; a message is about as large as its file, and takes two inodes with its record");
    }
    Finding::ok(about, probe, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Grade;

    fn grade(bytes: u64, inodes: u64, all_inodes: u64) -> Grade {
        let text = "[keyring.k]\ntype = \"aws-kms\"\nkey = \"alias/x\"\n[[drop]]\nname = \"d\"\ninput = \"/a\"\noutput = \"/b\"\nkeyring = \"k\"\n";
        let loaded = crate::config::parse(Path::new("c.toml"), text).unwrap();
        let room = Room {
            bytes,
            all_bytes: 1000,
            inodes,
            all_inodes,
            read_only: false,
        };
        judge(&loaded.settings.drops[0], "output_space", &room).grade
    }

    #[test]
    fn full_stops_and_nearly_full_warns() {
        assert_eq!(grade(500, 500, 1000), Grade::Ok);
        assert_eq!(grade(500, 0, 0), Grade::Ok, "btrfs counts no inodes");
        assert_eq!(grade(40, 500, 1000), Grade::Warning);
        assert_eq!(grade(500, 40, 1000), Grade::Warning);
        assert_eq!(grade(0, 500, 1000), Grade::Problem);
        assert_eq!(grade(500, 0, 1000), Grade::Problem);
    }
}
