//! Keyrings: who wraps and unwraps data keys (`framework/keyring-interface`).
//!
//! A keyring owns its options, plain values that the configuration fills in. [`build`] makes one from
//! them without asking anybody on the network, so that a service that is away cannot delay a start.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use crate::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

mod aws_kms;
mod aws_kms_call;
mod aws_kms_client;
mod aws_kms_error;
mod error;
mod fingerprint;
mod key_arn;
mod key_file;
mod kms_failure;
mod multi;
mod observer;
mod options;
mod pem;
mod raw_aes;
mod raw_rsa;

pub use aws_kms::{AwsKmsKeyring, AwsKmsOptions, Discovery};
pub use aws_kms_client::KmsConnection;
pub use error::{KeyringError, Severity};
pub use fingerprint::{KeyFingerprint, LocalKey};
pub use key_arn::{InvalidKeyArn, KeyArn, KmsKeyId, ResourceType};
pub use key_file::{KeyFileError, create_key_file};
pub use kms_failure::{KmsError, KmsFailure, KmsOperation};
pub use multi::{MultiKeyring, MultiOptions};
pub use observer::{IgnoreKeyEvents, KeyObserver};
pub use options::{KeyringOptions, build, build_observed};
pub use raw_aes::{RawAesKeyring, RawAesOptions};
pub use raw_rsa::{RawRsaKeyring, RawRsaOptions, RsaPadding};

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

    /// The keys that this host holds itself, to be named in the log at start.
    fn local_keys(&self) -> Vec<LocalKey> {
        Vec::new()
    }
}
