//! The raw AES keyring, against the published format.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use sealdrop::keyring::{
    Keyring, KeyringError, KeyringOptions, RawAesKeyring, RawAesOptions, build, create_key_file,
};
use sealdrop::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

use crate::support::{SUITE, context, unhex};

/// The wrapped key of the worked example that another SDK made with fixed randomness.
fn example() -> (RawAesKeyring, EncryptionContext, EncryptedDataKey) {
    let key: Vec<u8> = (0..32).collect();
    let keyring = RawAesKeyring::new("sealdrop-example", "key-1", &key).unwrap();
    let pairs = [("dept", "ingest"), ("file", "a.txt")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let mut provider_info = b"key-1\0\0\0\x80\0\0\0\x0c".to_vec();
    provider_info.extend(0xa0..=0xab_u8);
    let ciphertext =
        "a6593e6e018e44f82a2ccd984b378e9120fd0b43c6e2143bc4577cdd23f62b5eb0c898f7c477b32282c539ca8fdabd68";
    let copy = EncryptedDataKey {
        provider_id: "sealdrop-example".into(),
        provider_info,
        ciphertext: unhex(ciphertext),
    };
    (keyring, EncryptionContext::from_pairs(pairs).unwrap(), copy)
}

#[tokio::test]
async fn another_sdks_copy_opens() {
    let (keyring, context, copy) = example();
    let data_key = keyring.unwrap(SUITE, &context, &[copy]).await.unwrap();
    assert_eq!(data_key.expose(), (0x40..0x60).collect::<Vec<u8>>());
}

#[tokio::test]
async fn a_copy_that_is_not_ours_is_passed_over_and_a_broken_one_too() {
    let (keyring, context, copy) = example();
    let other = EncryptedDataKey {
        provider_id: "other".into(),
        ..copy.clone()
    };
    let longer_name = EncryptedDataKey {
        provider_info: [b"key-10", &copy.provider_info[5..]].concat(),
        ..copy.clone()
    };
    let mut broken = copy.clone();
    broken.ciphertext[3] ^= 1;
    let strangers = [other, longer_name];
    let error = keyring.unwrap(SUITE, &context, &strangers).await.unwrap_err();
    assert!(matches!(error, KeyringError::NothingUnwrapped));
    let error = keyring
        .unwrap(SUITE, &context, std::slice::from_ref(&broken))
        .await
        .unwrap_err();
    assert!(matches!(error, KeyringError::UnwrapFailed { tried: 1, .. }));
    assert_eq!(error.reason(), "wrong-key");
    assert!(keyring.unwrap(SUITE, &context, &[broken, copy]).await.is_ok());
}

#[tokio::test]
async fn every_suites_key_comes_back_and_only_under_its_encryption_context() {
    for (suite, length) in AlgorithmSuite::ALL
        .into_iter()
        .zip([16, 24, 32].into_iter().cycle())
    {
        let keyring = RawAesKeyring::new("n", "k", &vec![3; length]).unwrap();
        let made = keyring.generate(suite, &context()).await.unwrap();
        let opened = keyring.unwrap(suite, &context(), &made.encrypted).await.unwrap();
        assert_eq!(opened.expose(), made.plaintext.expose());
        let none = EncryptionContext::default();
        assert!(keyring.unwrap(suite, &none, &made.encrypted).await.is_err());
    }
}

#[tokio::test]
async fn wrapping_twice_never_uses_an_iv_twice() {
    let (keyring, context, _) = example();
    let data_key = PlaintextDataKey::generate(SUITE).unwrap();
    let one = keyring.wrap(&data_key, &context).await.unwrap();
    let two = keyring.wrap(&data_key, &context).await.unwrap();
    assert_ne!(one[0].provider_info, two[0].provider_info);
}

fn options(path: std::path::PathBuf) -> RawAesOptions {
    RawAesOptions {
        namespace: "n".into(),
        name: "k".into(),
        key_file: path,
        create: true,
    }
}

#[test]
fn a_key_is_made_once_for_its_owner_only_and_never_where_messages_wait_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let options = options(path.clone());
    let refused = options.ensure_key_file(|| false).unwrap_err().to_string();
    assert!(refused.contains("put it back"), "{refused}");
    assert!(!path.exists());

    let made = options.ensure_key_file(|| true).unwrap().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    assert_eq!(fs::metadata(&path).unwrap().len(), 32);
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left over"
    );
    assert_eq!(options.ensure_key_file(|| panic!("it is there")).unwrap(), None);
    let keyring = RawAesKeyring::open(&options).unwrap();
    assert_eq!(keyring.local_keys()[0].fingerprint, made);

    let before = fs::read(&path).unwrap();
    assert!(
        create_key_file(&path).is_err(),
        "an existing key is never overwritten"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_key_file_that_others_can_read_or_that_is_no_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    let refuses = |what: &str| {
        let error = build(&KeyringOptions::RawAes(options(path.clone()))).unwrap_err();
        assert_eq!(error.reason(), "key-file");
        assert!(error.to_string().contains(what), "{error}");
        assert!(!format!("{error:?}").contains("7, 7"), "the key is in {error:?}");
    };
    refuses("failed to open");
    fs::write(&path, [7; 32]).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    refuses("chmod 0600");
    fs::write(&path, [7; 31]).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    refuses("31 bytes");
    fs::write(&path, vec![7; 100_000]).unwrap();
    refuses("too many");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refuses("not a regular file");
    fs::remove_dir(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    refuses("not a regular file");
}

#[test]
fn a_namespace_that_readers_take_for_aws_kms_is_refused() {
    for namespace in ["", "aws-kms", "aws-kms-hierarchy"] {
        assert!(RawAesKeyring::new(namespace, "k", &[0; 32]).is_err());
    }
    assert!(RawAesKeyring::new("n", "", &[0; 32]).is_err());
}

#[test]
fn no_key_is_in_a_debug_form() {
    let (keyring, ..) = example();
    let text = format!("{keyring:?}");
    assert!(text.contains("key-1") && !text.contains("[0, 1, 2"), "{text}");
}
