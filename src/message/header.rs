//! The message header (`message-header`): what it says, and its bytes.

use super::wire::put_field;
use super::{
    AlgorithmSuite, CommitmentKey, DecryptError, EncryptError, EncryptedDataKey, EncryptionContext,
    FrameLength, IV_LENGTH, MessageId, MessageVersion, TAG_LENGTH,
};

/// How the body is laid out (`message-header`, "Content Type").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// One piece under one tag; read, never written.
    NonFramed,
    /// Frames of this length, and a final one that is not longer.
    Framed(FrameLength),
}

impl ContentType {
    /// The byte that names it.
    pub const fn id(self) -> u8 {
        match self {
            Self::NonFramed => 1,
            Self::Framed(_) => 2,
        }
    }

    /// The header's frame length field: 0 for a body that is not framed.
    pub const fn frame_length(self) -> u32 {
        match self {
            Self::NonFramed => 0,
            Self::Framed(length) => length.get(),
        }
    }
}

/// What a header says. Of a message that is read, nothing in it is proven before its tag is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The suite, which also fixes the version.
    pub algorithm_suite: AlgorithmSuite,
    /// The message's own id.
    pub message_id: MessageId,
    /// The encryption context as stored: without the pairs that are only authenticated.
    pub encryption_context: EncryptionContext,
    /// The wrapped copies of the data key, in the order of the header.
    pub encrypted_data_keys: Vec<EncryptedDataKey>,
    /// Framed or not.
    pub content_type: ContentType,
    /// What ties the message to one data key; version 2 only.
    pub commitment_key: Option<CommitmentKey>,
}

/// The `Type` byte of version 1: customer authenticated encrypted data.
pub(super) const MESSAGE_TYPE: u8 = 0x80;
/// The `IV Length` byte of version 1.
pub(super) const WIRE_IV_LENGTH: u8 = 12;

impl Header {
    /// The full encryption context: the stored pairs and those that the caller supplies, which a
    /// message may authenticate without storing them. A pair that is both must be the same.
    pub fn full_encryption_context(
        &self,
        supplied: &EncryptionContext,
    ) -> Result<EncryptionContext, DecryptError> {
        let mut full = self.encryption_context.clone();
        for (key, value) in supplied.iter() {
            match self.encryption_context.get(key) {
                None => full
                    .insert(key.into(), value.into())
                    .map_err(DecryptError::ContextSize)?,
                Some(stored) if stored == value => {}
                Some(_) => return Err(DecryptError::ContextMismatch(key.into())),
            }
        }
        Ok(full)
    }

    /// The header body (`message-header`, "Header Body").
    pub(super) fn serialize(&self) -> Result<Vec<u8>, EncryptError> {
        let mut bytes = Vec::new();
        match self.algorithm_suite.message_version() {
            MessageVersion::V1 => bytes.extend([1, MESSAGE_TYPE]),
            MessageVersion::V2 => bytes.push(2),
        }
        bytes.extend(self.algorithm_suite.id().to_be_bytes());
        bytes.extend(self.message_id.as_bytes());
        let context = self
            .encryption_context
            .serialize()
            .map_err(EncryptError::Context)?;
        put_field(&mut bytes, &context).ok_or(EncryptError::EncryptedDataKeys)?;
        self.put_encrypted_data_keys(&mut bytes)?;
        bytes.push(self.content_type.id());
        if self.algorithm_suite.message_version() == MessageVersion::V1 {
            bytes.extend([0; 4]);
            bytes.push(WIRE_IV_LENGTH);
        }
        bytes.extend(self.content_type.frame_length().to_be_bytes());
        if let Some(key) = &self.commitment_key {
            bytes.extend(key.as_bytes());
        }
        Ok(bytes)
    }

    fn put_encrypted_data_keys(&self, bytes: &mut Vec<u8>) -> Result<(), EncryptError> {
        let count =
            u16::try_from(self.encrypted_data_keys.len()).map_err(|_| EncryptError::EncryptedDataKeys)?;
        if count == 0 {
            return Err(EncryptError::EncryptedDataKeys);
        }
        bytes.extend(count.to_be_bytes());
        for key in &self.encrypted_data_keys {
            for field in [key.provider_id.as_bytes(), &key.provider_info, &key.ciphertext] {
                put_field(bytes, field).ok_or(EncryptError::EncryptedDataKeys)?;
            }
        }
        Ok(())
    }
}

/// The header's authentication (`message-header`, "Header Authentication"): a tag over the header
/// body, and the IV it was made with, which version 2 does not store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderAuthentication {
    /// As on the wire; zero in version 2.
    pub iv: [u8; IV_LENGTH],
    /// The tag.
    pub tag: [u8; TAG_LENGTH],
}

impl HeaderAuthentication {
    /// Bytes on the wire.
    pub const fn length(version: MessageVersion) -> usize {
        match version {
            MessageVersion::V1 => IV_LENGTH + TAG_LENGTH,
            MessageVersion::V2 => TAG_LENGTH,
        }
    }

    pub(super) fn put(&self, version: MessageVersion, bytes: &mut Vec<u8>) {
        if version == MessageVersion::V1 {
            bytes.extend(self.iv);
        }
        bytes.extend(self.tag);
    }
}

/// A header as it was received: nothing of it is proven.
#[derive(Clone, Debug)]
pub struct UnverifiedHeader {
    pub(super) header: Header,
    /// Header body and authentication as received: the tag is over these bytes, not over a second
    /// serialisation, which may differ.
    pub(super) bytes: Vec<u8>,
    pub(super) authentication: HeaderAuthentication,
}

impl UnverifiedHeader {
    /// What the header claims.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Header body and header authentication as received.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The IV and the tag that have yet to be checked.
    pub fn authentication(&self) -> HeaderAuthentication {
        self.authentication
    }

    pub(super) fn body(&self) -> &[u8] {
        let authentication = HeaderAuthentication::length(self.header.algorithm_suite.message_version());
        let length = self.bytes.len().saturating_sub(authentication);
        self.bytes.get(..length).unwrap_or_default()
    }
}
