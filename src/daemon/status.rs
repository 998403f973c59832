//! What the status socket answers: the daemon's state at a glance.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// The daemon's state, as JSON on its status socket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Status {
    /// The daemon's version.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// Since when it runs.
    pub started: String,
    /// Nothing is held, no key is missing, no folder is lost.
    pub healthy: bool,
    /// Age of the oldest plaintext that is known.
    pub oldest_plaintext_age_seconds: Option<f64>,
    /// Files under way or waiting, without those held.
    pub queue_files: u64,
    /// Names that are held, those among them that are too many to be listed too.
    pub held_files: u64,
    /// Names that the drops' filters leave alone, by their last whole scans.
    pub ignored_files: u64,
    /// Files sealed since the start.
    pub files_sealed: u64,
    /// Their bytes.
    pub bytes_sealed: u64,
    /// From arrival to erasure, over the latest files.
    pub exposure: Option<Exposure>,
    /// Data keys and the key service.
    pub keys: Keys,
    /// What is wrong with a drop as a whole.
    pub problems: Vec<String>,
    /// What is held, and why; some thousands of each drop at most.
    pub held: Vec<HeldFile>,
}

/// Percentiles over the latest files, in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exposure {
    /// How many files.
    pub files: usize,
    /// Half of them were exposed for less.
    pub p50_ms: f64,
    /// All but one in a hundred were exposed for less.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

/// Data keys and the key service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Keys {
    /// Data keys made since the start.
    pub generated: u64,
    /// Messages begun since the start.
    pub uses: u64,
    /// When the latest data key was made.
    pub latest: Option<String>,
    /// How the latest request to the key service ended: `ok` or why not. None without a key service, and until the
    /// first file: a keyring is unproven until then.
    pub service: Option<String>,
    /// Requests to the key service since the start.
    pub requests: u64,
}

/// A file that is held.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HeldFile {
    /// Its drop.
    pub drop: String,
    /// Its path in the drop folder, or its claim's name.
    pub file: String,
    /// Why, in one word.
    pub reason: String,
    /// Why.
    pub text: String,
    /// Since when.
    pub since: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again; none if only a change of the file can help.
    pub next_attempt: Option<String>,
}

/// RFC 3339, to the millisecond.
pub(super) fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

impl Exposure {
    /// Of exposures in seconds, in any order.
    pub(super) fn of(seconds: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = seconds.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let at =
            |percent: usize| sorted.get((sorted.len() * percent / 100).min(sorted.len().checked_sub(1)?));
        let milliseconds = |seconds: &f64| (seconds * 1e6).round() / 1e3;
        Some(Self {
            files: sorted.len(),
            p50_ms: at(50).map(milliseconds)?,
            p99_ms: at(99).map(milliseconds)?,
            max_ms: sorted.last().map(milliseconds)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_those_of_the_sorted_exposures() {
        let exposure = Exposure::of((1..=200).rev().map(|n| f64::from(n) / 1000.0)).unwrap();
        assert_eq!(
            (exposure.p50_ms, exposure.p99_ms, exposure.max_ms),
            (101.0, 199.0, 200.0)
        );
        assert_eq!(Exposure::of([]), None);
    }
}
