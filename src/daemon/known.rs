//! The files that the daemon knows of, drop by drop: how long their plaintext has been there, and why one is held.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::schedule::Key;
use super::status::HeldFile;

/// Names of one drop that are known one by one; a folder full of what cannot be sealed must not fill the memory.
const MOST_KNOWN: usize = 4096;

/// One drop's files: under way, waiting and held.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) drop: String,
    files: HashMap<Key, File>,
    /// What the filters left out, by the last whole scan.
    pub(super) ignored: u64,
    /// Held names that are not among `files`: by the last whole scan, and since.
    beyond: [u64; 2],
    /// Claims that wait and are not among `files`.
    claims_beyond: usize,
}

#[derive(Debug)]
struct File {
    /// Since when there is plaintext; `None` for what is no file.
    arrived: Option<SystemTime>,
    name: String,
    held: Option<Hold>,
    /// What only scans meet again.
    unscheduled: bool,
}

#[derive(Debug)]
struct Hold {
    reason: &'static str,
    text: String,
    since: SystemTime,
    attempts: u32,
    next: Option<SystemTime>,
}

/// Why and until when a file is held.
#[derive(Clone, Debug)]
pub(super) struct Why {
    pub(super) reason: &'static str,
    pub(super) text: String,
    /// Until the next attempt, if there is one.
    pub(super) retry_after: Option<Duration>,
    /// Whether there is plaintext in it.
    pub(super) is_plaintext: bool,
}

impl Known {
    pub(super) fn of(drop: &str) -> Self {
        Self {
            drop: drop.to_owned(),
            ..Self::default()
        }
    }

    /// A file is under way; what is known of it stays.
    pub(super) fn started(&mut self, key: Key, name: &Path, arrived: Option<SystemTime>) {
        let file = self.files.entry(key).or_insert_with(|| File {
            arrived: None,
            name: name.display().to_string(),
            held: None,
            unscheduled: false,
        });
        let earlier = [file.arrived, arrived].into_iter().flatten().min();
        file.arrived = Some(earlier.unwrap_or_else(SystemTime::now));
        file.unscheduled = false;
    }

    /// There is no plaintext any more.
    pub(super) fn finished(&mut self, key: &Key) {
        self.files.remove(key);
    }

    /// The file goes by another key from now on; its age stays, and the name under which it was dropped.
    pub(super) fn renamed(&mut self, old: &Key, new: &Key) {
        if old != new
            && let Some(file) = self.files.remove(old)
        {
            self.files.insert(new.clone(), file);
        }
    }

    /// What a claim that was found is called by who dropped it.
    pub(super) fn named(&mut self, key: &Key, name: &Path) {
        if let Some(file) = self.files.get_mut(key) {
            file.name = name.display().to_string();
        }
    }

    /// Nothing is wrong with the file any more, though it waits.
    pub(super) fn cleared(&mut self, key: &Key) {
        if let Some(file) = self.files.get_mut(key) {
            file.held = None;
        }
    }

    /// A file is held. Whether that is worth a line: when the reason is new, and then ever more rarely.
    pub(super) fn held(&mut self, key: Key, name: &Path, why: Why, now: SystemTime) -> bool {
        if !self.files.contains_key(&key) && self.files.len() >= MOST_KNOWN {
            self.beyond[1] += 1;
            return false;
        }
        let is_listed = self.files.len() <= MOST_KNOWN;
        let file = self.files.entry(key).or_insert_with(|| File {
            arrived: why.is_plaintext.then_some(now),
            name: name.display().to_string(),
            held: None,
            unscheduled: false,
        });
        file.unscheduled = why.retry_after.is_none();
        let old = file.held.take().filter(|old| old.reason == why.reason);
        let attempts = old.as_ref().map_or(1, |old| old.attempts.saturating_add(1));
        file.held = Some(Hold {
            reason: why.reason,
            text: why.text,
            since: old.map_or(now, |old| old.since),
            attempts,
            next: why.retry_after.map(|wait| now + wait),
        });
        is_listed && (attempts == 1 || (why.retry_after.is_some() && attempts.is_power_of_two()))
    }

    /// A file is left to the next scan: it stays known as long as there is room.
    pub(super) fn left(&mut self, key: &Key) {
        if self.files.len() <= MOST_KNOWN {
            if let Some(file) = self.files.get_mut(key) {
                file.unscheduled = true;
            }
        } else if self.files.remove(key).is_some_and(|file| file.held.is_some())
            && matches!(key, Key::Path(_))
        {
            self.beyond[1] += 1;
        }
    }

