//! What openat2(2) does, step by step, where it is not to be had.
//!
//! systemd's `RestrictSUIDSGID=` hides openat2 from the process, as a filter cannot look into its arguments; so do older
//! container managers. Each part of the path is opened below the one before without following a link, and what is
//! opened in the end must lie on the mount that the way began on: no way down leads back to a mount once left.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Component, Path};

use rustix::fs::{AtFlags, Mode, OFlags, StatxFlags};
use rustix::io::{Errno, Result};

const STEP: OFlags = OFlags::PATH
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// Opens a relative path below a directory with the flags, of which `O_NOFOLLOW` must be one.
pub(super) fn open_beneath(dir: BorrowedFd<'_>, relative: &Path, flags: OFlags) -> Result<OwnedFd> {
    let mut parts = relative.components().peekable();
    let mut reached: Option<OwnedFd> = None;
    while let Some(part) = parts.next() {
        let Component::Normal(name) = part else {
            return Err(Errno::XDEV); // what openat2 says of a way up
        };
        let flags = if parts.peek().is_some() { STEP } else { flags };
        let from = reached.as_ref().map_or(dir, AsFd::as_fd);
        let next = rustix::fs::openat(from, name, flags, Mode::empty()).map_err(|error| {
            // Directories are asked for with an error of their own.
            let is_link = error == Errno::NOTDIR && is_link(from, Path::new(name));
            if is_link { Errno::LOOP } else { error }
        })?;
        reached = Some(next);
    }
    let reached = reached.ok_or(Errno::NOENT)?;
    if mount(dir)? == mount(reached.as_fd())? {
        Ok(reached)
    } else {
        Err(Errno::XDEV)
    }
}

fn is_link(dir: BorrowedFd<'_>, name: &Path) -> bool {
    rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode).is_symlink())
}

/// Which mount it is on (Linux 5.8), and which device.
fn mount(fd: BorrowedFd<'_>) -> Result<(u64, u32, u32)> {
    let wanted = StatxFlags::BASIC_STATS | StatxFlags::MNT_ID;
    let stat = rustix::fs::statx(fd, "", AtFlags::EMPTY_PATH, wanted)?;
    Ok((stat.stx_mnt_id, stat.stx_dev_major, stat.stx_dev_minor))
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;
    use std::os::unix::fs::symlink;

    use super::*;

    const FILE: OFlags = OFlags::RDONLY.union(OFlags::NOFOLLOW);

    fn open(root: &Path, relative: &str, flags: OFlags) -> Result<OwnedFd> {
        open_beneath(File::open(root).unwrap().as_fd(), Path::new(relative), flags)
    }

    #[test]
    fn files_and_directories_below_are_opened() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("a/b")).unwrap();
        std::fs::write(root.path().join("a/b/file"), "content").unwrap();
        let mut text = String::new();
        let file = open(root.path(), "a/b/file", FILE).unwrap();
        File::from(file).read_to_string(&mut text).unwrap();
        assert_eq!(text, "content");
        open(root.path(), "a/b", FILE | OFlags::DIRECTORY).unwrap();
        assert_eq!(open(root.path(), "a/none", FILE).unwrap_err(), Errno::NOENT);
    }

    #[test]
    fn links_ways_up_and_other_mounts_are_refused() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("a")).unwrap();
        std::fs::write(root.path().join("a/file"), "content").unwrap();
        symlink("a", root.path().join("link")).unwrap();
        symlink("file", root.path().join("a/link")).unwrap();
        for way in ["link/file", "a/link"] {
            assert_eq!(open(root.path(), way, FILE).unwrap_err(), Errno::LOOP, "{way}");
        }
        let link = open(root.path(), "link", FILE | OFlags::DIRECTORY);
        assert_eq!(link.unwrap_err(), Errno::LOOP);
        for way in ["../x", "a/../a/file", "/etc/passwd"] {
            assert_eq!(open(root.path(), way, FILE).unwrap_err(), Errno::XDEV, "{way}");
        }
        assert_eq!(
            open(Path::new("/"), "proc/version", FILE).unwrap_err(),
            Errno::XDEV
        );
    }
}
