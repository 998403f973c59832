//! Three messages made by the official Python SDK with fixed randomness, suite 0478, raw AES key.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use sealdrop::message::{
    AlgorithmSuite, DecryptOptions, EncryptionContext, EncryptionMaterials, Encryptor, FrameLength,
    HeaderReader, MessageId, PlaintextDataKey,
};
use serde::Deserialize;

use super::hex;

/// The file's fields, bytes in hexadecimal.
#[derive(Deserialize)]
pub(crate) struct Example {
    pub(crate) message: String,
    pub(crate) message_empty: String,
    pub(crate) message_256x128: String,
    pub(crate) data_key: String,
    pub(crate) message_id: String,
    pub(crate) plaintext: String,
}

impl Example {
    pub(crate) fn get() -> &'static Self {
        static EXAMPLE: OnceLock<Example> = OnceLock::new();
        EXAMPLE.get_or_init(|| serde_json::from_str(include_str!("../vectors/worked-example.json")).unwrap())
    }

    pub(crate) fn message(&self) -> Vec<u8> {
        hex::decode(&self.message)
    }

    pub(crate) fn data_key(&self) -> Vec<u8> {
        hex::decode(&self.data_key)
    }

    /// The example's materials with the wrapped data key of its header.
    pub(crate) fn materials(&self) -> EncryptionMaterials {
        let suite = AlgorithmSuite::Aes256GcmHkdfSha512CommitKey;
        let (received, _) = HeaderReader::parse(&self.message(), &DecryptOptions::default()).unwrap();
        let pairs = [("file", "a.txt"), ("dept", "ingest")].map(|(key, value)| (key.into(), value.into()));
        EncryptionMaterials {
            algorithm_suite: suite,
            encryption_context: EncryptionContext::from_pairs(pairs).unwrap(),
            encrypted_data_keys: received.header().encrypted_data_keys.clone(),
            plaintext_data_key: PlaintextDataKey::from_bytes(suite, &self.data_key()).unwrap(),
            signing_key: None,
            required_encryption_context_keys: BTreeSet::new(),
        }
    }

    /// An encryptor whose randomness is the example's.
    pub(crate) fn encryptor(&self, frame_length: u32) -> Encryptor {
        let id = MessageId::from_bytes(&hex::decode(&self.message_id)).unwrap();
        let frame_length = FrameLength::new(frame_length).unwrap();
        Encryptor::with_message_id(&self.materials(), frame_length, id).unwrap()
    }
}
