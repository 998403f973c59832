//! Materials made without a keyring, and the parts that a message of theirs has.

use std::collections::BTreeSet;

use sealdrop::message::{
    AlgorithmSuite, CommitmentPolicy, DecryptOptions, EncryptedDataKey, EncryptionContext,
    EncryptionMaterials, Encryptor, FrameLength, HeaderReader, MessageId, PlaintextDataKey,
};

use super::seal;

/// The data key of every message made here.
pub(crate) const DATA_KEY: [u8; 32] = [0x5a; 32];

/// Reads every suite.
pub(crate) fn any_suite() -> DecryptOptions {
    DecryptOptions {
        commitment_policy: CommitmentPolicy::RequireEncryptAllowDecrypt,
        ..DecryptOptions::default()
    }
}

/// The data key of a suite.
pub(crate) fn data_key(suite: AlgorithmSuite) -> &'static [u8] {
    &DATA_KEY[..suite.data_key_length()]
}

/// Materials for a suite, with a signing key if it signs.
pub(crate) fn materials(suite: AlgorithmSuite, pairs: &[(&str, &str)]) -> EncryptionMaterials {
    let pairs = pairs.iter().map(|&(key, value)| (key.into(), value.into()));
    let mut context = EncryptionContext::from_pairs(pairs).unwrap();
    let signing_key = EncryptionMaterials::prepare_signing(suite, &mut context).unwrap();
    EncryptionMaterials {
        algorithm_suite: suite,
        encryption_context: context,
        encrypted_data_keys: vec![EncryptedDataKey {
            provider_id: "test".into(),
            provider_info: b"none".to_vec(),
            ciphertext: b"wrapped".to_vec(),
        }],
        plaintext_data_key: PlaintextDataKey::from_bytes(suite, data_key(suite)).unwrap(),
        signing_key,
        required_encryption_context_keys: BTreeSet::new(),
    }
}

/// An encryptor of any suite.
pub(crate) fn encryptor(materials: &EncryptionMaterials, frame_length: u32) -> Encryptor {
    let id = MessageId::generate(materials.algorithm_suite.message_version()).unwrap();
    Encryptor::with_message_id(materials, FrameLength::new(frame_length).unwrap(), id).unwrap()
}

/// A message in its parts, to be put together otherwise.
pub(crate) struct Parts {
    pub(crate) header: Vec<u8>,
    /// Regular frames and then the final one.
    pub(crate) frames: Vec<Vec<u8>>,
    pub(crate) footer: Vec<u8>,
}

impl Parts {
    /// Seals a plaintext and cuts the message up.
    pub(crate) fn of(suite: AlgorithmSuite, frame_length: u32, plaintext: &[u8]) -> Self {
        let message = seal(
            encryptor(&materials(suite, &[("a", "b")]), frame_length),
            plaintext,
        );
        let (_, header_length) = HeaderReader::parse(&message, &any_suite()).unwrap();
        let (header, mut rest) = message.split_at(header_length);
        let mut frames = Vec::new();
        for _ in 0..plaintext.len() / frame_length as usize {
            let (frame, after) = rest.split_at(frame_length as usize + 32);
            frames.push(frame.to_vec());
            rest = after;
        }
        let (last, footer) = rest.split_at(plaintext.len() % frame_length as usize + 40);
        frames.push(last.to_vec());
        Self {
            header: header.to_vec(),
            frames,
            footer: footer.to_vec(),
        }
    }

    /// The message again.
    pub(crate) fn join(&self) -> Vec<u8> {
        [self.header.clone(), self.frames.concat(), self.footer.clone()].concat()
    }

    /// The plaintext that stands whole before a byte of the message, that of the final frame left out.
    pub(crate) fn whole_frames_before(&self, offset: usize) -> usize {
        let regular = &self.frames[..self.frames.len() - 1];
        let mut end = self.header.len();
        let ends = regular.iter().map(|frame| {
            end += frame.len();
            (end, frame.len() - 32)
        });
        ends.filter(|(end, _)| *end <= offset)
            .map(|(_, plaintext)| plaintext)
            .sum()
    }
}
