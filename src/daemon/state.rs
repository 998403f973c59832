//! The one place for what the daemon knows of itself: files, keys, counters.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::known::{Known, Why};
use super::metrics::{Metrics, Outcome, Reason, ReloadResult, Request, RescanCause};
use super::schedule::Key;
use super::status::{self, Exposure, Keys, Status};
use crate::keyring::{KeyObserver, KmsOperation};
use crate::seal::Sealed;

/// Exposures that the percentiles are taken over.
const LATEST: usize = 1024;

/// What the daemon knows of itself. It outlives a reload.
#[derive(Debug)]
pub(super) struct State {
    pub(super) metrics: Metrics,
    started: SystemTime,
    drops: Mutex<Vec<Known>>,
    keys: Mutex<KeyState>,
    exposures: Mutex<VecDeque<f64>>,
    /// What is wrong with a drop as a whole, by drop.
    problems: Mutex<Vec<(String, String)>>,
}

#[derive(Debug, Default)]
struct KeyState {
    latest: Option<SystemTime>,
    service: Option<&'static str>,
    requests: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            metrics: Metrics::new(),
            started: SystemTime::now(),
            drops: Mutex::default(),
            keys: Mutex::default(),
            exposures: Mutex::default(),
            problems: Mutex::default(),
        }
    }

    /// Begins anew with these drops; the counters stay.
    pub(super) fn set_drops<'d>(&self, names: impl Iterator<Item = &'d str>) {
        *lock(&self.drops) = names.map(Known::of).collect();
        lock(&self.problems).clear();
    }

    /// One drop's files.
    pub(super) fn with<R>(&self, index: usize, act: impl FnOnce(&mut Known) -> R) -> Option<R> {
        lock(&self.drops).get_mut(index).map(act)
    }

    /// A file is held; whether to tell.
    pub(super) fn held(&self, index: usize, key: Key, name: &Path, why: Why) -> bool {
        let (reason, is_attempt) = (why.reason, why.retry_after.is_some());
        let told = self.with(index, |known| known.held(key, name, why, SystemTime::now()));
        let told = told.unwrap_or(true);
        // What only scans meet again has not been tried again.
        if told || is_attempt {
            self.metrics.failed.get_or_create(&Reason { reason }).inc();
        }
        told
    }

    pub(super) fn sealed(&self, sealed: &Sealed) {
        self.metrics.sealed.inc();
        self.metrics.bytes.inc_by(sealed.record.sealdrop.plaintext.size);
        let exposure = sealed.exposure.as_secs_f64();
        self.metrics.exposure.observe(exposure);
        let outcome = sealed.erasure.outcome.as_str();
        self.metrics.erasure.get_or_create(&Outcome { outcome }).inc();
        let mut exposures = lock(&self.exposures);
        if exposures.len() == LATEST {
            exposures.pop_front();
        }
        exposures.push_back(exposure);
    }

    /// Something is wrong with a drop as a whole, or is no more.
    pub(super) fn problem(&self, drop: &str, text: Option<String>) {
        let mut problems = lock(&self.problems);
        problems.retain(|(of, _)| of != drop);
        problems.extend(text.map(|text| (drop.to_owned(), text)));
    }

    /// A reload of the configuration ended so.
    pub(super) fn reloaded(&self, result: &'static str) {
        self.metrics.reloads.get_or_create(&ReloadResult { result }).inc();
    }

    /// A whole drop folder was scanned.
    pub(super) fn rescan(&self, cause: &'static str) {
        self.metrics.rescans.get_or_create(&RescanCause { cause }).inc();
    }

    /// Everything, at this moment.
    pub(super) fn status(&self) -> Status {
        let drops = lock(&self.drops);
        let queued: usize = drops.iter().map(Known::queued).sum();
        let oldest = drops.iter().filter_map(Known::oldest).min();
        let held: Vec<_> = drops.iter().flat_map(Known::held_files).collect();
        let held_files: usize = drops.iter().map(Known::held_count).sum();
        let ignored_files = drops.iter().map(|known| known.ignored).sum();
        drop(drops);
        let problems: Vec<String> = lock(&self.problems)
            .iter()
            .map(|(drop, text)| format!("{drop}: {text}"))
            .collect();
        let keys = self.key_status();
        let service_is_well = keys.service.as_deref().is_none_or(|result| result == "ok");
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: status::timestamp(self.started),
            healthy: held_files == 0 && problems.is_empty() && service_is_well,
            oldest_plaintext_age_seconds: oldest.map(age),
            queue_files: queued as u64,
            held_files: held_files as u64,
            ignored_files,
            files_sealed: self.metrics.sealed.get(),
            bytes_sealed: self.metrics.bytes.get(),
            exposure: Exposure::of(lock(&self.exposures).iter().copied()),
            keys,
            problems,
            held,
        }
    }

    fn key_status(&self) -> Keys {
        let keys = lock(&self.keys);
        Keys {
            generated: self.metrics.generated.get(),
            uses: self.metrics.uses.get(),
            latest: keys.latest.map(status::timestamp),
            service: keys.service.map(str::to_owned),
            requests: keys.requests,
        }
    }

    /// The metrics' text; what is a state and no count is looked at now.
    pub(super) fn open_metrics(&self) -> String {
        let drops = lock(&self.drops);
        let sum = |count: fn(&Known) -> usize| drops.iter().map(count).sum::<usize>();
        let (queued, held) = (sum(Known::queued), sum(Known::held_count));
        let oldest = drops.iter().filter_map(Known::oldest).min();
        drop(drops);
        self.metrics.queue.set(i64::try_from(queued).unwrap_or(i64::MAX));
        self.metrics.held.set(i64::try_from(held).unwrap_or(i64::MAX));
        self.metrics.oldest.set(oldest.map_or(0.0, age));
        self.metrics.text()
    }

    /// The line that `systemctl status` shows.
    pub(super) fn line(&self) -> String {
        let status = self.status();
        let oldest = status
            .oldest_plaintext_age_seconds
            .map_or(String::new(), |age| format!(" (oldest plaintext {age:.0} s)"));
        let service = match status.keys.service.as_deref() {
            None if status.keys.generated == 0 => "keyring unproven",
            None => "keys ok",
            Some("ok") => "KMS ok",
            Some(_) => "KMS failing",
        };
        let sealed = status.files_sealed;
        let held = status.held_files;
        let problems = status.problems.iter().map(|problem| format!(", {problem}"));
        let problems: String = problems.collect();
        format!(
            "queue {}{oldest}, held {held}, sealed {sealed}, {service}{problems}",
            status.queue_files
        )
    }
}

/// A clock that was set back makes nothing older.
fn age(since: SystemTime) -> f64 {
    SystemTime::now()
        .duration_since(since)
        .unwrap_or_default()
        .as_secs_f64()
}

impl KeyObserver for State {
    fn kms_request(&self, operation: KmsOperation, result: &'static str, took: Duration) {
        let operation = operation.name();
        self.metrics
            .requests
            .get_or_create(&Request { operation, result })
            .inc();
        self.metrics.request_seconds.observe(took.as_secs_f64());
        let mut keys = lock(&self.keys);
        keys.requests += 1;
        keys.service = Some(result);
    }

    fn data_key_generated(&self, ahead: bool) {
        self.metrics.generated.inc();
        self.metrics.ahead.inc_by(ahead.into());
        lock(&self.keys).latest = Some(SystemTime::now());
    }

    fn data_key_awaited(&self) {
        self.metrics.awaited.inc();
    }

    fn data_key_used(&self) {
        self.metrics.uses.inc();
    }
}
