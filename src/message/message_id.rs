//! The message id (`message-header`, "Message ID").

use std::fmt;

use super::{KeyError, MessageVersion};

/// The random bytes that tell one message from every other: 16 in version 1, 32 in version 2, where
/// they are also the salt of the key derivation.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageId {
    bytes: [u8; 32],
    version: MessageVersion,
}

impl MessageId {
    /// A fresh id.
    pub fn generate(version: MessageVersion) -> Result<Self, KeyError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(KeyError::Random)?;
        Ok(Self { bytes, version })
    }

    /// An id from a header; its length says the version.
    pub fn from_bytes(id: &[u8]) -> Option<Self> {
        let version = match id.len() {
            16 => MessageVersion::V1,
            32 => MessageVersion::V2,
            _ => return None,
        };
        let mut bytes = [0; 32];
        bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(Self { bytes, version })
    }

    /// Bytes of an id of this version.
    pub const fn length(version: MessageVersion) -> usize {
        match version {
            MessageVersion::V1 => 16,
            MessageVersion::V2 => 32,
        }
    }

    /// The id as it stands on the wire.
    pub fn as_bytes(&self) -> &[u8] {
        match self.version {
            MessageVersion::V1 => self.bytes.first_chunk::<16>().map_or(&[], |id| id),
            MessageVersion::V2 => &self.bytes,
        }
    }

    /// The header version that such an id belongs to.
    pub fn version(&self) -> MessageVersion {
        self.version
    }
}

/// Hexadecimal.
impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes()
            .iter()
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}
