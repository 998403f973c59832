//! A data key that carries its limits: reserved before use, given back if not begun.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::CacheLimits;
use crate::message::EncryptionMaterials;

/// A cached data key with its ledger.
#[derive(Debug)]
pub(super) struct CachedKey {
    limits: CacheLimits,
    /// When the key came into our hands.
    born: Instant,
    ledger: Mutex<Ledger>,
}

#[derive(Debug)]
struct Ledger {
    /// Gone once the key is wiped; those who reserved before hold it as long as they need it.
    materials: Option<Arc<EncryptionMaterials>>,
    reserved_messages: u64,
    reserved_bytes: u64,
    begun_messages: u64,
    first_reserved: Option<Instant>,
}

/// What is left of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Remainder {
    pub(super) bytes: u64,
    pub(super) messages: u64,
    pub(super) life: Duration,
}

/// One message's share of a key; what is not begun goes back when it is dropped.
#[derive(Debug)]
pub(super) struct Reservation {
    key: Arc<CachedKey>,
    bytes: u64,
    /// The message's number, once it has begun.
    number: Option<u64>,
}

impl CachedKey {
    pub(super) fn new(materials: EncryptionMaterials, limits: CacheLimits) -> Self {
        Self::of(Some(Arc::new(materials)), limits)
    }

    /// One that nobody can use.
    pub(super) fn spent(limits: CacheLimits) -> Self {
        Self::of(None, limits)
    }

    fn of(materials: Option<Arc<EncryptionMaterials>>, limits: CacheLimits) -> Self {
        Self {
            limits,
            born: Instant::now(),
            ledger: Mutex::new(Ledger {
                materials,
                reserved_messages: 0,
                reserved_bytes: 0,
                begun_messages: 0,
                first_reserved: None,
            }),
        }
    }

    /// Reserves one message of this many bytes, if age, messages and bytes allow it.
    pub(super) fn reserve(
        self: &Arc<Self>,
        plaintext_length: u64,
    ) -> Option<(Arc<EncryptionMaterials>, Reservation)> {
        let mut ledger = self.ledger();
        let materials = ledger.materials.as_ref().filter(|_| !self.is_expired())?.clone();
        let bytes = ledger.reserved_bytes.checked_add(plaintext_length)?;
        if ledger.reserved_messages >= self.limits.max_messages || bytes > self.limits.max_bytes {
            return None;
        }
        ledger.reserved_messages += 1;
        ledger.first_reserved.get_or_insert_with(Instant::now);
        ledger.reserved_bytes = bytes;
        let reservation = Reservation {
            key: Arc::clone(self),
            bytes: plaintext_length,
            number: None,
        };
        Some((materials, reservation))
    }

    /// Lets go of the key; it is wiped here and now unless a message under way holds it.
    pub(super) fn wipe(&self) {
        self.ledger().materials = None;
    }

    pub(super) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    pub(super) fn expires(&self) -> Instant {
        self.born + self.limits.max_age
    }

    pub(super) fn is_expired(&self) -> bool {
        self.age() >= self.limits.max_age
    }

    /// Whether nothing can ever be reserved again, not even after something is given back.
    pub(super) fn is_spent(&self) -> bool {
        let ledger = self.ledger();
        ledger.materials.is_none() || ledger.begun_messages >= self.limits.max_messages
    }

    /// Whether nobody has reserved anything yet.
    pub(super) fn is_untouched(&self) -> bool {
        self.ledger().reserved_messages == 0
    }

    pub(super) fn remainder(&self) -> Remainder {
        let ledger = self.ledger();
        Remainder {
            bytes: self.limits.max_bytes.saturating_sub(ledger.reserved_bytes),
            messages: self.limits.max_messages.saturating_sub(ledger.reserved_messages),
            life: self.limits.max_age.saturating_sub(self.age()),
        }
    }

    /// Messages and bytes reserved so far and since when, for the estimate of how fast they go. A key
    /// that was fetched ahead has been in hand for longer.
    pub(super) fn reserved(&self) -> (u64, u64, Duration) {
        let ledger = self.ledger();
        let since = ledger
            .first_reserved
            .map_or(Duration::ZERO, |first| first.elapsed());
        (ledger.reserved_messages, ledger.reserved_bytes, since)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reservation {
    /// Makes the reservation as large as the file has become; false if the key cannot bear that, and
    /// then it stays as it was.
    pub(super) fn cover(&mut self, plaintext_length: u64) -> bool {
        if self.key.is_expired() {
            return false;
        }
        let Some(more) = plaintext_length.checked_sub(self.bytes) else {
            return true;
        };
        let mut ledger = self.key.ledger();
        match ledger.reserved_bytes.checked_add(more) {
            Some(bytes) if bytes <= self.key.limits.max_bytes => {
                ledger.reserved_bytes = bytes;
                self.bytes = plaintext_length;
                true
            }
            _ => false,
        }
    }

    /// Counts the message for good; false if the key has outlived its age since it was reserved.
    pub(super) fn begin(&mut self) -> bool {
        if self.number.is_some() || self.key.is_expired() {
            return self.number.is_some();
        }
        let mut ledger = self.key.ledger();
        ledger.begun_messages += 1;
        self.number = Some(ledger.begun_messages);
        true
    }

    pub(super) fn has_begun(&self) -> bool {
        self.number.is_some()
    }

    /// The message's number under its key, or the one it would get now.
    pub(super) fn number(&self) -> u64 {
        self.number
            .unwrap_or_else(|| self.key.ledger().begun_messages + 1)
    }

    pub(super) fn age(&self) -> Duration {
        self.key.age()
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.number.is_none() {
            let mut ledger = self.key.ledger();
            ledger.reserved_messages -= 1;
            ledger.reserved_bytes -= self.bytes;
        }
    }
}
