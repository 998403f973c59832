//! When the next data key is worth fetching before the current one is used up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::MaterialsError;
use super::usage::CachedKey;

/// A fetch is begun this early at the latest, however quick the last one was.
const LEAST_LEAD: Duration = Duration::from_millis(250);

/// What is known of the files that wait and of how long a key takes to come.
#[derive(Debug, Default)]
pub(super) struct LookAhead {
    waiting_files: u64,
    waiting_bytes: u64,
    last_fetch: Duration,
    /// The slot under way, or the last that failed.
    slot: Option<u64>,
    under_way: bool,
    failures: u32,
    not_before: Option<Instant>,
}

impl LookAhead {
    /// A file waits that will ask for materials.
    pub(super) fn waits(&mut self, bytes: u64) {
        self.waiting_files += 1;
        self.waiting_bytes = self.waiting_bytes.saturating_add(bytes);
    }

    /// It waits no more: it has them, or will not come.
    pub(super) fn waits_no_more(&mut self, bytes: u64) {
        self.waiting_files = self.waiting_files.saturating_sub(1);
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
    }

    pub(super) fn fetched(&mut self, took: Duration) {
        self.last_fetch = took;
    }

    pub(super) fn started(&mut self, slot: u64) {
        self.slot = Some(slot);
        self.under_way = true;
    }

    /// After a failure it is not tried again at once; the files that come to need the key will ask.
    pub(super) fn ended(&mut self, error: Option<&MaterialsError>) {
        self.under_way = false;
        match error {
            None => (self.failures, self.not_before) = (0, None),
            Some(error) => {
                self.failures = self.failures.saturating_add(1);
                self.not_before = Some(Instant::now() + error.wait(self.failures, 0));
            }
        }
    }

    /// Whether the key of the next slot should be fetched now: never a second one ahead, never
    /// without files that will outrun the keys at hand, never so early that it ages for nothing.
    /// Without a key at hand whoever needs one asks for it.
    pub(super) fn wants_key(&self, live: &[Arc<CachedKey>], max_age: Duration, frontier: u64) -> bool {
        let under_way = self.under_way && self.slot == Some(frontier);
        let waits = self.not_before.is_some_and(|time| Instant::now() < time);
        if under_way || waits || self.waiting_files == 0 {
            return false;
        }
        let Some((last, older)) = live.split_last() else {
            return false;
        };
        if last.is_untouched() || last.is_expired() {
            return false;
        }
        let older = older.iter().map(|key| key.remainder());
        let (mut files, mut bytes) = (self.waiting_files, self.waiting_bytes);
        for left in older {
            files = files.saturating_sub(left.messages);
            bytes = bytes.saturating_sub(left.bytes);
        }
        let lead = (self.last_fetch * 3).max(LEAST_LEAD).min(max_age / 2);
        outruns(last, files, bytes, lead)
    }
}

/// Whether this many files will outrun the key, and within the lead: by messages, by bytes or by
/// age, at the pace it has been used with so far.
fn outruns(key: &CachedKey, files: u64, bytes: u64, lead: Duration) -> bool {
    let left = key.remainder();
    let (messages_used, bytes_used, since) = key.reserved();
    let since = since.as_secs_f64();
    let seconds_for = |amount: u64, used: u64| {
        if used == 0 {
            f64::INFINITY
        } else {
            as_f64(amount) * since / as_f64(used)
        }
    };
    let lead = lead.as_secs_f64();
    let by_messages = files > left.messages && seconds_for(left.messages, messages_used) <= lead;
    let by_bytes = bytes > left.bytes && seconds_for(left.bytes, bytes_used) <= lead;
    let life = left.life.as_secs_f64();
    let by_age = life <= lead && files > 0 && seconds_for(files, messages_used) > life;
    by_messages || by_bytes || by_age
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn as_f64(amount: u64) -> f64 {
    amount as f64
}
