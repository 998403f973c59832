//! Whatever the suite, the encryption context, the frame length, the plaintext and the pieces in
//! which bytes arrive: what is written is what the specification says, and is read back.

use proptest::prelude::*;
use sealdrop::message::{
    AlgorithmSuite, DecryptionMaterials, Decryptor, EncryptionContext, EncryptionMaterials, HeaderProgress,
    HeaderReader, PlaintextDataKey,
};

use crate::support::materials::{any_suite, data_key, encryptor, materials};
use crate::support::reference::Message;
use crate::support::seal;

/// One message's choices.
#[derive(Debug)]
struct Case {
    suite: AlgorithmSuite,
    pairs: Vec<(String, String)>,
    /// How many of the pairs are authenticated only.
    required: usize,
    frame_length: u32,
    plaintext: Vec<u8>,
    /// Where input is cut into pieces.
    cuts: Vec<prop::sample::Index>,
}

fn cases() -> impl Strategy<Value = Case> {
    let pairs = prop::collection::btree_map("[a-z\u{e9}\u{ffff}\u{10000}]{1,5}", ".{0,20}", 0..5);
    let frame_length = prop_oneof![1..=40_u32, Just(128), Just(4096)];
    let plaintext = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        prop::collection::vec(any::<u8>(), 0..9000),
    ];
    (
        prop::sample::select(&AlgorithmSuite::ALL[..]),
        pairs,
        0..3_usize,
        frame_length,
        plaintext,
        prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    )
        .prop_map(|(suite, pairs, required, frame_length, plaintext, cuts)| Case {
            suite,
            required: required.min(pairs.len()),
            pairs: pairs.into_iter().collect(),
            frame_length,
            plaintext,
            cuts,
        })
}

impl Case {
    fn materials(&self) -> EncryptionMaterials {
        let pairs: Vec<_> = self
            .pairs
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let mut materials = materials(self.suite, &pairs);
        materials.required_encryption_context_keys = self
            .pairs
            .iter()
            .take(self.required)
            .map(|(key, _)| key.clone())
            .collect();
        materials
    }

    /// The same bytes in pieces, empty ones among them.
    fn pieces<'a>(&self, bytes: &'a [u8]) -> Vec<&'a [u8]> {
        let mut cuts: Vec<usize> = self.cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect()
    }

    fn supplied(&self) -> EncryptionContext {
        EncryptionContext::from_pairs(self.pairs.iter().take(self.required).cloned()).unwrap()
    }

    fn open_in_pieces(&self, message: &[u8]) -> Vec<u8> {
        let options = any_suite();
        let mut reader = HeaderReader::new(&options);
        let mut decryptor: Option<Decryptor> = None;
        let mut plaintext = Vec::new();
        for mut piece in self.pieces(message) {
            if decryptor.is_none() {
                match reader.update(piece).unwrap() {
                    HeaderProgress::NeedMore => continue,
                    HeaderProgress::Complete { header, consumed } => {
                        piece = &piece[consumed..];
                        let context = header.header().full_encryption_context(&self.supplied()).unwrap();
                        let key = PlaintextDataKey::from_bytes(self.suite, data_key(self.suite)).unwrap();
                        let materials = DecryptionMaterials::new(self.suite, context, key).unwrap();
                        decryptor = Some(Decryptor::new(*header, &materials, &options).unwrap());
                    }
                }
            }
            decryptor.as_mut().unwrap().update(piece, &mut plaintext).unwrap();
        }
        decryptor.unwrap().finish(&mut plaintext).unwrap();
        plaintext
    }
}

proptest! {
    #[test]
    fn in_any_pieces_written_as_specified_and_read_back(case in cases()) {
        let materials = case.materials();
        let mut in_pieces = encryptor(&materials, case.frame_length);
        let length = in_pieces.message_length(case.plaintext.len() as u64);
        let header = in_pieces.header().clone();
        let mut message = Vec::new();
        for piece in case.pieces(&case.plaintext) {
            in_pieces.update(piece, &mut message).unwrap();
        }
        in_pieces.finish(&mut message).unwrap();
        prop_assert_eq!(message.len() as u64, length);

        let reference = Message {
            suite: case.suite,
            id: header.message_id.as_bytes(),
            data_key: data_key(case.suite),
            stored: &header.encryption_context,
            only_authenticated: &case.supplied(),
            encrypted_data_keys: &materials.encrypted_data_keys,
            frame_length: case.frame_length,
            net_4_0_0: false,
        };
        let footer = case.suite.signature().map_or(0, |scheme| 2 + scheme.signature_length());
        prop_assert_eq!(&message[..message.len() - footer], reference.write(&case.plaintext));

        prop_assert_eq!(case.open_in_pieces(&message), case.plaintext);
    }
}

#[test]
fn byte_by_byte() {
    for suite in AlgorithmSuite::ALL {
        let case = Case {
            suite,
            pairs: vec![("key".into(), "value".into())],
            required: 0,
            frame_length: 5,
            plaintext: (0..13).collect(),
            cuts: Vec::new(),
        };
        let mut bytes = encryptor(&case.materials(), 5);
        let mut message = Vec::new();
        for byte in &case.plaintext {
            bytes.update(std::slice::from_ref(byte), &mut message).unwrap();
        }
        bytes.finish(&mut message).unwrap();

        let options = any_suite();
        let mut reader = HeaderReader::new(&options);
        let mut rest = message.iter();
        let header = rest
            .find_map(|byte| match reader.update(&[*byte]).unwrap() {
                HeaderProgress::NeedMore => None,
                HeaderProgress::Complete { header, consumed } => {
                    assert_eq!(consumed, 1);
                    Some(header)
                }
            })
            .unwrap();
        let key = PlaintextDataKey::from_bytes(suite, data_key(suite)).unwrap();
        let context = header.header().encryption_context.clone();
        let materials = DecryptionMaterials::new(suite, context, key).unwrap();
        let mut decryptor = Decryptor::new(*header, &materials, &options).unwrap();
        let mut plaintext = Vec::new();
        for byte in rest {
            decryptor.update(&[*byte], &mut plaintext).unwrap();
        }
        decryptor.finish(&mut plaintext).unwrap();
        assert_eq!(plaintext, case.plaintext, "{suite:?}");
    }
}

#[test]
fn of_a_plaintext_around_every_frame_boundary() {
    for frame_length in [1_u32, 2, 128, 4096, 65536] {
        for frames in 0..3 {
            for around in [-1_i64, 0, 1] {
                let Ok(length) = usize::try_from(i64::from(frame_length) * frames + around) else {
                    continue;
                };
                let suite = AlgorithmSuite::Aes256GcmHkdfSha512CommitKey;
                let case = Case {
                    suite,
                    pairs: Vec::new(),
                    required: 0,
                    frame_length,
                    plaintext: vec![7; length],
                    cuts: Vec::new(),
                };
                let message = seal(encryptor(&case.materials(), frame_length), &case.plaintext);
                assert_eq!(case.open_in_pieces(&message), case.plaintext);
            }
        }
    }
}
