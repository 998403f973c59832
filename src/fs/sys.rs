//! Thin wrappers over the system calls that rustix does not have; the one file with `unsafe`.
#![expect(
    unsafe_code,
    reason = "fcntl's lease commands are variadic C with an integer argument"
)]

use std::ffi::c_int;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

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
