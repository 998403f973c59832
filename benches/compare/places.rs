//! The file systems: ext4 with its journal and XFS in loop-mounted images on the disk, and tmpfs.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::files::fresh;
use super::mounts::{FileSystem, Mounted};
use super::process::says;

/// A folder on a file system of a name.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) name: String,
    pub(crate) root: PathBuf,
    _mounted: Option<Mounted>,
}

impl Place {
    /// An ext4 of its own, as hosts have it: with a journal, which the disk of the run may be without. Else the
    /// folder of the run, on whatever file system it is.
    pub(crate) fn ext4_or(root: &Path) -> Self {
        Self::mounted(FileSystem::Ext4, 6 << 10).unwrap_or_else(|_| Self::disk(root))
    }

    /// The folder of the run, on whatever file system it is.
    pub(crate) fn disk(root: &Path) -> Self {
        let name = says(
            Command::new("findmnt")
                .args(["-n", "-o", "FSTYPE", "-T"])
                .arg(root),
        );
        Self {
            name: if name.is_empty() { "disk".to_owned() } else { name },
            root: root.to_owned(),
            _mounted: None,
        }
    }

    pub(crate) fn xfs() -> Result<Self, String> {
        Self::mounted(FileSystem::Xfs, 6 << 10)
    }

    /// A tmpfs of its own, or the one that is mounted for everybody.
    pub(crate) fn tmpfs(mebibytes: u64) -> Result<Self, String> {
        Self::mounted(FileSystem::Tmpfs, mebibytes).or_else(|why| {
            let shared = Path::new("/dev/shm");
            if !shared.is_dir() {
                return Err(why);
            }
            Ok(Self {
                name: FileSystem::Tmpfs.name().to_owned(),
                root: fresh(shared.join(format!("sealdrop-bench-{}", std::process::id()))),
                _mounted: None,
            })
        })
    }

    fn mounted(file_system: FileSystem, mebibytes: u64) -> Result<Self, String> {
        let mounted = file_system.mount(mebibytes)?;
        Ok(Self {
            name: file_system.name().to_owned(),
            root: mounted.path().to_owned(),
            _mounted: Some(mounted),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for name in ["staging", "in", "out", "peer-out", "decrypted"] {
            let _ = std::fs::remove_dir_all(self.root.join(name));
        }
        if self.root.starts_with("/dev/shm") {
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }
}
