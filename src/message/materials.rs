//! What a cryptographic materials manager hands to the message layer (`framework/structures`).

use super::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

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
}
