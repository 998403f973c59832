//! ESDK.NET 4.0.0 derived the keys of version 1 without the message id and authenticated a count of 0
//! where there are no required pairs. Its messages are read like any other, and held as strictly.

use sealdrop::message::{AlgorithmSuite, EncryptionContext, KeyDerivation};

use crate::support::materials::{any_suite, data_key, encryptor, materials};
use crate::support::open;
use crate::support::reference::Message;

fn message(suite: AlgorithmSuite, plaintext: &[u8]) -> Vec<u8> {
    let materials = materials(suite, &[("a", "b")]);
    let header = encryptor(&materials, 16).header().clone();
    let message = Message {
        suite,
        id: header.message_id.as_bytes(),
        data_key: data_key(suite),
        stored: &header.encryption_context,
        only_authenticated: &EncryptionContext::default(),
        encrypted_data_keys: &header.encrypted_data_keys,
        frame_length: 16,
        net_4_0_0: true,
    };
    message.write(plaintext)
}

#[test]
fn with_every_unsigned_suite() {
    for suite in AlgorithmSuite::ALL
        .into_iter()
        .filter(|suite| suite.signature().is_none())
    {
        let message = message(suite, b"written by another");
        assert_eq!(
            open(&message, data_key(suite), &any_suite()).unwrap(),
            b"written by another"
        );
    }
}

#[test]
fn with_no_bit_changed() {
    let suite = AlgorithmSuite::Aes256GcmIv12Tag16HkdfSha256;
    assert_eq!(suite.key_derivation(), KeyDerivation::HkdfSha256);
    let message = message(suite, b"text");
    for bit in 0..message.len() * 8 {
        let mut flipped = message.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(
            open(&flipped, data_key(suite), &any_suite()).is_err(),
            "bit {bit}"
        );
    }
}
