//! What a dispatcher remembers of one drop: what is under way, and what is to be tried again when.
//!
//! The directory is the queue; this holds a window of it.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::dispatcher::WINDOW;
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
    files: Waiting,
    claims: Waiting,
}

/// Work that waits for its time, at most a window of it.
#[derive(Debug, Default)]
struct Waiting {
    slots: HashMap<Key, (Instant, u64)>,
    due: BTreeMap<(Instant, u64), Work>,
    serial: u64,
}

impl Schedule {
    /// Files that workers have or will take next.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// Whether a scan may pass over this path.
    pub(super) fn knows(&self, path: &Path) -> bool {
        self.has(&Key::Path(path.to_owned()))
    }

    /// Whether it is under way or waits.
    pub(super) fn has(&self, key: &Key) -> bool {
        let waits = self.files.slots.contains_key(key) || self.claims.slots.contains_key(key);
        waits || self.under_way.contains_key(key)
    }

    /// Notes that work goes to the workers; `false` if it is there already.
    pub(super) fn start(&mut self, work: &Work) -> bool {
        let key = Key::of(work);
        if self.under_way.contains_key(&key) {
            return false;
        }
        self.waiting(&key).remove(&key);
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
        self.files.remove(&key).map_or(Hinted::Unknown, Hinted::Due)
    }

    /// Notes that the workers are done with it; the time of a hint that came meanwhile.
    pub(super) fn finish(&mut self, work: &Work) -> Option<SystemTime> {
        self.under_way.remove(&Key::of(work)).flatten()
    }

    /// Lets work wait. What would have waited longest is left behind if there is too much, with the time when it
    /// would have been due: the folder remembers it.
    pub(super) fn wait(&mut self, work: Work, delay: Duration) -> Option<(Instant, Work)> {
        let key = Key::of(&work);
        self.waiting(&key).insert(key, work, Instant::now() + delay)
    }

    /// The next work whose time has come.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<Work> {
        self.files.take_due(now).or_else(|| self.claims.take_due(now))
    }

    /// When the next work is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let next = [self.files.next_due(), self.claims.next_due()];
        next.into_iter().flatten().min()
    }

    /// Files and claims do not push each other out.
    fn waiting(&mut self, key: &Key) -> &mut Waiting {
        match key {
            Key::Path(_) => &mut self.files,
            Key::Claim(_) => &mut self.claims,
        }
    }
}

impl Waiting {
    fn insert(&mut self, key: Key, work: Work, due: Instant) -> Option<(Instant, Work)> {
        self.remove(&key);
        let slot = (due, self.serial);
        self.serial += 1;
        self.slots.insert(key, slot);
        self.due.insert(slot, work);
        if self.due.len() <= WINDOW {
            return None;
        }
        let ((due, _), last) = self.due.pop_last()?;
        self.slots.remove(&Key::of(&last));
        Some((due, last))
    }

    fn remove(&mut self, key: &Key) -> Option<Work> {
        let slot = self.slots.remove(key)?;
        self.due.remove(&slot)
    }

    fn take_due(&mut self, now: Instant) -> Option<Work> {
        let slot = *self.due.keys().next().filter(|(at, _)| *at <= now)?;
        let work = self.due.remove(&slot)?;
        self.slots.remove(&Key::of(&work));
        Some(work)
    }

    fn next_due(&self) -> Option<Instant> {
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

#[cfg(test)]
mod tests {
    use super::super::worker::Claim;
    use super::*;

    fn claim(number: usize) -> Work {
        let name = format!("{number:032x}-1");
        Work::Claim(Claim {
            name: crate::seal::ClaimName::parse(name.as_ref()).unwrap(),
            arrived: None,
            failures: 0,
        })
    }

    #[test]
    fn beyond_the_window_what_would_have_waited_longest_is_left_behind() {
        let mut schedule = Schedule::default();
        let seconds = |number: usize| Duration::from_secs(number as u64 + 60);
        for number in 0..WINDOW {
            assert!(schedule.wait(claim(number), seconds(number)).is_none());
        }
        let last = Key::of(&claim(WINDOW - 1));
        let (_, left) = schedule.wait(claim(WINDOW), seconds(0)).unwrap();
        assert_eq!(Key::of(&left), last);
        assert!(!schedule.has(&last) && schedule.has(&Key::of(&claim(WINDOW))));
        assert!(schedule.start(&left) && schedule.has(&last));
        assert!(schedule.take_due(Instant::now() + seconds(2 * WINDOW)).is_some());
    }
}
