//! What a dispatcher remembers of one drop: what is under way, and what is to be tried again when.
//!
//! The directory is the queue; this holds a window of it.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::worker::Work;

/// A file by where it waits: its path in the drop folder, or its claim's name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Path(PathBuf),
    Claim(OsString),
}

impl Key {
    pub(super) fn of(work: &Work) -> Self {
        match work {
            Work::Candidate(candidate) => Self::Path(candidate.path.clone()),
            Work::Claim(claim) => Self::Claim(claim.name.file_name()),
        }
    }
}

/// What a hint's path is known as.
#[derive(Debug)]
pub(super) enum Hinted {
    /// The workers have it, and will be asked to look again.
    UnderWay,
    /// It waited, and is due now.
    Due(Work),
    /// Not at all.
    Unknown,
}

/// Files under way and files that wait.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    /// With the time of a hint that came meanwhile.
    under_way: HashMap<Key, Option<SystemTime>>,
    waiting: HashMap<Key, (Instant, u64)>,
    due: BTreeMap<(Instant, u64), Work>,
    serial: u64,
}

impl Schedule {
    /// Files that workers have or will take next.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Files that wait for another attempt.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Whether a scan may pass over this path.
    pub(super) fn knows(&self, path: &Path) -> bool {
        let key = Key::Path(path.to_owned());
        self.under_way.contains_key(&key) || self.waiting.contains_key(&key)
    }

    /// Notes that work goes to the workers; `false` if it is there already.
    pub(super) fn start(&mut self, work: &Work) -> bool {
        let key = Key::of(work);
        if self.under_way.contains_key(&key) {
            return false;
        }
        if let Some(slot) = self.waiting.remove(&key) {
            self.due.remove(&slot);
        }
        self.under_way.insert(key, None);
        true
    }

    /// A hint for a path: what waits is due at once, what is under way is looked at again afterwards.
    pub(super) fn hint(&mut self, path: &Path, at: SystemTime) -> Hinted {
        let key = Key::Path(path.to_owned());
        if let Some(again) = self.under_way.get_mut(&key) {
            *again = Some(at);
            return Hinted::UnderWay;
        }
        let due = self.waiting.remove(&key).and_then(|slot| self.due.remove(&slot));
        due.map_or(Hinted::Unknown, Hinted::Due)
    }

    /// Notes that the workers are done with it; the time of a hint that came meanwhile.
    pub(super) fn finish(&mut self, work: &Work) -> Option<SystemTime> {
        self.under_way.remove(&Key::of(work)).flatten()
    }

    /// Lets work wait.
    pub(super) fn wait(&mut self, work: Work, delay: Duration) {
        let slot = (Instant::now() + delay, self.serial);
        self.serial += 1;
        if let Some(old) = self.waiting.insert(Key::of(&work), slot) {
            self.due.remove(&old);
        }
        self.due.insert(slot, work);
    }

    /// The next work whose time has come.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Work> {
        let slot = *self.due.keys().next().filter(|(at, _)| *at <= now)?;
        let work = self.due.remove(&slot)?;
        self.waiting.remove(&Key::of(&work));
        Some(work)
    }

    /// When the next work is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.due.keys().next().map(|(at, _)| *at)
    }
}

/// The wait before another attempt at a file that failed: doubled each time, from a second to five minutes.
pub(super) fn retry_after(failures: u32) -> Duration {
    const FIRST: Duration = Duration::from_secs(1);
    const LONGEST: Duration = Duration::from_mins(5);
    FIRST
        .saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX))
        .min(LONGEST)
}
