//! Writing a file's bytes to the disk, short of a flush of its own.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use super::sys;

/// Starts to write a file's bytes, without waiting: a flush that follows soon finds their blocks allocated, so that
/// one commit of the journal serves several files. It promises nothing, so an error is the flush's to find.
pub fn start_writeback(file: &File) {
    let _ = sys::start_writeback(file.as_fd());
}

/// Writes a file's bytes and waits until the device has them. That flushes no cache and no journal; but where one journal
/// keeps the order of everything ([`super::Medium::flushes_in_order`]), no later name becomes durable without them: the
/// file's size is in the journal before that name, and each of the journal's writes flushes the cache first
/// (`Documentation/block/writeback_cache_control.rst`).
pub fn write_back(file: &File) -> io::Result<()> {
    sys::write_back(file.as_fd())
}
