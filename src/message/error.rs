//! Why a message could not be written or read.

use thiserror::Error;

use super::{AeadError, EncryptionContextError, HeaderError, KeyError, SignatureError};

/// Why a message could not be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// Writing always commits to the key.
    #[error(
        "algorithm suite {0} does not commit to its key, and messages are only written with key commitment"
    )]
    NotCommitting(&'static str),
    /// Longer than official readers take.
    #[error("a frame length of {0} bytes is more than official readers take")]
    FrameLength(u32),
    /// The header has no place for this encryption context.
    #[error("cannot write the encryption context")]
    Context(#[source] EncryptionContextError),
    /// A required key that the encryption context does not have, or that is the format's own.
    #[error("encryption context key {0:?} is required, but there is no such pair of the caller's")]
    RequiredKey(String),
    /// The header has no place for these encrypted data keys.
    #[error("a message needs 1 to 65535 encrypted data keys with fields of at most 65535 bytes")]
    EncryptedDataKeys,
    /// The materials' signing key is not the suite's and the encryption context's.
    #[error("the signing key is not the one that algorithm suite and encryption context ask for")]
    SigningKey,
    /// The data key does not fit, or there is no randomness.
    #[error("cannot derive the message's keys")]
    Key(#[from] KeyError),
    /// The signature could not be made.
    #[error("cannot sign the message")]
    Signature(#[from] SignatureError),
    /// A frame could not be encrypted.
    #[error("cannot encrypt")]
    Aead(#[from] AeadError),
    /// The format has no number for another frame.
    #[error("the plaintext has more frames than the format can number: take a larger frame length")]
    TooManyFrames,
    /// A slot that is no frame's size.
    #[error("a frame's slot has {found} bytes where {expected} are needed")]
    Slot {
        /// The frame's size on the wire, or the most it can be.
        expected: usize,
        /// The slot's size.
        found: usize,
    },
}

/// Why a message could not be read. No plaintext that it concerns has been released.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The header is malformed or not allowed.
    #[error("cannot read the message")]
    Header(#[from] HeaderError),
    /// The materials belong to another suite.
    #[error("the decryption materials are for {found}, and the message is {expected}")]
    Suite {
        /// The header's suite.
        expected: &'static str,
        /// The materials' suite.
        found: &'static str,
    },
    /// The materials' encryption context does not hold the header's.
    #[error("encryption context pair {0:?} of the message is not in the decryption materials")]
    Context(String),
    /// A pair that the caller gave and the message stores otherwise.
    #[error("encryption context key {0:?} has another value in the message than the one given")]
    ContextMismatch(String),
    /// The encryption context cannot be serialised for authentication.
    #[error("cannot serialise the encryption context")]
    ContextSize(#[source] EncryptionContextError),
    /// The data key does not fit.
    #[error("cannot derive the message's keys")]
    Key(#[from] KeyError),
    /// The cipher refused the derived key, which has the suite's length: a defect.
    #[error("cannot set up the cipher")]
    Aead(#[from] AeadError),
    /// The header commits to another key.
    #[error("the message commits to another data key than the one unwrapped")]
    Commitment,
    /// The header's tag is wrong.
    #[error("the message header is not authentic: its tag is wrong")]
    HeaderTag,
    /// Something about the signature or its key.
    #[error("cannot verify the signature")]
    Signature(#[from] SignatureError),
    /// The body or the footer is wrong.
    #[error("message byte {offset}: {fault}")]
    Body {
        /// Where the piece begins, counted from the message's first byte.
        offset: u64,
        /// What is wrong.
        fault: BodyFault,
    },
}

/// What is wrong with a body or a footer.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyFault {
    /// The tag of a frame, or of a non-framed body, is wrong.
    #[error("{piece} {sequence_number} is not authentic: its tag is wrong")]
    Tag {
        /// Which kind of piece.
        piece: &'static str,
        /// Its number.
        sequence_number: u32,
    },
    /// A frame is missing, repeated or out of its place.
    #[error("expected frame {expected}, found frame {found}")]
    SequenceNumber {
        /// The next in order.
        expected: u32,
        /// What stands there.
        found: u32,
    },
    /// The final frame is longer than the others.
    #[error("expected a final frame of at most {max} bytes, found {found}")]
    FinalFrameLength {
        /// The frame length.
        max: u32,
        /// The final frame's.
        found: u32,
    },
    /// A non-framed body longer than allowed.
    #[error("expected a non-framed body of at most {max} bytes, found {found}")]
    ContentLength {
        /// The format's or the option's bound.
        max: u64,
        /// The body's.
        found: u64,
    },
    /// The input ends too soon.
    #[error("expected {0}, found the end of the input")]
    Truncated(&'static str),
    /// The footer has no signature in it.
    #[error("expected a signature in the footer, found none")]
    SignatureEmpty,
    /// The message is over, the input is not.
    #[error("expected the end of the input after the message, found more bytes")]
    Trailing,
    /// A call after the end or after an error.
    #[error("expected no more calls after an error")]
    Failed,
}
