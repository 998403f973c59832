//! The one line at the end.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytesize::ByteSize;
use serde::Serialize;

use super::keys::KeyCounts;

/// Counts while the work is under way.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) files: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) skipped: AtomicU64,
    pub(super) bytes: AtomicU64,
}

/// What was done.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) mode: &'static str,
    pub(super) files: u64,
    pub(super) failed: u64,
    pub(super) skipped: u64,
    /// Of plaintext.
    pub(super) bytes: u64,
    pub(super) data_keys: u64,
    pub(super) key_calls: u64,
    pub(super) seconds: f64,
}

impl Summary {
    pub(super) fn new(mode: &'static str, tally: &Tally, keys: &KeyCounts, took: Duration) -> Self {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            mode,
            files: get(&tally.files),
            failed: get(&tally.failed),
            skipped: get(&tally.skipped),
            bytes: get(&tally.bytes),
            data_keys: get(&keys.data_keys),
            key_calls: get(&keys.calls),
            seconds: (took.as_secs_f64() * 1000.0).round() / 1000.0,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let past = match self.mode {
            "encrypt" => "encrypted",
            "decrypt" => "decrypted",
            _ => "verified",
        };
        write!(f, "{past} {}", count(self.files, "file"))?;
        for (number, what) in [(self.failed, "failed"), (self.skipped, "skipped")] {
            if number > 0 {
                write!(f, ", {number} {what}")?;
            }
        }
        write!(f, ", {}", ByteSize(self.bytes).display().iec())?;
        if self.data_keys > 0 {
            write!(f, ", {}", count(self.data_keys, "data key"))?;
        }
        if self.key_calls > 0 {
            write!(f, ", {}", count(self.key_calls, "key call"))?;
        }
        write!(f, ", {:.1} s", self.seconds)
    }
}

fn count(number: u64, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_there_was_and_nothing_else() {
        let mut summary = Summary {
            mode: "encrypt",
            files: 200,
            failed: 0,
            skipped: 0,
            bytes: 1 << 30,
            data_keys: 2,
            key_calls: 2,
            seconds: 1.26,
        };
        let text = "encrypted 200 files, 1.0 GiB, 2 data keys, 2 key calls, 1.3 s";
        assert_eq!(summary.to_string(), text);
        (summary.mode, summary.files, summary.failed) = ("verify", 1, 1);
        (summary.data_keys, summary.key_calls) = (0, 1);
        assert_eq!(
            summary.to_string(),
            "verified 1 file, 1 failed, 1.0 GiB, 1 key call, 1.3 s"
        );
    }
}
