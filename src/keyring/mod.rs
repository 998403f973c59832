//! Keyrings: who wraps and unwraps data keys (`framework/keyring-interface`).

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use crate::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

mod error;
pub use error::KeyringError;

/// What a keyring's calls come back with.
pub type KeyringFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, KeyringError>> + Send + 'a>>;

/// A data key and its wrapped copies.
#[derive(Debug)]
pub struct GeneratedDataKey {
    /// The key itself.
    pub plaintext: PlaintextDataKey,
    /// Its copies, the generator's first.
    pub encrypted: Vec<EncryptedDataKey>,
}

/// Something that wraps data keys.
pub trait Keyring: Debug + Send + Sync {
    /// `OnEncrypt` without a data key: makes one and wraps it.
    fn generate<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, GeneratedDataKey>;

    /// `OnEncrypt` with a data key: wraps it once more.
    fn wrap<'a>(
        &'a self,
        data_key: &'a PlaintextDataKey,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, Vec<EncryptedDataKey>>;

    /// `OnDecrypt`: the data key from the first of the copies that this keyring can open.
    fn unwrap<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
        encrypted: &'a [EncryptedDataKey],
    ) -> KeyringFuture<'a, PlaintextDataKey>;
}
