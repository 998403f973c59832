//! What the caller does not allow is refused from the header alone, before any key is unwrapped, with
//! the offset and what was expected there.

use sealdrop::message::{
    AlgorithmSuite, CommitmentPolicy, DecryptOptions, DecryptionMaterials, Decryptor, EncryptedDataKey,
    HeaderProgress, HeaderReader, PlaintextDataKey,
};

use crate::support::materials::{any_suite, data_key, encryptor, materials};
use crate::support::{open, open_onto, seal};

const V2: AlgorithmSuite = AlgorithmSuite::Aes256GcmHkdfSha512CommitKey;
const V1: AlgorithmSuite = AlgorithmSuite::Aes256GcmIv12Tag16HkdfSha256;

fn refusal(message: &[u8], options: &DecryptOptions) -> String {
    HeaderReader::parse(message, options).unwrap_err().to_string()
}

#[test]
fn suites_without_commitment_are_read_only_where_the_policy_says_so() {
    for suite in AlgorithmSuite::ALL {
        let message = seal(encryptor(&materials(suite, &[]), 16), b"text");
        for policy in CommitmentPolicy::ALL {
            let options = DecryptOptions {
                commitment_policy: policy,
                ..DecryptOptions::default()
            };
            let allowed = suite.commits() || policy != CommitmentPolicy::RequireEncryptRequireDecrypt;
            let opened = open(&message, data_key(suite), &options);
            assert_eq!(opened.is_ok(), allowed, "{suite:?} {policy:?}");
            if let Err(error) = opened {
                let cause = std::error::Error::source(&error).unwrap().to_string();
                assert!(
                    cause.contains("byte 2: algorithm suite") && cause.contains(policy.name()),
                    "{cause}"
                );
            }
        }
    }
}

#[test]
fn a_header_read_under_a_laxer_policy_is_still_held_to_the_decryptors_own() {
    let message = seal(encryptor(&materials(V1, &[]), 16), b"text");
    let (received, _) = HeaderReader::parse(&message, &any_suite()).unwrap();
    let context = received.header().encryption_context.clone();
    let key = PlaintextDataKey::from_bytes(V1, data_key(V1)).unwrap();
    let materials = DecryptionMaterials::new(V1, context, key).unwrap();
    assert!(Decryptor::new(received.clone(), &materials, &DecryptOptions::default()).is_err());
    let short = DecryptOptions {
        max_length: Some(15),
        ..any_suite()
    };
    assert!(Decryptor::new(received.clone(), &materials, &short).is_err());
    assert!(Decryptor::new(received, &materials, &any_suite()).is_ok());
}

#[test]
fn more_encrypted_data_keys_than_allowed_are_refused_as_soon_as_they_are_counted() {
    let mut materials = materials(V2, &[]);
    let key = materials.encrypted_data_keys[0].clone();
    materials.encrypted_data_keys = vec![key; 4];
    let message = seal(encryptor(&materials, 16), b"text");
    let at_most = |max| DecryptOptions {
        max_encrypted_data_keys: Some(max),
        ..DecryptOptions::default()
    };
    assert!(HeaderReader::parse(&message, &at_most(4)).is_ok());
    // Version, suite, message id and an empty encryption context stand before the count.
    let expected = "message header, byte 37: expected at most 3 encrypted data keys, found 4";
    assert_eq!(refusal(&message[..39], &at_most(3)), expected);
}

#[test]
fn longer_frames_than_allowed_are_refused() {
    for suite in [V1, V2] {
        let encryptor = encryptor(&materials(suite, &[]), 4097);
        let authentication = if suite == V1 { 12 + 16 } else { 32 + 16 };
        let offset = encryptor.header_bytes().len() - authentication - 4;
        let message = seal(encryptor, b"text");
        let options = DecryptOptions {
            max_length: Some(4096),
            ..any_suite()
        };
        assert_eq!(
            refusal(&message, &options),
            format!("message header, byte {offset}: expected a frame length of at most 4096, found 4097")
        );
    }
}

