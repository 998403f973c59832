//! What the kernel says of its clock (adjtimex(2)).

use std::io;
use std::time::Duration;

use super::sys;

/// The most that the clock is off by the kernel's own estimate; none if nobody synchronises it.
pub fn clock_error() -> io::Result<Option<Duration>> {
    let clock = sys::clock()?;
    let unsynchronised = clock.status & libc::STA_UNSYNC != 0;
    let microseconds = u64::try_from(clock.most_error).unwrap_or(u64::MAX);
    Ok((!unsynchronised).then(|| Duration::from_micros(microseconds)))
}
