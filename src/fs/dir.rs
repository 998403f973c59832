//! A directory held by descriptor.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, RenameFlags, Stat};
use rustix::io::Errno;

use super::error::{PathContext, PathError};

/// What a rename does when the new name exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replace {
    /// Fails with `AlreadyExists` (`RENAME_NOREPLACE`, renameat2(2)).
    Never,
    /// Replaces it.
    Existing,
}

/// The type a directory entry claims; `Unknown` where the file system does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// FIFO, socket or device.
    Special,
    /// The file system does not say: stat it.
    Unknown,
}

/// An open directory, and the path it was opened by, for messages only.
#[derive(Debug)]
pub struct Dir {
    fd: OwnedFd,
    path: PathBuf,
}

const OPEN_DIR: OFlags = OFlags::DIRECTORY.union(OFlags::CLOEXEC).union(OFlags::RDONLY);

impl Dir {
    /// Opens a directory by path; symbolic links on the way are followed, as an operator's path may have them.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PathError> {
        let path = path.as_ref();
        let fd = rustix::fs::open(path, OPEN_DIR, Mode::empty()).path_context("open", path)?;
        Ok(Self {
            fd,
            path: path.to_owned(),
        })
    }

    /// An already open directory, and the path to name it by.
    pub(super) fn from_fd(fd: OwnedFd, path: PathBuf) -> Self {
        Self { fd, path }
    }

    /// Opens a child directory; a symbolic link is refused.
    pub fn open_dir(&self, name: &OsStr) -> Result<Self, PathError> {
        let path = self.path.join(name);
        let fd = rustix::fs::openat(&self.fd, name, OPEN_DIR | OFlags::NOFOLLOW, Mode::empty())
            .path_context("open", &path)?;
        Ok(Self { fd, path })
    }

    /// Makes a child directory; an existing one is an error.
    pub fn make_dir(&self, name: &OsStr, mode: u32) -> Result<(), PathError> {
        rustix::fs::mkdirat(&self.fd, name, Mode::from_raw_mode(mode))
            .path_context("make the directory", self.path.join(name))
    }

    /// Opens a child directory and makes it first if it is not there.
    pub fn open_or_make_dir(&self, name: &OsStr, mode: u32) -> Result<Self, PathError> {
        match self.make_dir(name, mode) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            Ok(()) | Err(_) => self.open_dir(name),
        }
    }

    /// The same directory again, with an offset of its own.
    pub fn reopen(&self) -> Result<Self, PathError> {
        let fd =
            rustix::fs::openat(&self.fd, c".", OPEN_DIR, Mode::empty()).path_context("open", &self.path)?;
        Ok(Self {
            fd,
            path: self.path.clone(),
        })
    }

    /// The same directory, which has another path by now.
    #[must_use]
    pub fn renamed(self, path: PathBuf) -> Self {
        Self { path, ..self }
    }

    /// Opens a file for reading without following a link, waiting for a FIFO's other end or for a lease's holder.
    pub fn open_file(&self, name: &OsStr) -> Result<File, PathError> {
        self.open_with(name, OFlags::RDONLY)
    }

    /// Opens a file for writing in place, with the same care.
    pub fn open_file_for_writing(&self, name: &OsStr) -> Result<File, PathError> {
        self.open_with(name, OFlags::WRONLY)
    }

    fn open_with(&self, name: &OsStr, access: OFlags) -> Result<File, PathError> {
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::openat(&self.fd, name, flags, Mode::empty())
            .map(File::from)
            .path_context("open", self.path.join(name))
    }

    /// Makes a new file, open for reading and writing; an existing name is an error.
    pub fn create_file(&self, name: &OsStr, mode: u32) -> Result<File, PathError> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(&self.fd, name, flags, Mode::from_raw_mode(mode))
            .map(File::from)
            .path_context("create", self.path.join(name))
    }

    /// Makes a file without a name, open for reading and writing; where the file system has none, one whose name is
    /// removed at once.
    pub fn create_unnamed_file(&self) -> Result<File, PathError> {
        let mode = Mode::from_raw_mode(0o600);
        let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
        match rustix::fs::openat(&self.fd, c".", flags, mode) {
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => {}
            result => return result.map(File::from).path_context("make a file in", &self.path),
        }
        let name = format!(".sealdrop-trial-{}", std::process::id());
        let file = self.create_file(name.as_ref(), 0o600)?;
        self.unlink(name.as_ref())?;
        Ok(file)
    }

    /// Renames a child to a name in another directory of the same mount.
    pub fn rename(&self, from: &OsStr, to_dir: &Self, to: &OsStr, replace: Replace) -> Result<(), PathError> {
        let flags = match replace {
            Replace::Never => RenameFlags::NOREPLACE,
            Replace::Existing => RenameFlags::empty(),
        };
        rustix::fs::renameat_with(&self.fd, from, &to_dir.fd, to, flags)
            .path_context("rename", self.path.join(from))
    }

    /// Removes a file's name.
    pub fn unlink(&self, name: &OsStr) -> Result<(), PathError> {
        rustix::fs::unlinkat(&self.fd, name, AtFlags::empty()).path_context("remove", self.path.join(name))
    }

    /// Removes an empty child directory.
    pub fn remove_dir(&self, name: &OsStr) -> Result<(), PathError> {
        rustix::fs::unlinkat(&self.fd, name, AtFlags::REMOVEDIR)
            .path_context("remove the directory", self.path.join(name))
    }

    /// The child's stat, of a link itself if it is one.
    pub fn stat(&self, name: &OsStr) -> Result<Stat, PathError> {
        rustix::fs::statat(&self.fd, name, AtFlags::SYMLINK_NOFOLLOW)
            .path_context("look at", self.path.join(name))
    }

    /// Like [`Dir::stat`], with `None` for a name that is not there.
    pub fn stat_if_exists(&self, name: &OsStr) -> Result<Option<Stat>, PathError> {
        match self.stat(name) {
            Ok(stat) => Ok(Some(stat)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the child is, a link itself if it is one.
    pub fn kind(&self, name: &OsStr) -> Result<EntryKind, PathError> {
        Ok(EntryKind::of(FileType::from_raw_mode(self.stat(name)?.st_mode)))
    }

    /// The directory's own stat.
    pub fn stat_self(&self) -> Result<Stat, PathError> {
        rustix::fs::fstat(&self.fd).path_context("look at", &self.path)
    }

    /// The directory's own permission bits.
    pub fn mode(&self) -> Result<u32, PathError> {
        Ok(Mode::from_raw_mode(self.stat_self()?.st_mode).bits())
    }

    /// Sets them, and looks whether they are so: some file systems ignore it without an error.
    pub fn set_mode(&self, mode: u32) -> Result<(), PathError> {
        rustix::fs::fchmod(&self.fd, Mode::from_raw_mode(mode))
            .path_context("set the mode of", &self.path)?;
        if self.mode()? == mode {
            return Ok(());
        }
        Err(io::Error::from(io::ErrorKind::Unsupported)).path_context("set the mode of", &self.path)
    }

    /// Makes the directory's names durable (fsync(2)).
    pub fn sync(&self) -> Result<(), PathError> {
        rustix::fs::fsync(&self.fd).path_context("flush the directory", &self.path)
    }

    /// Calls `each` with every entry until it says stop (`false`); nothing is collected, so a
    /// directory may be of any size. Order is the file system's.
    pub fn for_each_entry(&self, mut each: impl FnMut(&OsStr, EntryKind) -> bool) -> Result<(), PathError> {
        let dir = self.reopen()?;
        let mut buffer = Vec::with_capacity(32 * 1024);
        let mut entries = RawDir::new(&dir.fd, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry.path_context("list", &self.path)?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." {
                continue;
            }
            if !each(name, EntryKind::of(entry.file_type())) {
                break;
            }
        }
        Ok(())
    }

    /// Every entry's name, for directories that are small by construction.
    pub fn entry_names(&self) -> Result<Vec<OsString>, PathError> {
        let mut names = Vec::new();
        self.for_each_entry(|name, _| {
            names.push(OsString::from_vec(name.as_bytes().to_vec()));
            true
        })?;
        Ok(names)
    }

    /// The path it was opened by, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl EntryKind {
    pub(super) fn of(file_type: FileType) -> Self {
        match file_type {
            FileType::RegularFile => Self::File,
            FileType::Directory => Self::Directory,
            FileType::Symlink => Self::Symlink,
            FileType::Unknown => Self::Unknown,
            _ => Self::Special,
        }
    }
}

/// Whether the failure is `errno`.
impl PathError {
    /// Whether the kernel said just this.
    pub fn is(&self, errno: Errno) -> bool {
        self.source.raw_os_error() == Some(errno.raw_os_error())
    }
}
