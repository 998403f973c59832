//! Read leases: the kernel's word that nobody has a file open for writing (fcntl(2), "Leases").

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicU32, Ordering};

use thiserror::Error;

use super::sys;
use super::{Dir, PathContext, PathError};

/// Why a lease was not given.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LeaseRefused {
    /// A process has the file open for writing, or mapped for shared writing.
    #[error("the file is open for writing")]
    OpenForWriting,
    /// Another user's file, and no `CAP_LEASE`.
    #[error("a lease on another user's file needs CAP_LEASE")]
    NotPermitted,
    /// The file system has no leases, or anything else the kernel said.
    #[error("the kernel gives no lease here")]
    Unsupported(#[source] io::Error),
}

/// A read lease on one open file, given back on drop.
///
/// While it is held, an `open` for writing waits (or fails, without `O_NONBLOCK`'s patience) until the lease is
/// released or `/proc/sys/fs/lease-break-time` has passed; renames, links and unlinks do not break it.
#[derive(Debug)]
pub struct Lease {
    file: File,
}

impl Lease {
    /// Takes a lease on a file that is open for reading only.
    pub fn take(file: &File) -> Result<Self, LeaseRefused> {
        let file = file.try_clone().map_err(LeaseRefused::Unsupported)?;
        // A break is asked for with `broken`, not awaited: SIGURG is ignored by default, SIGIO would end the process.
        sys::set_signal(file.as_fd(), libc::SIGURG).map_err(LeaseRefused::Unsupported)?;
        match sys::set_lease(file.as_fd(), libc::F_RDLCK) {
            Ok(()) => Ok(Self { file }),
            Err(error) => Err(refusal(error)),
        }
    }

    /// Whether somebody has asked to write since; true for good, and when the kernel does not say.
    pub fn broken(&self) -> bool {
        !matches!(sys::get_lease(self.as_fd()), Ok(libc::F_RDLCK))
    }

    /// Gives the lease back, so that whoever waits to write need not wait longer.
    pub fn release(self) {
        drop(self);
    }
}

impl AsFd for Lease {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // The caller's descriptor shares the open file, so closing ours alone would not end the lease. Nothing can
        // be done about a failure, and the close of the other descriptor ends it then.
        let _ = sys::set_lease(self.as_fd(), libc::F_UNLCK);
    }
}

fn refusal(error: io::Error) -> LeaseRefused {
    match error.raw_os_error() {
        Some(libc::EAGAIN) => LeaseRefused::OpenForWriting,
        Some(libc::EACCES | libc::EPERM) => LeaseRefused::NotPermitted,
        _ => LeaseRefused::Unsupported(error),
    }
}

/// Whether leases can be relied on in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseSupport {
    /// A lease was given, refused to a writable file, and broken by a writer, each as it should be.
    Works,
    /// Why it cannot be relied on.
    Missing(String),
}

/// Tries leases on a temporary file in the folder: kernels and file systems differ, and a lease that is given but
/// never broken would be worse than none.
pub fn probe_leases(dir: &Dir) -> Result<LeaseSupport, PathError> {
    static SERIAL: AtomicU32 = AtomicU32::new(0);
    let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
    let name = format!(".sealdrop-lease-probe-{}-{serial}", std::process::id());
    let name = name.as_ref();
    match dir.unlink(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let writer = dir.create_file(name, 0o600)?;
    let support = try_leases(dir, name, writer);
    dir.unlink(name)?;
    support
}

fn try_leases(dir: &Dir, name: &std::ffi::OsStr, writer: File) -> Result<LeaseSupport, PathError> {
    let file = dir.open_file(name)?;
    match Lease::take(&file) {
        Err(LeaseRefused::OpenForWriting) => {}
        Err(error) => return Ok(missing(&error)),
        Ok(_) => return Ok(LeaseSupport::Missing("given on a file open for writing".into())),
    }
    drop(writer);
    let lease = match Lease::take(&file) {
        Ok(lease) => lease,
        Err(error) => return Ok(missing(&error)),
    };
    match dir.open_file_for_writing(name) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock && lease.broken() => Ok(LeaseSupport::Works),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Ok(LeaseSupport::Missing("a break is not shown".into()))
        }
        Ok(_) => Ok(LeaseSupport::Missing("not broken by a writer".into())),
        Err(error) => Err(error.source).path_context("open", dir.path().join(name)),
    }
}

fn missing(error: &LeaseRefused) -> LeaseSupport {
    LeaseSupport::Missing(match error {
        LeaseRefused::Unsupported(source) => format!("{error}: {source}"),
        _ => error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::unix::fs::OpenOptionsExt;

    use super::*;

    #[test]
    fn the_probe_finds_leases_and_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let dir = Dir::open(folder.path()).unwrap();
        assert_eq!(probe_leases(&dir).unwrap(), LeaseSupport::Works);
        assert_eq!(dir.entry_names().unwrap(), Vec::<std::ffi::OsString>::new());
    }

    #[test]
    fn a_writer_is_seen_before_the_lease_and_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let writer = File::create(&path).unwrap();
        let reader = File::open(&path).unwrap();
        assert!(matches!(Lease::take(&reader), Err(LeaseRefused::OpenForWriting)));

        drop(writer);
        let lease = Lease::take(&reader).unwrap();
        assert!(!lease.broken());

        let nonblocking = OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&path);
        assert_eq!(nonblocking.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(lease.broken());
    }

    #[test]
    fn a_released_lease_lets_writers_in_though_the_file_is_still_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        File::create(&path).unwrap();
        let reader = File::open(&path).unwrap();
        Lease::take(&reader).unwrap().release();
        OpenOptions::new()
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(&path)
            .unwrap();
    }
}
