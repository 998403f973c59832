//! The raw RSA keyring, each padding against a library that is not ours, and the multi-keyring.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sealdrop::keyring::{
    Keyring, KeyringError, KeyringOptions, MultiKeyring, MultiOptions, RawAesOptions, RawRsaKeyring,
    RawRsaOptions, RsaPadding, build, create_key_file,
};
use sealdrop::message::{EncryptedDataKey, PlaintextDataKey};
use serde_json::{Value, json};

use crate::kms;
use crate::support::{CountingKeyring, SUITE, context, hex, unhex as unhex_text};

fn peer(python: &Path, request: &Value) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/rsa-peer.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(request.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the peer refuses {request}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A key pair in files, and as text for the peer.
struct Pair {
    folder: tempfile::TempDir,
    texts: Value,
}

impl Pair {
    fn generate(python: &Path) -> Self {
        let texts = peer(python, &json!({"operation": "generate", "bits": 2048}));
        let pair = Self {
            folder: tempfile::tempdir().unwrap(),
            texts,
        };
        pair.write("private", 0o600);
        pair.write("public", 0o644);
        pair
    }

    fn write(&self, name: &str, mode: u32) {
        let path = self.file(name);
        fs::write(&path, self.texts[name].as_str().unwrap()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn options(&self, padding: RsaPadding, public: bool, private: bool) -> RawRsaOptions {
        RawRsaOptions {
            namespace: "offline".into(),
            name: "vault".into(),
            padding,
            public_key_file: public.then(|| self.file("public")),
            private_key_file: private.then(|| self.file("private")),
        }
    }
}

fn unhex(text: &Value) -> Vec<u8> {
    unhex_text(text.as_str().unwrap())
}

#[tokio::test]
async fn every_padding_agrees_with_another_library_both_ways() {
    let Some(python) = kms::python("raw-rsa against another library") else {
        return;
    };
    let pair = Pair::generate(&python);
    let data_key = PlaintextDataKey::generate(SUITE).unwrap();
    for padding in RsaPadding::ALL {
        assert_eq!(RsaPadding::from_name(padding.name()), Some(padding));
        let seals = RawRsaKeyring::open(&pair.options(padding, true, false)).unwrap();
        let opens = RawRsaKeyring::open(&pair.options(padding, false, true)).unwrap();

        let wrapped = seals.wrap(&data_key, &context()).await.unwrap();
        assert_eq!(wrapped[0].provider_id, "offline");
        assert_eq!(wrapped[0].provider_info, b"vault");
        let mut request = json!({"operation": "unwrap", "padding": padding.name(),
            "hex": hex(&wrapped[0].ciphertext), "private": pair.texts["private"]});
        assert_eq!(unhex(&peer(&python, &request)["hex"]), data_key.expose());

        request = json!({"operation": "wrap", "padding": padding.name(),
            "hex": hex(data_key.expose()), "public": pair.texts["public"]});
        let theirs = EncryptedDataKey {
            ciphertext: unhex(&peer(&python, &request)["hex"]),
            ..wrapped[0].clone()
        };
        let opened = opens.unwrap(SUITE, &context(), &[theirs]).await.unwrap();
        assert_eq!(opened.expose(), data_key.expose());
    }
}

#[tokio::test]
async fn a_host_with_the_public_key_cannot_open_and_one_with_the_private_does_not_seal() {
    let Some(python) = kms::python("raw-rsa halves") else {
        return;
    };
    let pair = Pair::generate(&python);
    let seals = RawRsaKeyring::open(&pair.options(RsaPadding::OaepSha256, true, false)).unwrap();
    let opens = RawRsaKeyring::open(&pair.options(RsaPadding::OaepSha256, false, true)).unwrap();
    let made = seals.generate(SUITE, &context()).await.unwrap();
    let error = seals
        .unwrap(SUITE, &context(), &made.encrypted)
        .await
        .unwrap_err();
    assert!(matches!(error, KeyringError::CannotOpen));
    let error = opens.generate(SUITE, &context()).await.unwrap_err();
    assert!(matches!(error, KeyringError::CannotSeal(_)));
    assert!(opens.unwrap(SUITE, &context(), &made.encrypted).await.is_ok());
    // one fingerprint names the pair on both hosts
    let (sealing, opening) = (&seals.local_keys()[0], &opens.local_keys()[0]);
    assert_eq!(sealing.fingerprint, opening.fingerprint);
    assert_eq!((sealing.opens, opening.opens), (false, true));
    assert!(!format!("{opens:?}").contains("BEGIN"));
}

#[tokio::test]
async fn a_forged_or_foreign_copy_is_a_wrong_key() {
    let Some(python) = kms::python("raw-rsa forgeries") else {
        return;
    };
    let (pair, other) = (Pair::generate(&python), Pair::generate(&python));
    for padding in [RsaPadding::Pkcs1, RsaPadding::OaepSha1] {
        let keyring = RawRsaKeyring::open(&pair.options(padding, true, true)).unwrap();
        let foreign = RawRsaKeyring::open(&other.options(padding, true, true)).unwrap();
        let made = foreign.generate(SUITE, &context()).await.unwrap();
        let error = keyring
            .unwrap(SUITE, &context(), &made.encrypted)
            .await
            .unwrap_err();
        assert_eq!(error.reason(), "wrong-key");
        let mut made = keyring.generate(SUITE, &context()).await.unwrap();
        made.encrypted[0].ciphertext[20] ^= 1;
        assert!(keyring.unwrap(SUITE, &context(), &made.encrypted).await.is_err());
        made.encrypted[0].ciphertext.clear();
        assert!(keyring.unwrap(SUITE, &context(), &made.encrypted).await.is_err());
    }
}

#[test]
fn files_that_are_no_pair_or_not_safe_are_refused() {
    let Some(python) = kms::python("raw-rsa key files") else {
        return;
    };
    let (pair, other) = (Pair::generate(&python), Pair::generate(&python));
    let refuses = |options: RawRsaOptions, what: &str| {
        let error = build(&KeyringOptions::RawRsa(options)).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    };
    let padding = RsaPadding::OaepSha256;
    refuses(pair.options(padding, false, false), "is needed");
    let mut mixed = pair.options(padding, true, true);
    mixed.private_key_file = Some(other.file("private"));
    refuses(mixed, "not one pair");
    let mut swapped = pair.options(padding, true, false);
    swapped.public_key_file = Some(pair.file("private"));
    refuses(swapped, "a private key");
    fs::set_permissions(pair.file("private"), fs::Permissions::from_mode(0o644)).unwrap();
    refuses(pair.options(padding, false, true), "chmod 0600");
    fs::set_permissions(pair.file("public"), fs::Permissions::from_mode(0o666)).unwrap();
    refuses(pair.options(padding, true, false), "chmod 0644");
    let small = peer(&python, &json!({"operation": "generate", "bits": 1024}));
    fs::write(other.file("public"), small["public"].as_str().unwrap()).unwrap();
    refuses(other.options(padding, true, false), "no RSA key of 2048");
    let old = json!({"operation": "generate", "bits": 2048, "form": "TraditionalOpenSSL"});
    let old = peer(&python, &old);
    fs::write(other.file("private"), old["private"].as_str().unwrap()).unwrap();
    refuses(other.options(padding, false, true), "openssl pkcs8");
}

#[tokio::test]
async fn a_multi_keyring_wraps_in_order_and_any_part_opens() {
    let Some(python) = kms::python("multi with raw-rsa") else {
        return;
    };
    let pair = Pair::generate(&python);
    let key_file = pair.file("local");
    create_key_file(&key_file).unwrap();
    let local = KeyringOptions::RawAes(RawAesOptions {
        namespace: "here".into(),
        name: "local".into(),
        key_file,
        create: false,
    });
    let offline =
        |public, private| KeyringOptions::RawRsa(pair.options(RsaPadding::OaepSha512, public, private));
    let multi = build(&KeyringOptions::Multi(MultiOptions {
        generator: Box::new(offline(true, false)),
        children: vec![local.clone()],
    }))
    .unwrap();
    let made = multi.generate(SUITE, &context()).await.unwrap();
    let providers: Vec<_> = made
        .encrypted
        .iter()
        .map(|copy| copy.provider_id.as_str())
        .collect();
    assert_eq!(providers, ["offline", "here"]);
    assert_eq!(multi.local_keys().len(), 2);
    for options in [&local, &offline(false, true)] {
        let part = build(options).unwrap();
        let opened = part.unwrap(SUITE, &context(), &made.encrypted).await.unwrap();
        assert_eq!(opened.expose(), made.plaintext.expose());
    }
    // the public half cannot open and does not keep the other key from it
    assert!(multi.unwrap(SUITE, &context(), &made.encrypted).await.is_ok());
}

#[tokio::test]
async fn if_one_part_cannot_wrap_nothing_is_sealed() {
    let Some(python) = kms::python("multi with raw-rsa") else {
        return;
    };
    let pair = Pair::generate(&python);
    let opens_only = RawRsaKeyring::open(&pair.options(RsaPadding::OaepSha256, false, true)).unwrap();
    let multi = MultiKeyring::new(CountingKeyring::new(Duration::ZERO), vec![Arc::new(opens_only)]);
    let error = multi.generate(SUITE, &context()).await.unwrap_err();
    assert!(matches!(error, KeyringError::CannotSeal(_)));
}
