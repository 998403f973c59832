//! Keyrings and materials managers from the settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Error;
use super::message_id;
use super::state::State;
use crate::config::{CacheSettings, DropSettings, Settings};
use crate::keyring::{self, KeyFileError, Keyring, KeyringOptions};
use crate::materials::{CacheLimits, MaterialsManager};

pub(super) type Keyrings = BTreeMap<String, Arc<dyn Keyring>>;

/// Builds every keyring that a drop uses; local keys that may be made are made first.
pub(super) fn build(settings: &Settings, observer: &Arc<State>) -> Result<Keyrings, Error> {
    let mut keyrings = Keyrings::new();
    for drop in &settings.drops {
        let name = &drop.keyring;
        if keyrings.contains_key(name) {
            continue;
        }
        let options = settings
            .keyring_options(name)
            .ok_or_else(|| Error::NoKeyring(name.clone()))?;
        let key_file = |source| Error::KeyFile {
            keyring: name.clone(),
            source,
        };
        // The configuration's check has made sure that no output holds messages of an older key.
        make_key_files(&options).map_err(key_file)?;
        let observer = Arc::<State>::clone(observer);
        let keyring = keyring::build_observed(&options, observer).map_err(|source| Error::Keyring {
            keyring: name.clone(),
            source,
        })?;
        for key in keyring.local_keys() {
            tracing::info!(sealdrop_event = "local_key", message_id = message_id::LOCAL_KEY, sealdrop_key = %key.fingerprint, "local key {:?} of the keyring {name:?}", key.name);
        }
        keyrings.insert(name.clone(), keyring);
    }
    Ok(keyrings)
}

fn make_key_files(options: &KeyringOptions) -> Result<(), KeyFileError> {
    options.ensure_key_files(&|| true).map(drop)
}

/// A drop's materials manager.
pub(super) fn manager(
    keyrings: &Keyrings,
    drop: &DropSettings,
    cache: Option<&CacheSettings>,
) -> Result<MaterialsManager, Error> {
    let keyring = keyrings
        .get(&drop.keyring)
        .ok_or_else(|| Error::NoKeyring(drop.keyring.clone()))?;
    let limits = cache.map(|cache| CacheLimits {
        capacity: cache.capacity.get() as u64,
        max_age: cache.max_age,
        max_messages: cache.max_messages_encrypted.get(),
        max_bytes: cache.max_bytes_encrypted,
    });
    Ok(MaterialsManager::new(
        Arc::clone(keyring),
        drop.algorithm,
        drop.encryption_context.clone(),
        limits,
    ))
}
