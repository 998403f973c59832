//! The AWS Encryption SDK message format, versions 1 and 2.
//!
//! Clauses are cited as `message-header 2.5` and the like after the AWS Encryption SDK specification
//! (`data-format/message-header.md` and its siblings). Nothing here reads a file, awaits or knows AWS.

mod aead;
mod body_aad;
mod body_scanner;
mod context_reader;
mod decryptor;
mod derivation;
mod encrypted_data_key;
mod encryption_context;
mod encryptor;
mod error;
mod frame;
mod frame_opener;
mod frame_sealer;
mod header;
mod header_error;
mod header_reader;
mod header_record;
mod keys;
mod materials;
mod message_end;
mod message_id;
mod options;
mod signature;
mod suite;
mod wire;

pub use aead::{Aead, AeadError, IV_LENGTH, TAG_LENGTH};
pub use body_scanner::{BodyScanner, Piece, Scan};
pub use decryptor::{Decryptor, DecryptorParts};
pub use encrypted_data_key::EncryptedDataKey;
pub use encryption_context::{EncryptionContext, EncryptionContextError, RESERVED_PREFIX};
pub use encryptor::{Encryptor, EncryptorParts};
pub use error::{BodyFault, DecryptError, EncryptError};
pub use frame::{
    FINAL_CONTENT_OFFSET, FINAL_OVERHEAD, FrameLength, REGULAR_CONTENT_OFFSET, REGULAR_OVERHEAD,
    SequenceNumber, SequenceNumbers,
};
pub use frame_opener::FrameOpener;
pub use frame_sealer::FrameSealer;
pub use header::{ContentType, Header, HeaderAuthentication, UnverifiedHeader};
pub use header_error::{HeaderError, HeaderFault};
pub use header_reader::{HeaderProgress, HeaderReader};
pub use header_record::{
    EncryptedDataKeyRecord, HeaderAuthRecord, HeaderRecord, KeyProviderRecord, looks_like_base64,
};
pub use keys::{CommitmentKey, KeyError, PlaintextDataKey};
pub use materials::{DecryptionMaterials, EncryptionMaterials};
pub use message_end::MessageEnd;
pub use message_id::MessageId;
pub use options::{CommitmentPolicy, DecryptOptions};
pub use signature::{
    MessageSigner, MessageVerifier, PUBLIC_KEY, SignatureError, SigningKey, VerificationKey,
};
pub use suite::{AlgorithmSuite, KeyDerivation, MessageVersion, SignatureScheme};
