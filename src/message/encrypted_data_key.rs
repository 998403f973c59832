//! The encrypted data key (`framework/structures`, "Encrypted Data Keys").

/// One wrapped copy of the data key, as it stands in the header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EncryptedDataKey {
    /// Who wrapped it: `aws-kms`, or the namespace of a raw keyring.
    pub provider_id: String,
    /// Which key wrapped it: a key ARN, or a raw keyring's name and more.
    pub provider_info: Vec<u8>,
    /// The wrapped data key.
    pub ciphertext: Vec<u8>,
}
