//! What lies below a directory: the file system's way of writing, and the device's.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, StatxFlags, statx};

/// How a file system treats a write to bytes that are already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    /// Memory only (tmpfs, ramfs).
    Memory,
    /// In place (ext4 in its default mode, XFS without sharing).
    InPlace,
    /// Data goes through the journal first (ext4 with `data=journal`).
    JournalsData,
    /// Elsewhere, unless a file is marked otherwise (btrfs).
    CopyOnWrite,
    /// A stack of others (overlayfs): what is below stays.
    Stacked,
    /// Network, FUSE or simply unknown: nothing can be said.
    Unknown,
}

/// A file system and what carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Medium {
    /// The type as the kernel names it, such as `ext4`.
    pub name: String,
    /// How it writes.
    pub file_system: FileSystem,
    /// Whether a dm-crypt layer lies above every device below, so that the medium holds no plaintext.
    pub encrypted_below: bool,
    /// Whether every device below is a rotating disk; flash, virtual and unknown ones keep copies.
    pub rotating: bool,
    /// Whether changes to names reach the disk by way of one journal, in order (XFS, and ext4 unless it was made without).
    pub journaled: bool,
}

impl Medium {
    /// Whether a flush of anything makes durable whatever was done to any name before it: one journal, in order.
    pub fn flushes_in_order(&self) -> bool {
        self.journaled || self.file_system == FileSystem::Memory
    }

    /// Whether fsync(2) of a new file makes its name durable as well.
    pub fn flushes_names(&self) -> bool {
        self.flushes_in_order() || self.name == "btrfs"
    }

    /// Whether a dm-crypt layer lies above every device below a block device (`st_rdev`).
    pub fn device_is_encrypted(device: u64) -> bool {
        let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
        let below = devices(&format!("{major}:{minor}"));
        !below.is_empty() && below.iter().all(|device| device.encrypted)
    }