#[test]
fn a_longer_non_framed_body_than_allowed_is_refused_before_it_is_read() {
    let message = include_bytes!("vectors/crafted/nonframed-0478.bin");
    let (received, length) = HeaderReader::parse(message, &DecryptOptions::default()).unwrap();
    let key = crate::support::crafted::data_key(received.header());
    let options = DecryptOptions {
        max_length: Some(8),
        ..DecryptOptions::default()
    };
    let error = open(&message[..length + 20], &key, &options)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expected a non-framed body of at most 8 bytes"),
        "{error}"
    );
    assert_eq!(
        open(message, &key, &DecryptOptions::default()).unwrap(),
        b"hello world!"
    );
}

#[test]
fn nothing_of_a_non_framed_body_is_released_before_its_tag_holds() {
    let mut message = include_bytes!("vectors/crafted/nonframed-0478.bin").to_vec();
    let (received, _) = HeaderReader::parse(&message, &DecryptOptions::default()).unwrap();
    let key = crate::support::crafted::data_key(received.header());
    *message.last_mut().unwrap() ^= 1;
    let mut released = Vec::new();
    let error = open_onto(&message, &key, &DecryptOptions::default(), &mut released).unwrap_err();
    assert!(
        error.to_string().contains("non-framed body 1 is not authentic"),
        "{error}"
    );
    assert!(released.is_empty());
}

#[test]
fn a_header_without_end_takes_no_more_memory_than_allowed() {
    let mut materials = materials(V2, &[]);
    let key = EncryptedDataKey {
        provider_id: "x".repeat(60_000),
        provider_info: Vec::new(),
        ciphertext: Vec::new(),
    };
    materials.encrypted_data_keys = vec![key; 40];
    let message = seal(encryptor(&materials, 16), b"text");
    let options = DecryptOptions {
        max_header_length: 100_000,
        ..DecryptOptions::default()
    };
    let mut reader = HeaderReader::new(&options);
    let refused = message.chunks(1000).find_map(|piece| match reader.update(piece) {
        Ok(HeaderProgress::NeedMore) => None,
        Ok(HeaderProgress::Complete { .. }) => panic!("a header above the limit was read"),
        Err(error) => Some(error.to_string()),
    });
    assert!(
        refused
            .unwrap()
            .contains("expected a header of at most 100000 bytes")
    );
}

#[test]
fn a_message_in_base64_is_named_as_such() {
    use base64::Engine as _;
    for suite in AlgorithmSuite::ALL {
        let message = seal(encryptor(&materials(suite, &[]), 16), b"text");
        let text = base64::engine::general_purpose::STANDARD.encode(message);
        assert!(
            refusal(text.as_bytes(), &any_suite()).contains("in base64: decode it first"),
            "{suite:?}"
        );
    }
    assert!(refusal(b"ABCDEFGH", &any_suite()).contains("expected version 1 or 2, found 65"));
    assert!(refusal(b"hello", &any_suite()).contains("expected version 1 or 2, found 104"));
}

#[test]
fn an_input_that_ends_in_the_header_says_what_is_missing() {
    let encryptor = encryptor(&materials(V2, &[]), 16);
    let header = encryptor.header_bytes();
    for (length, expected) in [
        (0, "byte 0: expected the version and the algorithm suite"),
        (20, "byte 20: expected the message id"),
        (36, "byte 36: expected the encryption context"),
        (38, "byte 38: expected the number of encrypted data keys"),
        (45, "byte 45: expected an encrypted data key"),
        (
            header.len() - 1,
            "expected the content type, the frame length and the header authentication",
        ),
    ] {
        let error = refusal(&header[..length], &DecryptOptions::default());
        assert!(
            error.contains(expected) && error.contains("found the end of the input"),
            "{error}"
        );
    }
}

#[test]
fn nothing_is_read_after_an_error() {
    let message = seal(encryptor(&materials(V2, &[]), 4), b"0123456789");
    let (received, length) = HeaderReader::parse(&message, &DecryptOptions::default()).unwrap();
    let context = received.header().encryption_context.clone();
    let key = PlaintextDataKey::from_bytes(V2, data_key(V2)).unwrap();
    let materials = DecryptionMaterials::new(V2, context, key).unwrap();
    let mut decryptor = Decryptor::new(received, &materials, &DecryptOptions::default()).unwrap();
    let mut released = Vec::new();
    let body = &message[length..];
    assert!(decryptor.update(&body[36..], &mut released).is_err());
    assert!(decryptor.update(body, &mut released).is_err());
    assert!(decryptor.finish(&mut released).is_err());
    assert!(released.is_empty());
}
