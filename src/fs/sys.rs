//! Thin wrappers over the system calls that rustix does not have; the one file with `unsafe`.
#![expect(
    unsafe_code,
    reason = "fcntl's lease commands are variadic C with an integer argument"
)]

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::extents::{Extent, ExtentFlags};

/// `F_SETLEASE`, fcntl(2): `kind` is `F_RDLCK` or `F_UNLCK`.
pub(super) fn set_lease(fd: BorrowedFd<'_>, kind: c_int) -> io::Result<()> {
    fcntl(fd, libc::F_SETLEASE, kind).map(drop)
}

/// `F_GETLEASE`, fcntl(2): the lease held, or what a break under way will leave of it.
pub(super) fn get_lease(fd: BorrowedFd<'_>) -> io::Result<c_int> {
    fcntl(fd, libc::F_GETLEASE, 0)
}

const F_SETSIG: c_int = 10; // <asm-generic/fcntl.h>; the libc crate does not have it

/// `F_SETSIG`, fcntl(2): the signal that a lease break sends instead of SIGIO.
pub(super) fn set_signal(fd: BorrowedFd<'_>, signal: c_int) -> io::Result<()> {
    fcntl(fd, F_SETSIG, signal).map(drop)
}

fn fcntl(fd: BorrowedFd<'_>, command: c_int, argument: c_int) -> io::Result<c_int> {
    // SAFETY: the descriptor is open for the length of the borrow, and the commands above take a plain integer.
    let result = unsafe { libc::fcntl(fd.as_raw_fd(), command, argument) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(result)
}

/// How many extents one call asks for.
pub(super) const FIEMAP_BATCH: usize = 32;

/// `struct fiemap` of <linux/fiemap.h>, with room for a batch of `struct fiemap_extent`.
#[repr(C)]
struct Fiemap {
    start: u64,
    length: u64,
    flags: u32,
    mapped_extents: u32,
    extent_count: u32,
    reserved: u32,
    extents: [FiemapExtent; FIEMAP_BATCH],
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct FiemapExtent {
    logical: u64,
    physical: u64,
    length: u64,
    reserved64: [u64; 2],
    flags: u32,
    reserved: [u32; 3],
}

/// `FS_IOC_FIEMAP` from byte `start` on, without its sync flag; the number of extents filled in.
pub(super) fn fiemap(
    fd: BorrowedFd<'_>,
    start: u64,
    batch: &mut [Extent; FIEMAP_BATCH],
) -> io::Result<usize> {
    const FS_IOC_FIEMAP: u32 = 0xc020_660b; // _IOWR('f', 11, struct fiemap), whose extents do not count
    let mut request = Fiemap {
        start,
        length: u64::MAX - start,
        flags: 0,
        mapped_extents: 0,
        extent_count: u32::try_from(FIEMAP_BATCH).unwrap_or(0),
        reserved: 0,
        extents: [FiemapExtent::default(); FIEMAP_BATCH],
    };
    // SAFETY: the descriptor is open for the length of the borrow; the kernel writes `extent_count` extents at most,
    // which is what the structure has room for, and every bit pattern is one of its values.
    let result = unsafe { libc::ioctl(fd.as_raw_fd(), FS_IOC_FIEMAP.into(), &raw mut request) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    let found = usize::try_from(request.mapped_extents)
        .unwrap_or(0)
        .min(FIEMAP_BATCH);
    for (to, from) in batch.iter_mut().zip(request.extents).take(found) {
        let flags = ExtentFlags(from.flags);
        *to = Extent {
            logical: from.logical,
            physical: from.physical,
            length: from.length,
            flags,
        };
    }
    Ok(found)
}

/// `sync_file_range(2)` of the whole file with `SYNC_FILE_RANGE_WRITE` only.
pub(super) fn start_writeback(fd: BorrowedFd<'_>) -> io::Result<()> {
    sync_file_range(fd, libc::SYNC_FILE_RANGE_WRITE)
}

/// `sync_file_range(2)` of the whole file, waited for.
pub(super) fn write_back(fd: BorrowedFd<'_>) -> io::Result<()> {
    let wait = libc::SYNC_FILE_RANGE_WAIT_BEFORE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    sync_file_range(fd, wait | libc::SYNC_FILE_RANGE_WRITE)
}

fn sync_file_range(fd: BorrowedFd<'_>, flags: libc::c_uint) -> io::Result<()> {
    // SAFETY: the descriptor is open for the length of the borrow, and the call takes plain integers.
    let result = unsafe { libc::sync_file_range(fd.as_raw_fd(), 0, 0, flags) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// What adjtimex(2) tells.
pub(super) struct Clock {
    /// `STA_*`
    pub(super) status: c_int,
    /// Microseconds.
    pub(super) most_error: libc::c_long,
}

/// `adjtimex(2)` without changing anything.
pub(super) fn clock() -> io::Result<Clock> {
    // SAFETY: the structure is plain numbers, for which zero is a value.
    let mut found: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: `modes` is zero, so the kernel only writes into the structure, which is ours.
    let result = unsafe { libc::adjtimex(&raw mut found) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(Clock {
        status: found.status,
        most_error: found.maxerror,
    })
}

/// `mlockall(2)` for pages as they are first touched, now and later.
pub(super) fn lock_touched_pages() -> io::Result<()> {
    // SAFETY: the call takes flags only and changes nothing that Rust knows of.
    let result = unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT) };
    if result == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
