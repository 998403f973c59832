//! One drop's manager: the caching one where limits are given, else the default one.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::key_slots::{KeySlots, KeySource};
use super::reserved::{CacheOutcome, ReservedMaterials};
use super::waiting::Waiting;
use super::{CacheLimits, MaterialsError};
use crate::keyring::{IgnoreKeyEvents, KeyObserver, Keyring};
use crate::message::{AlgorithmSuite, EncryptionContext, KeyDerivation};

/// Encryption materials for the files of one drop.
#[derive(Debug)]
pub struct MaterialsManager {
    source: Arc<KeySource>,
    cached: Option<(CacheLimits, Arc<KeySlots>)>,
}

impl MaterialsManager {
    /// Without limits each message gets a data key of its own; so does each message of a suite
    /// without key derivation, as a second one under the same key would repeat its IVs.
    pub fn new(
        keyring: Arc<dyn Keyring>,
        suite: AlgorithmSuite,
        context: EncryptionContext,
        cache: Option<CacheLimits>,
    ) -> Self {
        let source = KeySource {
            keyring,
            suite,
            context,
            required_keys: BTreeSet::new(),
            observer: Arc::new(IgnoreKeyEvents),
        };
        let cache = cache.filter(|_| suite.key_derivation() != KeyDerivation::Identity);
        Self::of(source, cache)
    }

    /// With somebody who counts the keys and their uses.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn KeyObserver>) -> Self {
        self.changed(|source| source.observer = observer)
    }

    /// With pairs that are authenticated but not stored in the message, by their keys.
    #[must_use]
    pub fn with_required_keys(self, keys: BTreeSet<String>) -> Self {
        self.changed(|source| source.required_keys = keys)
    }

    fn changed(self, change: impl FnOnce(&mut KeySource)) -> Self {
        let mut source = self.source.as_ref().clone();
        change(&mut source);
        Self::of(source, self.cached.map(|(limits, _)| limits))
    }

    fn of(source: KeySource, cache: Option<CacheLimits>) -> Self {
        let source = Arc::new(source);
        let cached = cache.map(|limits| (limits, KeySlots::new(Arc::clone(&source), limits)));
        Self { source, cached }
    }

    /// Materials for a file of this size, with its share of the data key reserved. A file as large as
    /// a key's whole allowance takes a key of its own and leaves the cached ones alone.
    pub async fn encryption_materials(
        &self,
        plaintext_length: u64,
    ) -> Result<ReservedMaterials, MaterialsError> {
        let mut unannounced = Waiting::default();
        self.encryption_materials_for(&mut unannounced, plaintext_length)
            .await
    }

    /// The same for a file that [`waiting`](Self::waiting) of this manager has announced.
    pub async fn encryption_materials_for(
        &self,
        waiting: &mut Waiting,
        plaintext_length: u64,
    ) -> Result<ReservedMaterials, MaterialsError> {
        let observer = &self.source.observer;
        match &self.cached {
            Some((limits, slots)) if plaintext_length < limits.max_bytes => {
                let share = slots.reserve(plaintext_length, waiting).await?;
                Ok(ReservedMaterials::cached(share, observer))
            }
            cached => {
                let cache = if cached.is_some() {
                    CacheOutcome::Miss
                } else {
                    CacheOutcome::Off
                };
                waiting.withdraw();
                observer.data_key_awaited();
                let materials = self.source.fetch(false).await?;
                Ok(ReservedMaterials::own(materials, cache, observer))
            }
        }
    }

    /// Announces a file that waits for its turn. If those that wait will outrun the current data key,
    /// the next one is fetched while they are being sealed.
    pub fn waiting(&self, plaintext_length: u64) -> Waiting {
        match &self.cached {
            // A file that will take a key of its own is none of them.
            Some((limits, slots)) if plaintext_length < limits.max_bytes => {
                Waiting::counted(slots, plaintext_length)
            }
            _ => Waiting::default(),
        }
    }
}
