//! The data keys of one drop: numbered slots, each fetched once, each used within its limits.
//!
//! The next key to be fetched has a number, the frontier. Whoever finds no usable key asks the cache
//! for the frontier's slot, so that all who find none at the same time share one call; the slot is
//! admitted and the frontier moves before any of them wakes.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::runtime::Handle;
use tokio::time::Instant;

use super::caching::Cached;
use super::look_ahead::LookAhead;
use super::usage::{CachedKey, Reservation};
use super::waiting::Waiting;
use super::{CacheLimits, MaterialsError, default};
use crate::keyring::{KeyObserver, Keyring};
use crate::message::{AlgorithmSuite, EncryptionContext, EncryptionMaterials};

/// Where keys come from.
#[derive(Clone, Debug)]
pub(super) struct KeySource {
    pub(super) keyring: Arc<dyn Keyring>,
    pub(super) suite: AlgorithmSuite,
    pub(super) context: EncryptionContext,
    pub(super) required_keys: BTreeSet<String>,
    pub(super) observer: Arc<dyn KeyObserver>,
}

impl KeySource {
    /// A fresh key, counted.
    pub(super) async fn fetch(&self, ahead: bool) -> Result<EncryptionMaterials, MaterialsError> {
        let keyring = self.keyring.as_ref();
        let materials =
            default::encryption_materials(keyring, self.suite, &self.context, &self.required_keys).await?;
        self.observer.data_key_generated(ahead);
        Ok(materials)
    }
}

/// The cached keys of one drop.
#[derive(Debug)]
pub(super) struct KeySlots {
    source: Arc<KeySource>,
    limits: CacheLimits,
    cache: Cached<u64, CachedKey>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Usable keys and those whose last messages have not begun yet, oldest first.
    live: Vec<Arc<CachedKey>>,
    /// The slot that will be fetched next.
    frontier: u64,
    look_ahead: LookAhead,
}

/// A key's materials, and one message's share of it.
pub(super) type Share = (Arc<EncryptionMaterials>, Reservation);

impl KeySlots {
    pub(super) fn new(source: Arc<KeySource>, limits: CacheLimits) -> Arc<Self> {
        Arc::new(Self {
            source,
            limits,
            // What may be used is decided here, so moka has room for the one on its way and one spare.
            cache: Cached::new(limits.capacity.saturating_add(2), |_| {}),
            state: Mutex::new(State {
                live: Vec::new(),
                frontier: 0,
                look_ahead: LookAhead::default(),
            }),
        })
    }

    /// A share of a usable key for a message of this many bytes, of a fresh one if there is none.
    pub(super) async fn reserve(
        self: &Arc<Self>,
        plaintext_length: u64,
        waiting: &mut Waiting,
    ) -> Result<Share, MaterialsError> {
        let mut has_waited = false;
        loop {
            let slot = match self.reserve_now(plaintext_length, waiting) {
                Ok(share) => return Ok(share),
                Err(frontier) => frontier,
            };
            if !std::mem::replace(&mut has_waited, true) {
                self.source.observer.data_key_awaited();
            }
            let key = self
                .cache
                .get_or_fetch(slot, Arc::clone(self).fetch(slot, false))
                .await?;
            let mut state = self.state();
            if let Some(share) = key.reserve(plaintext_length) {
                state.reserved(waiting, self.limits.capacity);
                drop(state);
                self.look_ahead();
                return Ok(share);
            }
        }
    }

    fn reserve_now(self: &Arc<Self>, plaintext_length: u64, waiting: &mut Waiting) -> Result<Share, u64> {
        let mut state = self.state();
        let Some(share) = state.live.iter().find_map(|key| key.reserve(plaintext_length)) else {
            return Err(state.frontier);
        };
        state.reserved(waiting, self.limits.capacity);
        drop(state);
        self.look_ahead();
        Ok(share)
    }

    /// What fills a slot. A slot behind the frontier has been filled before and has left the cache
    /// since: whoever still asks for it gets a key of no use and looks again.
    async fn fetch(self: Arc<Self>, slot: u64, ahead: bool) -> Result<Arc<CachedKey>, MaterialsError> {
        if self.state().frontier != slot {
            return Ok(Arc::new(CachedKey::spent(self.limits)));
        }
        let asked = Instant::now();
        let materials = self.source.fetch(ahead).await?;
        let key = Arc::new(CachedKey::new(materials, self.limits));
        let mut state = self.state();
        state.look_ahead.fetched(asked.elapsed());
        state.frontier += 1;
        state.live.push(Arc::clone(&key));
        drop(state);
        self.wipe_in_time(&key);
        Ok(key)
    }

    /// An expired key goes when it expires, not when somebody next looks.
    fn wipe_in_time(self: &Arc<Self>, key: &Arc<CachedKey>) {
        let (slots, expires) = (Arc::downgrade(self), key.expires());
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                tokio::time::sleep_until(expires).await;
                slots.upgrade().inspect(|slots| slots.state().drop_useless());
            });
        }
    }

    /// A file of this many bytes waits that has not asked for materials yet.
    pub(super) fn waits(self: &Arc<Self>, bytes: u64) {
        self.state().look_ahead.waits(bytes);
        self.look_ahead();
    }

    /// It waits no more, and has not been served either.
    pub(super) fn waits_no_more(&self, bytes: u64) {
        self.state().look_ahead.waits_no_more(bytes);
    }

    /// Fetches the next key in the background if the files that wait will need it soon.
    fn look_ahead(self: &Arc<Self>) {
        let mut state = self.state();
        let State {
            live,
            frontier,
            look_ahead,
        } = &mut *state;
        if !look_ahead.wants_key(live, self.limits.max_age, *frontier) {
            return;
        }
        let slot = *frontier;
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        look_ahead.started(slot);
        drop(state);
        let weak = Arc::downgrade(self);
        runtime.spawn(async move { Self::fetch_ahead(weak, slot).await });
    }

    async fn fetch_ahead(slots: Weak<Self>, slot: u64) {
        let Some(slots) = slots.upgrade() else { return };
        let fetched = slots
            .cache
            .get_or_fetch(slot, Arc::clone(&slots).fetch(slot, true))
            .await;
        slots.state().look_ahead.ended(fetched.as_ref().err());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// In the same breath as the reservation, so that no file is counted twice: as waiting, and in
    /// what is used of a key.
    fn reserved(&mut self, waiting: &mut Waiting, capacity: u64) {
        if let Some(bytes) = waiting.served() {
            self.look_ahead.waits_no_more(bytes);
        }
        self.drop_useless();
        self.drop_beyond(capacity);
    }

    fn drop_useless(&mut self) {
        self.live.retain(|key| {
            let keep = !key.is_expired() && !key.is_spent();
            if !keep {
                key.wipe();
            }
            keep
        });
    }

    /// Of the keys that are in use and have something left, those with the least left go. A key that
    /// is only waiting for given-back shares takes no room, nor does the one fetched ahead.
    fn drop_beyond(&mut self, capacity: u64) {
        loop {
            let counted = self.live.iter().enumerate().filter_map(|(index, key)| {
                let left = key.remainder();
                (left.messages > 0 && left.bytes > 0 && !key.is_untouched()).then_some((left.bytes, index))
            });
            let (count, least) = counted.fold((0_u64, None), |(count, least), next| {
                (count + 1, Some(least.map_or(next, |least| next.min(least))))
            });
            match least {
                Some((_, index)) if count > capacity => self.live.remove(index).wipe(),
                _ => return,
            }
        }
    }
}
