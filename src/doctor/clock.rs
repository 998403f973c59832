//! The clock: signatures of requests hold for minutes, and records name times.

use super::finding::{Finding, HOST};
use crate::fs::clock_error;

pub(super) fn finding() -> Finding {
    match clock_error() {
        Ok(Some(error)) => Finding::ok(
            HOST,
            "clock",
            format!("synchronised, at most {:.0} ms off", error.as_secs_f64() * 1e3),
        ),
        Ok(None) => Finding::warning(HOST, "clock", "the kernel's clock is not synchronised")
            .advise("run chrony or systemd-timesyncd: AWS refuses calls of a host whose clock is minutes off, and records would name wrong times"),
        Err(error) => Finding::warning(HOST, "clock", format!("the kernel does not say whether it is synchronised: {error}"))
            .advise("run doctor outside of the sandbox"),
    }
}
