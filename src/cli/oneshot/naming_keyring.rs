//! Remembers which wrapped copy of a data key was opened, so that the metadata can name the key.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::keyring::{GeneratedDataKey, Keyring, KeyringError, KeyringFuture};
use crate::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

/// A keyring that offers the copies one by one.
#[derive(Debug)]
pub(super) struct NamingKeyring {
    inner: Arc<dyn Keyring>,
    /// Ciphertexts of the copies that were opened.
    opened: Mutex<HashSet<Vec<u8>>>,
}

impl NamingKeyring {
    pub(super) fn new(inner: Arc<dyn Keyring>) -> Self {
        Self {
            inner,
            opened: Mutex::default(),
        }
    }

    /// The copy among these that was opened, by now or for an earlier message.
    pub(super) fn opened<'k>(&self, copies: &'k [EncryptedDataKey]) -> Option<&'k EncryptedDataKey> {
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        copies.iter().find(|copy| opened.contains(&copy.ciphertext))
    }
}

impl Keyring for NamingKeyring {
    fn generate<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, GeneratedDataKey> {
        self.inner.generate(suite, context)
    }

    fn wrap<'a>(
        &'a self,
        data_key: &'a PlaintextDataKey,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, Vec<EncryptedDataKey>> {
        self.inner.wrap(data_key, context)
    }

    fn unwrap<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
        encrypted: &'a [EncryptedDataKey],
    ) -> KeyringFuture<'a, PlaintextDataKey> {
        Box::pin(async move {
            let mut failures = Vec::new();
            for copy in encrypted {
                match self
                    .inner
                    .unwrap(suite, context, std::slice::from_ref(copy))
                    .await
                {
                    Ok(data_key) => {
                        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
                        opened.insert(copy.ciphertext.clone());
                        return Ok(data_key);
                    }
                    Err(KeyringError::NothingUnwrapped) => {}
                    Err(error) => failures.push(error),
                }
            }
            let most_hopeful = failures.into_iter().min_by_key(KeyringError::severity);
            Err(most_hopeful.unwrap_or(KeyringError::NothingUnwrapped))
        })
    }
}
