//! Why some bytes are not a header that may be read.

use thiserror::Error;

use super::{CommitmentPolicy, MessageVersion};

/// Where a header is not as it must be, and what was expected there.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("message header, byte {offset}: {fault}")]
pub struct HeaderError {
    /// Counted from the message's first byte.
    pub offset: usize,
    /// What is wrong.
    pub fault: HeaderFault,
}

/// What is wrong with a header.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderFault {
    /// The input ends inside the header.
    #[error("expected {0}, found the end of the input")]
    Truncated(&'static str),
    /// Neither version.
    #[error("expected version 1 or 2, found {0}")]
    Version(u8),
    /// A message in base64.
    #[error("expected version 1 or 2, found what looks like a message in base64: decode it first")]
    Base64,
    /// Not the only type of version 1.
    #[error("expected message type 0x80, found {0:#04x}")]
    MessageType(u8),
    /// No suite of the AWS Encryption SDK.
    #[error("expected the id of an algorithm suite, found {0:#06x}")]
    AlgorithmSuite(u16),
    /// A suite of the other version.
    #[error("expected an algorithm suite of version {}, found {suite}", .version.number())]
    SuiteOfOtherVersion {
        /// The suite's name.
        suite: &'static str,
        /// The header's version.
        version: MessageVersion,
    },
    /// A suite that the policy does not allow.
    #[error("algorithm suite {suite} does not commit to its key, and the commitment policy {} requires it", .policy.name())]
    Policy {
        /// The suite's name.
        suite: &'static str,
        /// The policy.
        policy: CommitmentPolicy,
    },
    /// The encryption context's count and its length do not agree.
    #[error("expected {pairs} pairs in the encryption context's {length} bytes, found fewer")]
    ContextTooShort {
        /// The count.
        pairs: u16,
        /// The length.
        length: usize,
    },
    /// Bytes after the encryption context's last pair.
    #[error("expected the end of the encryption context after {pairs} pairs, found {left} bytes more")]
    ContextTooLong {
        /// The count.
        pairs: u16,
        /// What follows.
        left: usize,
    },
    /// A key or value, or a provider id, that is not text.
    #[error("expected {0} in UTF-8")]
    Utf8(&'static str),
    /// The same key twice in the encryption context.
    #[error("expected each key of the encryption context once, found {0:?} again")]
    DuplicateKey(String),
    /// No encrypted data key.
    #[error("expected at least one encrypted data key, found none")]
    NoEncryptedDataKey,
    /// More encrypted data keys than the caller allows.
    #[error("expected at most {max} encrypted data keys, found {found}")]
    TooManyEncryptedDataKeys {
        /// The option's value.
        max: usize,
        /// The header's count.
        found: usize,
    },
    /// Longer than the caller allows.
    #[error("expected a header of at most {0} bytes, found a longer one")]
    TooLong(usize),
    /// Neither framed nor non-framed.
    #[error("expected content type 1 or 2, found {0}")]
    ContentType(u8),
    /// Version 1's reserved bytes.
    #[error("expected four reserved zero bytes, found {0:#010x}")]
    Reserved(u32),
    /// Version 1's IV length.
    #[error("expected an IV length of 12, found {0}")]
    IvLength(u8),
    /// A framed message without a frame length.
    #[error("expected a frame length above 0 in a framed message, found 0")]
    FrameLengthZero,
    /// A non-framed message with one.
    #[error("expected a frame length of 0 in a non-framed message, found {0}")]
    FrameLengthUnframed(u32),
    /// Longer frames than the caller allows.
    #[error("expected a frame length of at most {max}, found {found}")]
    FrameLengthTooLong {
        /// The option's value.
        max: u64,
        /// The header's.
        found: u32,
    },
}
