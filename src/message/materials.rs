//! What a cryptographic materials manager hands to the message layer (`framework/structures`).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{
    AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey, SignatureError, SigningKey,
    VerificationKey,
};

/// All that sealing one message needs (`structures`, "Encryption Materials").
#[derive(Debug)]
pub struct EncryptionMaterials {
    /// The suite the message is written with.
    pub algorithm_suite: AlgorithmSuite,
    /// The full encryption context, the format's own pairs included.
    pub encryption_context: EncryptionContext,
    /// The wrapped copies of the data key, in keyring order.
    pub encrypted_data_keys: Vec<EncryptedDataKey>,
    /// The data key itself.
    pub plaintext_data_key: PlaintextDataKey,
    /// The signing key, of a suite that signs; its public half stands in the encryption context.
    pub signing_key: Option<Arc<SigningKey>>,
    /// Keys whose pairs are authenticated with the message but not stored in it.
    pub required_encryption_context_keys: BTreeSet<String>,
}

impl EncryptionMaterials {
    /// Makes the signing key if the suite signs and publishes it in the encryption context: what a
    /// manager does before it asks the keyring (`default-cmm`, "Get Encryption Materials").
    pub fn prepare_signing(
        suite: AlgorithmSuite,
        context: &mut EncryptionContext,
    ) -> Result<Option<Arc<SigningKey>>, SignatureError> {
        let Some(scheme) = suite.signature() else {
            return Ok(None);
        };
        let key = SigningKey::generate(scheme)?;
        key.publish_in(context)?;
        Ok(Some(Arc::new(key)))
    }
}

/// All that opening one message needs (`structures`, "Decryption Materials").
#[derive(Debug)]
pub struct DecryptionMaterials {
    /// The suite the header names.
    pub algorithm_suite: AlgorithmSuite,
    /// The full encryption context: the header's pairs and those the caller had to supply.
    pub encryption_context: EncryptionContext,
    /// The unwrapped data key.
    pub plaintext_data_key: PlaintextDataKey,
    /// The key the signature is checked with, of a suite that signs; only [`DecryptionMaterials::new`]
    /// sets it, so that there are no materials without it.
    pub(super) verification_key: Option<VerificationKey>,
}

impl DecryptionMaterials {
    /// Takes the verification key from the encryption context, where it must be if the suite signs
    /// and must not be otherwise; a manager may check that earlier with [`VerificationKey::from_context`].
    pub fn new(
        algorithm_suite: AlgorithmSuite,
        encryption_context: EncryptionContext,
        plaintext_data_key: PlaintextDataKey,
    ) -> Result<Self, SignatureError> {
        let verification_key = VerificationKey::from_context(algorithm_suite, &encryption_context)?;
        Ok(Self {
            algorithm_suite,
            encryption_context,
            plaintext_data_key,
            verification_key,
        })
    }
}