    /// A scan of the whole folder is over. How many names are held beyond those known, if that is news.
    pub(super) fn pass_ended(&mut self, ignored: u64) -> Option<u64> {
        self.ignored = ignored;
        let [before, now] = self.beyond;
        self.beyond = [now, 0];
        (before == 0 && now > 0).then_some(now)
    }

    /// So many claims lie in the claim folder besides those under way or waiting.
    pub(super) fn claims(&mut self, others: usize) {
        let known = self
            .files
            .iter()
            .filter(|(key, file)| matches!(key, Key::Claim(_)) && file.unscheduled);
        self.claims_beyond = others.saturating_sub(known.count());
    }

    /// Forgets names that only scans meet and that are gone.
    pub(super) fn forget_gone(&mut self, is_there: impl Fn(&Key) -> bool) {
        self.files.retain(|key, file| !file.unscheduled || is_there(key));
    }

    /// Files that are under way or wait without being held.
    pub(super) fn queued(&self) -> usize {
        self.files.values().filter(|file| file.held.is_none()).count()
    }

    /// Names that are held, whether or not they are listed.
    pub(super) fn held_count(&self) -> usize {
        let beyond = usize::try_from(self.beyond[0].max(self.beyond[1])).unwrap_or(usize::MAX);
        (self.files.len() - self.queued())
            .saturating_add(beyond)
            .saturating_add(self.claims_beyond)
    }

    /// Since when the oldest plaintext that is known has been there.
    pub(super) fn oldest(&self) -> Option<SystemTime> {
        self.files.values().filter_map(|file| file.arrived).min()
    }

    /// What is held, in the order in which it came to be.
    pub(super) fn held_files(&self) -> Vec<HeldFile> {
        let mut held: Vec<_> = self
            .files
            .values()
            .filter_map(|file| Some((file, file.held.as_ref()?)))
            .collect();
        held.sort_by(|(a, x), (b, y)| (x.since, &a.name).cmp(&(y.since, &b.name)));
        let of = |(file, hold): (&File, &Hold)| HeldFile {
            drop: self.drop.clone(),
            file: file.name.clone(),
            reason: hold.reason.to_owned(),
            text: hold.text.clone(),
            since: super::status::timestamp(hold.since),
            attempts: hold.attempts,
            next_attempt: hold.next.map(super::status::timestamp),
        };
        held.into_iter().map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(reason: &'static str, retry: bool) -> Why {
        Why {
            reason,
            text: reason.to_owned(),
            retry_after: retry.then_some(Duration::from_secs(32)),
            is_plaintext: true,
        }
    }

    fn key() -> Key {
        Key::Path("a".into())
    }

    #[test]
    fn a_held_file_is_told_once_per_reason_and_then_ever_more_rarely() {
        let mut known = Known::of("test");
        let mut hold = |reason| known.held(key(), Path::new("a"), why(reason, true), SystemTime::now());
        let told: Vec<bool> = (0..8).map(|_| hold("hard_links")).collect();
        assert_eq!(told, [true, true, false, true, false, false, false, true]);
        assert!(hold("too_large"), "a new reason is news");
    }

    #[test]
    fn what_every_scan_meets_again_is_told_once() {
        let mut known = Known::of("test");
        let mut hold = || known.held(key(), Path::new("a"), why("symlink", false), SystemTime::now());
        assert_eq!([hold(), hold(), hold(), hold()], [true, false, false, false]);
    }

    #[test]
    fn a_held_name_that_vanishes_is_forgotten() {
        let mut known = Known::of("test");
        known.held(key(), Path::new("a"), why("symlink", false), SystemTime::now());
        known.forget_gone(|_| true);
        assert_eq!(known.held_count(), 1);
        known.forget_gone(|_| false);
        assert_eq!(known.held_count(), 0);
        assert_eq!(known.oldest(), None);
    }

    #[test]
    fn the_oldest_plaintext_counts_until_it_is_gone_held_or_not() {
        let mut known = Known::of("test");
        let early = SystemTime::UNIX_EPOCH + Duration::from_secs(9);
        known.started(key(), Path::new("a"), Some(early));
        known.started(Key::Path("b".into()), Path::new("b"), Some(SystemTime::now()));
        known.held(key(), Path::new("a"), why("hard_links", true), SystemTime::now());
        assert_eq!(
            (known.oldest(), known.queued(), known.held_count()),
            (Some(early), 1, 1)
        );
        known.finished(&key());
        assert!(known.oldest() > Some(early));
    }
}