    /// Of the file system that a descriptor is on, by `/proc/self/mountinfo` and `/sys/dev/block`.
    pub fn of(fd: impl AsFd) -> Self {
        let found = statx(fd, c"", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok();
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let mount = found.and_then(|found| mount_by_id(&mounts, found.stx_mnt_id));
        let (name, options) = mount.map_or(("unknown", ""), |mount| (mount.kind, mount.options));
        let device = mount.map(|mount| mount.device).unwrap_or_default();
        let below = devices(device);
        Self {
            name: name.to_owned(),
            file_system: classify(name, options),
            encrypted_below: !below.is_empty() && below.iter().all(|device| device.encrypted),
            rotating: !below.is_empty() && below.iter().all(|device| device.rotating),
            journaled: match name {
                "xfs" => true,
                "ext3" | "ext4" => has_journal(device),
                _ => false,
            },
        }
    }
}

/// Whether an ext4 has a journal, by the thread that keeps it; where nothing is to be seen, none is relied on.
fn has_journal(device: &str) -> bool {
    let Ok(device) = fs::canonicalize(PathBuf::from("/sys/dev/block").join(device)) else {
        return false;
    };
    let name = device.file_name().unwrap_or_default();
    let task = fs::read_to_string(PathBuf::from("/sys/fs/ext4").join(name).join("journal_task"));
    task.is_ok_and(|task| task.trim().parse::<u32>().is_ok())
}

/// The devices at the bottom of one, given as major:minor.
fn devices(device: &str) -> Vec<Device> {
    let mut below = Vec::new();
    let device = PathBuf::from("/sys/dev/block").join(device);
    devices_below(&device, false, &mut below, 0);
    below
}

fn classify(name: &str, options: &str) -> FileSystem {
    let options: BTreeSet<&str> = options.split(',').collect();
    match name {
        "tmpfs" | "ramfs" => FileSystem::Memory,
        "ext2" | "ext3" | "ext4" if options.contains("data=journal") => FileSystem::JournalsData,
        "ext2" | "ext3" | "ext4" | "xfs" => FileSystem::InPlace,
        "btrfs" => FileSystem::CopyOnWrite,
        "overlay" => FileSystem::Stacked,
        _ => FileSystem::Unknown,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mount<'a> {
    device: &'a str,
    kind: &'a str,
    options: &'a str,
}

/// One line of mountinfo (`proc_pid_mountinfo(5)`): id, parent, major:minor, root, mount point, options, optional
/// fields, a hyphen, type, source, super options.
fn mount_by_id(mountinfo: &str, id: u64) -> Option<Mount<'_>> {
    let id = id.to_string();
    let line = mountinfo
        .lines()
        .find(|line| line.split(' ').next() == Some(&id))?;
    let device = line.split(' ').nth(2)?;
    let mut rest = line.split_once(" - ")?.1.split(' ');
    let kind = rest.next()?;
    let options = rest.nth(1).unwrap_or_default();
    Some(Mount {
        device,
        kind,
        options,
    })
}

#[derive(Clone, Copy, Debug)]
struct Device {
    encrypted: bool,
    rotating: bool,
}

/// Walks from a device to the ones it is made of (`slaves`), partitions to their disk; the last ones are found.
fn devices_below(device: &Path, encrypted: bool, found: &mut Vec<Device>, depth: u32) {
    const DEEPEST: u32 = 16;
    if depth > DEEPEST || !device.exists() {
        return;
    }
    let read = |name: &str| fs::read_to_string(device.join(name)).unwrap_or_default();
    let rotational = [read("queue/rotational"), read("../queue/rotational")].concat();
    let encrypted = encrypted || encrypts(&read("dm/uuid"));
    let slaves = fs::read_dir(device.join("slaves"));
    let slaves: Vec<_> = slaves
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    let rotating = rotational.trim() == "1" && !device.join("loop").exists();
    if slaves.is_empty() {
        found.push(Device { encrypted, rotating });
    }
    for slave in slaves {
        devices_below(&slave, encrypted, found, depth + 1);
    }
}

/// cryptsetup's device-mapper UUIDs: those of dm-verity and dm-integrity start the same and hide nothing.
fn encrypts(uuid: &str) -> bool {
    let kind = uuid.strip_prefix("CRYPT-").unwrap_or_default();
    !kind.is_empty() && !kind.starts_with("VERITY") && !kind.starts_with("INTEGRITY")
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "29 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw,data=journal\n\
                          34 29 0:30 / /tmp rw - tmpfs tmpfs rw,size=1k\n";

    #[test]
    fn a_mount_is_found_by_its_id_with_its_super_options() {
        let root = mount_by_id(MOUNTS, 29).unwrap();
        assert_eq!((root.device, root.kind), ("254:0", "ext4"));
        assert_eq!(classify(root.kind, root.options), FileSystem::JournalsData);
        let tmp = mount_by_id(MOUNTS, 34).unwrap();
        assert_eq!(classify(tmp.kind, tmp.options), FileSystem::Memory);
        assert_eq!(mount_by_id(MOUNTS, 3), None);
    }

    #[test]
    fn only_what_encrypts_counts_as_encrypted() {
        assert!(encrypts("CRYPT-LUKS2-0123-name"));
        assert!(encrypts("CRYPT-PLAIN-name"));
        for uuid in ["", "LVM-0123", "CRYPT-VERITY-0123-name", "CRYPT-INTEGRITY-name"] {
            assert!(!encrypts(uuid), "{uuid}");
        }
    }

    #[test]
    fn what_is_not_known_to_write_in_place_is_not_said_to() {
        assert_eq!(classify("ext4", "rw,data=ordered"), FileSystem::InPlace);
        for name in ["nfs4", "fuse.sshfs", "zfs", "bcachefs", "f2fs", "unknown"] {
            assert_eq!(classify(name, "rw"), FileSystem::Unknown, "{name}");
        }
    }
}
