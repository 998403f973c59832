//! The multi-keyring: one data key, a copy under each of several keyrings (`framework/multi-keyring`).

use std::sync::Arc;

use futures_util::future::try_join_all;

use super::{GeneratedDataKey, Keyring, KeyringError, KeyringFuture, KeyringOptions, LocalKey};
use crate::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

/// What a multi-keyring is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MultiOptions {
    /// Makes the data key and wraps it first.
    pub generator: Box<KeyringOptions>,
    /// Wrap it once more each, in this order in the header.
    pub children: Vec<KeyringOptions>,
}

/// Any one of its keyrings opens what it seals; all of them have to be there to seal.
#[derive(Debug)]
pub struct MultiKeyring {
    generator: Arc<dyn Keyring>,
    children: Vec<Arc<dyn Keyring>>,
}

impl MultiKeyring {
    /// Of keyrings already made.
    pub fn new(generator: Arc<dyn Keyring>, children: Vec<Arc<dyn Keyring>>) -> Self {
        Self { generator, children }
    }

    fn all(&self) -> impl Iterator<Item = &Arc<dyn Keyring>> {
        std::iter::once(&self.generator).chain(&self.children)
    }

    async fn wrap_by(
        keyrings: impl Iterator<Item = &Arc<dyn Keyring>>,
        data_key: &PlaintextDataKey,
        context: &EncryptionContext,
    ) -> Result<Vec<EncryptedDataKey>, KeyringError> {
        let copies = try_join_all(keyrings.map(|keyring| keyring.wrap(data_key, context))).await?;
        Ok(copies.into_iter().flatten().collect())
    }
}

impl Keyring for MultiKeyring {
    fn generate<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, GeneratedDataKey> {
        Box::pin(async move {
            let mut generated = self.generator.generate(suite, context).await?;
            let copies = Self::wrap_by(self.children.iter(), &generated.plaintext, context).await?;
            generated.encrypted.extend(copies);
            Ok(generated)
        })
    }

    fn wrap<'a>(
        &'a self,
        data_key: &'a PlaintextDataKey,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, Vec<EncryptedDataKey>> {
        Box::pin(Self::wrap_by(self.all(), data_key, context))
    }

    fn unwrap<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
        encrypted: &'a [EncryptedDataKey],
    ) -> KeyringFuture<'a, PlaintextDataKey> {
        Box::pin(async move {
            let mut failures = Vec::new();
            for keyring in self.all() {
                match keyring.unwrap(suite, context, encrypted).await {
                    Ok(data_key) => return Ok(data_key),
                    Err(KeyringError::NothingUnwrapped) => {}
                    Err(error) => failures.push(error),
                }
            }
            Err(KeyringError::of_attempts(failures))
        })
    }

    fn local_keys(&self) -> Vec<LocalKey> {
        self.all().flat_map(|keyring| keyring.local_keys()).collect()
    }
}
