//! Decryption materials, cached on request: many messages share one encrypted data key.

use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::caching::Cached;
use super::{CacheLimits, MaterialsError, default};
use crate::keyring::Keyring;
use crate::message::{
    AlgorithmSuite, DecryptionMaterials, EncryptedDataKey, EncryptionContext, KeyDerivation,
};

/// Decryption materials from one keyring.
#[derive(Debug)]
pub struct DecryptionManager {
    keyring: Arc<dyn Keyring>,
    cached: Option<(CacheLimits, Cached<CacheId, Entry>)>,
}

/// A digest of all that materials depend on (`caching-cmm`, "Decrypt Materials Cache ID").
type CacheId = [u8; 32];

#[derive(Debug)]
struct Entry {
    expires: Instant,
    materials: Mutex<Option<Arc<DecryptionMaterials>>>,
}

impl Entry {
    fn usable(&self) -> Option<Arc<DecryptionMaterials>> {
        let materials = self.materials.lock().unwrap_or_else(PoisonError::into_inner);
        materials.clone().filter(|_| Instant::now() < self.expires)
    }

    fn wipe(&self) {
        *self.materials.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl DecryptionManager {
    /// Of the limits, only capacity and age count when opening.
    pub fn new(keyring: Arc<dyn Keyring>, cache: Option<CacheLimits>) -> Self {
        let cached = cache.map(|limits| (limits, Cached::new(limits.capacity, Entry::wipe)));
        Self { keyring, cached }
    }

    /// Materials for a message with this suite, this full encryption context and these copies.
    pub async fn decryption_materials(
        &self,
        suite: AlgorithmSuite,
        context: &EncryptionContext,
        encrypted: &[EncryptedDataKey],
    ) -> Result<Arc<DecryptionMaterials>, MaterialsError> {
        let keyring = self.keyring.as_ref();
        let fetch = || default::decryption_materials(keyring, suite, context, encrypted);
        let Some((limits, cache)) = &self.cached else {
            return fetch().await.map(Arc::new);
        };
        if suite.key_derivation() == KeyDerivation::Identity {
            return fetch().await.map(Arc::new);
        }
        let id = cache_id(suite, context, encrypted)?;
        loop {
            let entry = cache
                .get_or_fetch(id, async {
                    let entry = Arc::new(Entry {
                        materials: Mutex::new(Some(Arc::new(fetch().await?))),
                        expires: Instant::now() + limits.max_age,
                    });
                    wipe_in_time(&entry);
                    Ok(entry)
                })
                .await?;
            if let Some(materials) = entry.usable() {
                return Ok(materials);
            }
            cache.remove(id, &entry).await;
        }
    }
}

/// An expired entry goes when it expires, not when somebody next looks.
fn wipe_in_time(entry: &Arc<Entry>) {
    let (weak, expires) = (Arc::downgrade(entry), entry.expires);
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(async move {
            tokio::time::sleep_until(expires).await;
            weak.upgrade().inspect(|entry| entry.wipe());
        });
    }
}

fn cache_id(
    suite: AlgorithmSuite,
    context: &EncryptionContext,
    encrypted: &[EncryptedDataKey],
) -> Result<CacheId, MaterialsError> {
    let context = context
        .serialize()
        .map_err(crate::keyring::KeyringError::EncryptionContext)?;
    let mut copies: Vec<[u8; 32]> = encrypted.iter().map(digest_of).collect();
    copies.sort_unstable(); // some writers keep no order
    let mut hash = Sha256::new();
    hash.update(suite.id().to_be_bytes());
    hash.update(Sha256::digest(context));
    for copy in &copies {
        hash.update(copy);
    }
    Ok(hash.finalize().into())
}

fn digest_of(copy: &EncryptedDataKey) -> [u8; 32] {
    let mut hash = Sha256::new();
    for field in [copy.provider_id.as_bytes(), &copy.provider_info, &copy.ciphertext] {
        hash.update(field.len().to_be_bytes());
        hash.update(field);
    }
    hash.finalize().into()
}
