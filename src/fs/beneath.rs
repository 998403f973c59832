//! Opening below a directory: no link is followed, no mount is crossed, nothing above is reached (openat2(2)).

use std::fs::File;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags, RawDir, ResolveFlags, SeekFrom};
use rustix::io::Errno;

use super::dir::{Dir, EntryKind};
use super::error::{PathContext, PathError};
use super::walk;

const BENEATH: ResolveFlags = ResolveFlags::BENEATH
    .union(ResolveFlags::NO_SYMLINKS)
    .union(ResolveFlags::NO_MAGICLINKS)
    .union(ResolveFlags::NO_XDEV);

/// This process has no openat2, so it is not asked again.
static WALKS: AtomicBool = AtomicBool::new(false);

/// Where a listing stands, to go on from with another descriptor of the same directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListingPosition(u64);

impl Dir {
    /// Opens a directory below this one by a relative path; the empty path is the directory itself.
    pub fn open_dir_beneath(&self, relative: &Path) -> Result<Self, PathError> {
        if relative.as_os_str().is_empty() {
            return self.reopen();
        }
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let path = self.path().join(relative);
        let fd = self.open_beneath(relative, flags).path_context("open", &path)?;
        Ok(Self::from_fd(fd, path))
    }

    /// Opens a file of this mount for reading by a name or relative path, without waiting for anybody.
    pub fn open_file_beneath(&self, relative: &Path) -> Result<File, PathError> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        self.open_beneath(relative, flags)
            .map(File::from)
            .path_context("open", self.path().join(relative))
    }

    fn open_beneath(&self, relative: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        if !WALKS.load(Ordering::Relaxed) {
            match rustix::fs::openat2(self, relative, flags, Mode::empty(), BENEATH) {
                Err(Errno::NOSYS) => WALKS.store(true, Ordering::Relaxed),
                opened => return opened,
            }
        }
        walk::open_beneath(self.as_fd(), relative, flags)
    }

    /// Calls `each` with the entries from a position on until it says stop (`false`); the answer is where to go on,
    /// or `None` at the end. An entry made or removed meanwhile may or may not be seen.
    pub fn for_each_entry_from(
        &self,
        position: ListingPosition,
        mut each: impl FnMut(&std::ffi::OsStr, EntryKind) -> bool,
    ) -> Result<Option<ListingPosition>, PathError> {
        let dir = self.reopen()?;
        if position != ListingPosition::default() {
            rustix::fs::seek(&dir, SeekFrom::Start(position.0)).path_context("list", self.path())?;
        }
        let mut buffer = Vec::with_capacity(32 * 1024);
        let mut entries = RawDir::new(&dir, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Err(Errno::NOENT) => return Ok(None), // removed under us
                other => other.path_context("list", self.path())?,
            };
            let name =
                <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            if !each(name, EntryKind::of(entry.file_type())) {
                return Ok(Some(ListingPosition(entry.next_entry_cookie())));
            }
        }
        Ok(None)
    }
}
