//! Encryption and decryption materials that do not fit together, the suite or the message are refused,
//! and pairs that are authenticated only bind the message like the others.

use std::collections::BTreeSet;

use sealdrop::message::{
    AlgorithmSuite, DecryptError, DecryptOptions, DecryptionMaterials, Decryptor, EncryptError,
    EncryptionContext, EncryptionMaterials, Encryptor, FrameLength, HeaderReader, KeyError, PlaintextDataKey,
    SignatureScheme, SigningKey,
};

use crate::support::materials::{any_suite, data_key, encryptor, materials};
use crate::support::seal;

const UNSIGNED: AlgorithmSuite = AlgorithmSuite::Aes256GcmHkdfSha512CommitKey;
const SIGNED: AlgorithmSuite = AlgorithmSuite::Aes256GcmHkdfSha512CommitKeyEcdsaP384;

fn context(pairs: &[(&str, &str)]) -> EncryptionContext {
    EncryptionContext::from_pairs(pairs.iter().map(|&(key, value)| (key.into(), value.into()))).unwrap()
}

fn write(materials: &EncryptionMaterials) -> Result<Encryptor, EncryptError> {
    Encryptor::new(materials, FrameLength::default())
}

/// Opens with pairs that the caller supplies; the error as text.
fn open_with(message: &[u8], supplied: &EncryptionContext, key: &[u8]) -> Result<Vec<u8>, String> {
    let opened = || -> Result<_, DecryptError> {
        let (received, length) = HeaderReader::parse(message, &any_suite())?;
        let suite = received.header().algorithm_suite;
        let full = received.header().full_encryption_context(supplied)?;
        let materials = DecryptionMaterials::new(suite, full, PlaintextDataKey::from_bytes(suite, key)?)?;
        let mut decryptor = Decryptor::new(received, &materials, &any_suite())?;
        let mut plaintext = Vec::new();
        decryptor.update(&message[length..], &mut plaintext)?;
        decryptor.finish(&mut plaintext)?;
        Ok(plaintext)
    };
    opened().map_err(|error| error.to_string())
}

#[test]
fn writing_always_commits() {
    for suite in AlgorithmSuite::ALL {
        let written = write(&materials(suite, &[]));
        assert_eq!(written.is_ok(), suite.commits(), "{suite:?}");
    }
}

#[test]
fn a_required_pair_is_authenticated_and_not_stored() {
    for suite in AlgorithmSuite::ALL {
        let mut materials = materials(suite, &[("stored", "1"), ("required", "2")]);
        materials.required_encryption_context_keys = BTreeSet::from(["required".into()]);
        let message = seal(encryptor(&materials, 4096), b"text");
        let key = data_key(suite);
        let (received, _) = HeaderReader::parse(&message, &any_suite()).unwrap();
        assert_eq!(received.header().encryption_context.get("stored"), Some("1"));
        assert_eq!(received.header().encryption_context.get("required"), None);

        assert_eq!(
            open_with(&message, &context(&[("required", "2")]), key),
            Ok(b"text".to_vec())
        );
        let both = context(&[("required", "2"), ("stored", "1")]);
        assert_eq!(open_with(&message, &both, key), Ok(b"text".to_vec()));

        for missing_or_other in [context(&[]), context(&[("required", "3")])] {
            let error = open_with(&message, &missing_or_other, key).unwrap_err();
            assert!(error.contains("the message header is not authentic"), "{error}");
        }
        let error = open_with(&message, &context(&[("stored", "2"), ("required", "2")]), key).unwrap_err();
        assert!(error.contains("\"stored\" has another value"), "{error}");
    }
}

#[test]
fn a_required_key_must_be_a_pair_of_the_callers() {
    for key in ["absent", "aws-crypto-public-key"] {
        let mut materials = materials(SIGNED, &[("present", "")]);
        materials.required_encryption_context_keys = BTreeSet::from([key.into()]);
        assert!(matches!(write(&materials), Err(EncryptError::RequiredKey(missing)) if missing == key));
    }
}

#[test]
fn the_signing_key_is_the_published_one_of_the_suite() {
    let wrong = |change: fn(&mut EncryptionMaterials)| {
        let mut materials = materials(SIGNED, &[]);
        change(&mut materials);
        assert!(matches!(write(&materials), Err(EncryptError::SigningKey)));
    };
    wrong(|materials| materials.signing_key = None);
    wrong(|materials| materials.encryption_context = context(&[]));
    wrong(|materials| materials.algorithm_suite = UNSIGNED);
    wrong(|materials| {
        materials.signing_key = Some(SigningKey::generate(SignatureScheme::EcdsaP384).unwrap().into());
    });
    wrong(|materials| {
        materials.signing_key = Some(SigningKey::generate(SignatureScheme::EcdsaP256).unwrap().into());
    });
}

#[test]
fn a_message_needs_an_encrypted_data_key_and_a_data_key_of_its_suites_length() {
    let mut none = materials(UNSIGNED, &[]);
    none.encrypted_data_keys.clear();
    assert!(matches!(write(&none), Err(EncryptError::EncryptedDataKeys)));
    let mut long = materials(UNSIGNED, &[]);
    long.encrypted_data_keys[0].ciphertext = vec![0; 65_536];
    assert!(matches!(write(&long), Err(EncryptError::EncryptedDataKeys)));
    let mut short = materials(UNSIGNED, &[]);
    let other = AlgorithmSuite::Aes128GcmIv12Tag16;
    short.plaintext_data_key = PlaintextDataKey::from_bytes(other, data_key(other)).unwrap();
    assert!(matches!(
        write(&short),
        Err(EncryptError::Key(KeyError::Length { .. }))
    ));
}

#[test]
fn frames_longer_than_official_readers_take_are_not_written() {
    let too_long = FrameLength::new(FrameLength::MAX_WRITTEN + 1).unwrap();
    let refused = Encryptor::new(&materials(UNSIGNED, &[]), too_long);
    assert!(matches!(refused, Err(EncryptError::FrameLength(_))));
    assert!(FrameLength::new(0).is_none());
}

#[test]
fn decryption_materials_of_another_suite_key_or_context_are_refused() {
    let message = seal(encryptor(&materials(UNSIGNED, &[("a", "b")]), 16), b"text");
    let open = |suite: AlgorithmSuite, context: EncryptionContext, key: &[u8]| {
        let (received, _) = HeaderReader::parse(&message, &DecryptOptions::default()).unwrap();
        let key = PlaintextDataKey::from_bytes(suite, key).unwrap();
        let materials = DecryptionMaterials::new(suite, context, key).unwrap();
        Decryptor::new(received, &materials, &DecryptOptions::default()).map(|_| ())
    };
    let right = context(&[("a", "b")]);
    assert!(open(UNSIGNED, right.clone(), data_key(UNSIGNED)).is_ok());
    let other = AlgorithmSuite::Aes256GcmIv12Tag16;
    assert!(matches!(
        open(other, right.clone(), data_key(other)),
        Err(DecryptError::Suite { .. })
    ));
    assert!(matches!(
        open(UNSIGNED, context(&[]), data_key(UNSIGNED)),
        Err(DecryptError::Context(_))
    ));
    assert!(matches!(
        open(UNSIGNED, right, &[1; 32]),
        Err(DecryptError::Commitment)
    ));
}
