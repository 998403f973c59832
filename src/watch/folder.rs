//! The drop folder itself: held by descriptor, and watched for being removed, replaced or unmounted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, StatxFlags, statx};
use thiserror::Error;

use crate::fs::{Dir, PathContext, PathError};

/// A drop folder that is no longer where it was.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Lost {
    /// Nothing is at its path.
    #[error("the drop folder {0:?} is gone")]
    Removed(PathBuf),
    /// Another directory is at its path.
    #[error("the drop folder {0:?} has been replaced by another directory")]
    Replaced(PathBuf),
    /// Something was mounted over it, or unmounted from under it.
    #[error("the drop folder {0:?} is on another mount than before")]
    Remounted(PathBuf),
    /// Its path cannot be looked at.
    #[error("the drop folder cannot be looked at")]
    Unreachable(#[source] PathError),
}

/// A drop folder.
#[derive(Clone, Debug)]
pub struct Folder {
    dir: Arc<Dir>,
    path: PathBuf,
    place: Place,
}

/// What tells one directory on one mount from every other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// `stx_dev_major`, `stx_dev_minor`
    pub device: (u32, u32),
    /// `stx_ino`
    pub inode: u64,
    /// `stx_mnt_id`: tells a bind mount or a remount from what was there before
    pub mount: u64,
}

impl Folder {
    /// Opens the folder; its path is made canonical, as links on it may change later.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PathError> {
        let path = path.as_ref();
        let path = std::fs::canonicalize(path).path_context("open", path)?;
        let dir = Dir::open(&path)?;
        let place = Place::of(&dir)?;
        Ok(Self {
            dir: Arc::new(dir),
            path,
            place,
        })
    }

    /// The folder's descriptor.
    pub fn dir(&self) -> &Arc<Dir> {
        &self.dir
    }

    /// The canonical path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the folder is.
    pub fn place(&self) -> Place {
        self.place
    }

    /// Whether the path still leads to the folder that is held. No event tells of a mount over it, and none comes
    /// any more after it was removed, so this is asked on every tick.
    pub fn check(&self) -> Result<(), Lost> {
        let now = match Place::at(&self.path) {
            Ok(place) => place,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Err(Lost::Removed(self.path.clone()));
            }
            Err(error) => return Err(Lost::Unreachable(error)),
        };
        if now.mount != self.place.mount {
            return Err(Lost::Remounted(self.path.clone()));
        }
        if now != self.place {
            return Err(Lost::Replaced(self.path.clone()));
        }
        Ok(())
    }
}

impl Place {
    const WANTED: StatxFlags = StatxFlags::INO.union(StatxFlags::MNT_ID);

    /// Of an open directory.
    pub fn of(dir: &Dir) -> Result<Self, PathError> {
        statx(dir, c"", AtFlags::EMPTY_PATH, Self::WANTED)
            .map(|found| Self::from(&found))
            .path_context("look at", dir.path())
    }

    fn at(path: &Path) -> Result<Self, PathError> {
        statx(rustix::fs::CWD, path, AtFlags::SYMLINK_NOFOLLOW, Self::WANTED)
            .map(|found| Self::from(&found))
            .path_context("look at", path)
    }
}

impl From<&rustix::fs::Statx> for Place {
    fn from(found: &rustix::fs::Statx) -> Self {
        Self {
            device: (found.stx_dev_major, found.stx_dev_minor),
            inode: found.stx_ino,
            mount: found.stx_mnt_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_removed_and_made_again_is_noticed() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("in");
        std::fs::create_dir(&path).unwrap();
        let folder = Folder::open(&path).unwrap();
        folder.check().unwrap();

        std::fs::remove_dir(&path).unwrap();
        assert!(matches!(folder.check(), Err(Lost::Removed(_))));

        // The old inode number cannot be reused while the folder is held.
        std::fs::create_dir(&path).unwrap();
        assert!(matches!(folder.check(), Err(Lost::Replaced(_))));
    }

    #[test]
    fn a_folder_that_is_swapped_for_a_link_to_it_is_noticed() {
        let parent = tempfile::tempdir().unwrap();
        let (path, moved) = (parent.path().join("in"), parent.path().join("moved"));
        std::fs::create_dir(&path).unwrap();
        let folder = Folder::open(&path).unwrap();
        std::fs::rename(&path, &moved).unwrap();
        std::os::unix::fs::symlink(&moved, &path).unwrap();
        assert!(matches!(folder.check(), Err(Lost::Replaced(_))));
    }
}
