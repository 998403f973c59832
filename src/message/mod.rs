//! The AWS Encryption SDK message format, versions 1 and 2.
//!
//! Clauses are cited as `message-header 2.5` and the like after the AWS Encryption SDK specification
//! (`data-format/message-header.md` and its siblings). Nothing here reads a file, awaits or knows AWS.

mod encrypted_data_key;
mod encryption_context;
mod keys;
mod materials;
mod signature;
mod suite;

pub use encrypted_data_key::EncryptedDataKey;
pub use encryption_context::{EncryptionContext, EncryptionContextError, RESERVED_PREFIX};
pub use keys::{KeyError, PlaintextDataKey};
pub use materials::{DecryptionMaterials, EncryptionMaterials};
pub use signature::{
    MessageSigner, MessageVerifier, PUBLIC_KEY, SignatureError, SigningKey, VerificationKey,
};
pub use suite::{AlgorithmSuite, KeyDerivation, MessageVersion, SignatureScheme};
