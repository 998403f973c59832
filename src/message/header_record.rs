//! A header as aws-encryption-cli writes it into its metadata: same keys, same encodings.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::header::{MESSAGE_TYPE, WIRE_IV_LENGTH};
use super::{Header, MessageVersion, UnverifiedHeader};

/// The `header` object of a metadata record. Keys stand in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderRecord {
    /// The suite's name.
    pub algorithm: String,
    /// Base64; null in version 1.
    pub commitment_key: Option<String>,
    /// 1 for non-framed, 2 for framed.
    pub content_type: u8,
    /// Sorted by provider id and provider information.
    pub encrypted_data_keys: Vec<EncryptedDataKeyRecord>,
    /// The pairs stored in the message.
    pub encryption_context: BTreeMap<String, String>,
    /// Bytes; 0 for non-framed.
    pub frame_length: u32,
    /// 12; null in version 2.
    pub header_iv_length: Option<u8>,
    /// Base64.
    pub message_id: String,
    /// 128; null in version 2.
    #[serde(rename = "type")]
    pub message_type: Option<u8>,
    /// `1.0` or `2.0`.
    pub version: String,
}

/// One encrypted data key of a metadata record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptedDataKeyRecord {
    /// Base64 of the ciphertext.
    pub encrypted_data_key: String,
    /// Who wrapped it.
    pub key_provider: KeyProviderRecord,
}

/// The key provider of a metadata record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyProviderRecord {
    /// Base64 of the provider information.
    pub key_info: String,
    /// Base64 of the provider id.
    pub provider_id: String,
}

/// The header's authentication, which aws-encryption-cli adds when it decrypts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeaderAuthRecord {
    /// Base64.
    pub iv: String,
    /// Base64.
    pub tag: String,
}

impl From<&Header> for HeaderRecord {
    fn from(header: &Header) -> Self {
        let suite = header.algorithm_suite;
        let version = suite.message_version();
        let only_v1 = |value| (version == MessageVersion::V1).then_some(value);
        let mut keys: Vec<_> = header.encrypted_data_keys.iter().collect();
        keys.sort_by_key(|key| (&key.provider_id, &key.provider_info));
        Self {
            algorithm: suite.name().into(),
            commitment_key: header.commitment_key.map(|key| STANDARD.encode(key.as_bytes())),
            content_type: header.content_type.id(),
            encrypted_data_keys: keys
                .into_iter()
                .map(|key| EncryptedDataKeyRecord {
                    encrypted_data_key: STANDARD.encode(&key.ciphertext),
                    key_provider: KeyProviderRecord {
                        key_info: STANDARD.encode(&key.provider_info),
                        provider_id: STANDARD.encode(&key.provider_id),
                    },
                })
                .collect(),
            encryption_context: header
                .encryption_context
                .iter()
                .map(|(key, value)| (key.into(), value.into()))
                .collect(),
            frame_length: header.content_type.frame_length(),
            header_iv_length: only_v1(WIRE_IV_LENGTH),
            message_id: STANDARD.encode(header.message_id.as_bytes()),
            message_type: only_v1(MESSAGE_TYPE),
            version: format!("{}.0", version.number()),
        }
    }
}

impl From<&UnverifiedHeader> for HeaderAuthRecord {
    fn from(header: &UnverifiedHeader) -> Self {
        let authentication = header.authentication();
        Self {
            iv: STANDARD.encode(authentication.iv),
            tag: STANDARD.encode(authentication.tag),
        }
    }
}

/// Whether bytes that are no message look like one in base64: the first four characters hold the
/// version and the first half of what follows it.
pub fn looks_like_base64(start: &[u8]) -> bool {
    let Some(start) = start.first_chunk::<4>() else {
        return false;
    };
    // Version 1 with its type; version 2 with either of its suites.
    matches!(
        STANDARD.decode(start).as_deref(),
        Ok([1, MESSAGE_TYPE, _] | [2, 0x04 | 0x05, 0x78])
    )
}
