//! The cache: moka, asked once for all who wait for the same entry.
//!
//! Ages are judged by us, at use and on a clock that tests can stop; moka's own cannot be given to it.

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;

use moka::future::Cache;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;

use super::MaterialsError;

/// A bounded map whose misses are answered once. Values are shared, and wipe themselves: when moka
/// really drops one is its own affair.
pub(super) struct Cached<K, V>(Cache<K, Arc<V>>);

impl<K, V> Cached<K, V>
where
    K: Hash + Eq + Copy + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    /// At most this many entries, the least recently used leaving first; `evicted` hears of each
    /// entry that leaves in whatever way.
    pub(super) fn new(capacity: u64, evicted: fn(&V)) -> Self {
        Self(
            Cache::builder()
                .max_capacity(capacity)
                .eviction_policy(EvictionPolicy::lru())
                .eviction_listener(move |_, value: Arc<V>, _| evicted(&value))
                .build(),
        )
    }

    /// The entry, or what `fetch` brings; those who come meanwhile wait for the same answer, be it
    /// an error.
    pub(super) async fn get_or_fetch(
        &self,
        key: K,
        fetch: impl Future<Output = Result<Arc<V>, MaterialsError>>,
    ) -> Result<Arc<V>, MaterialsError> {
        self.0
            .try_get_with(key, fetch)
            .await
            .map_err(|error| MaterialsError::clone(&error))
    }

    /// Removes just this entry, not one that has taken its place.
    pub(super) async fn remove(&self, key: K, entry: &Arc<V>) {
        self.0
            .entry(key)
            .and_compute_with(|found| {
                let same = found.is_some_and(|found| Arc::ptr_eq(found.value(), entry));
                std::future::ready(if same { Op::Remove } else { Op::Nop })
            })
            .await;
        self.0.run_pending_tasks().await;
    }
}

impl<K, V> fmt::Debug for Cached<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cached")
    }
}
