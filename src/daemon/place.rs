//! A drop as the workers see it.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::materials::{MaterialsError, MaterialsManager};
use crate::seal::Folders;
use crate::watch::Gate;

/// Everything that one drop's files pass through. A folder that comes back after it was lost gets a new one.
#[derive(Debug)]
pub(super) struct Place {
    /// The drop's position in the configuration.
    pub(super) index: usize,
    pub(super) folders: Folders,
    pub(super) gate: Gate,
    pub(super) manager: std::sync::Arc<MaterialsManager>,
    pub(super) keys: std::sync::Arc<KeyPause>,
}

impl Place {
    pub(super) fn name(&self) -> &str {
        self.folders.drop_name()
    }
}

/// While a drop's keyring gives no data keys, nobody asks it: one file at a time tries again.
#[derive(Debug, Default)]
pub(super) struct KeyPause(Mutex<Paused>);

#[derive(Debug, Default)]
struct Paused {
    until: Option<Instant>,
    failures: u32,
}

impl KeyPause {
    /// How long no key will be asked for; `None` if one may be.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let paused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        paused
            .until?
            .checked_duration_since(Instant::now())
            .filter(|left| !left.is_zero())
    }

    /// Notes a failure; the wait it leads to, and whether it is the first in a row.
    pub(super) fn failed(&self, error: &MaterialsError) -> (Duration, bool) {
        let mut paused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if paused.until.is_some_and(|until| until > Instant::now()) {
            // The same outage, met by several workers at once.
            return (
                paused
                    .until
                    .map_or(Duration::ZERO, |until| until - Instant::now()),
                false,
            );
        }
        paused.failures += 1;
        let mut jitter = [0; 4];
        let _ = getrandom::fill(&mut jitter); // without it hosts return together, no worse
        let wait = error.wait(paused.failures, u32::from_ne_bytes(jitter));
        paused.until = Some(Instant::now() + wait);
        (wait, paused.failures == 1)
    }

    /// Notes a success; whether it ended an outage.
    pub(super) fn worked(&self) -> bool {
        let mut paused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        paused.until = None;
        std::mem::take(&mut paused.failures) > 0
    }
}
