//! Every published or generated vector is read, or refused, as its manifest says.
//!
//! The large sets lie outside the project: `SEALDROP_VECTORS`, or `../shared/vectors`. Where they
//! are, they are counted, so that a case cannot go missing.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealdrop::message::{CommitmentPolicy, DecryptOptions, HeaderReader};

use crate::support::manifest::{self, json};
use crate::support::raw_keys::{RawKey, unwrap};
use crate::support::{hex, open};

/// Why each crafted message that must be refused is: for its own fault, and not for another.
const REASONS: [(&str, &str); 23] = [
    (
        "v1-with-0478.bin",
        "byte 2: expected an algorithm suite of version 1",
    ),
    (
        "suite-0479.bin",
        "byte 1: expected the id of an algorithm suite, found 0x0479",
    ),
    ("v1-type-81.bin", "byte 1: expected message type 0x80, found 0x81"),
    (
        "framed-length-0.bin",
        "byte 143: expected a frame length above 0 in a framed message",
    ),
    (
        "nonframed-length-16.bin",
        "byte 143: expected a frame length of 0 in a non-framed message, found 16",
    ),
    (
        "zero-edks.bin",
        "byte 45: expected at least one encrypted data key",
    ),
    (
        "ec-duplicate-key.bin",
        "byte 45: expected each key of the encryption context once, found \"k\" again",
    ),
    (
        "ec-trailing-bytes.bin",
        "byte 45: expected the end of the encryption context after 1 pairs, found 1 byte",
    ),
    (
        "ec-count-zero-with-data.bin",
        "expected the end of the encryption context after 0 pairs, found 4 bytes",
    ),
    (
        "ec-bad-utf8.bin",
        "byte 39: expected a key of the encryption context in UTF-8",
    ),
    ("provider-id-bad-utf8.bin", "expected a key provider id in UTF-8"),
    ("commitment-wrong.bin", "commits to another data key"),
    (
        "sequence-starts-at-2.bin",
        "byte 195: expected frame 1, found frame 2",
    ),
    ("sequence-gap.bin", "byte 243: expected frame 2, found frame 3"),
    ("sequence-repeat.bin", "byte 243: expected frame 2, found frame 1"),
    (
        "final-longer-than-frame.bin",
        "expected a final frame of at most 16 bytes, found 17",
    ),
    ("trailing-byte.bin", "byte 247: expected the end of the input"),
    ("two-messages.bin", "byte 247: expected the end of the input"),
    ("aes-info-name-prefix.bin", "no data key"),
    ("wrapped-under-unsorted-ec.bin", "no data key"),
    ("signed-uncompressed-point.bin", "cannot verify the signature"),
    (
        "signed-footer-length-0.bin",
        "byte 334: expected a signature in the footer",
    ),
    (
        "signed-footer-trailing.bin",
        "byte 439: expected the end of the input",
    ),
];

fn outside(set: &str) -> Option<PathBuf> {
    let root = std::env::var_os("SEALDROP_VECTORS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"),
        PathBuf::from,
    );
    let path = root.join(set);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED {set}: there is no {path:?}");
    None
}

#[test]
fn messages_of_the_python_sdk_over_all_suites_and_raw_keys() {
    let Some(path) = outside("generated-python-3.3.1/manifest.json") else {
        return;
    };
    let outcome = manifest::run(&path);
    assert_eq!(outcome.wrong, Vec::<String>::new());
    assert_eq!((outcome.read, outcome.refused), (248, 107));
}

#[test]
fn official_commitment_vectors() {
    let Some(path) = outside("commitment/commitment-test-vectors.json") else {
        return;
    };
    let vectors = json(&path);
    let decode = |text: &serde_json::Value| STANDARD.decode(text.as_str().unwrap()).unwrap();
    let (mut read, mut refused) = (0, 0);
    for case in vectors["tests"].as_array().unwrap() {
        let message = decode(&case["ciphertext"]);
        let opened = open(
            &message,
            &decode(&case["decrypted-dek"]),
            &DecryptOptions::default(),
        );
        if case["status"] == true {
            let frames = case["plaintext-frames"].as_array().unwrap();
            let plaintext: String = frames.iter().map(|frame| frame.as_str().unwrap()).collect();
            assert_eq!(opened.unwrap(), plaintext.as_bytes(), "{}", case["comment"]);
            read += 1;
        } else {
            let error = opened.unwrap_err().to_string();
            assert!(error.contains("commits to another data key"), "{error}");
            refused += 1;
        }
    }
    assert_eq!((read, refused), (41, 5));
}

#[test]
fn messages_crafted_with_valid_tags_and_unusual_or_wrong_structure() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/message/vectors/crafted");
    let manifest = json(&folder.join("manifest.json"));
    let key = RawKey::Aes {
        name: manifest["key_name"].as_str().unwrap().into(),
        key: hex::decode(manifest["wrapping_key"].as_str().unwrap()),
    };
    let keys = [key];
    let options = DecryptOptions {
        commitment_policy: CommitmentPolicy::RequireEncryptAllowDecrypt,
        ..DecryptOptions::default()
    };
    let (mut read, mut refused) = (0, 0);
    for case in manifest["cases"].as_array().unwrap() {
        let name = case["file"].as_str().unwrap();
        let message = std::fs::read(folder.join(name)).unwrap();
        let opened = HeaderReader::parse(&message, &options)
            .map_err(|error| error.to_string())
            .and_then(|(received, _)| {
                unwrap(received.header(), manifest["namespace"].as_str().unwrap(), &keys)
                    .ok_or("no data key".into())
            })
            .and_then(|key| open(&message, &key, &options).map_err(|error| error.to_string()));
        if case["expect"] == "accept" {
            let plaintext = STANDARD.decode(case["plaintext"].as_str().unwrap()).unwrap();
            assert_eq!(opened, Ok(plaintext), "{name}");
            read += 1;
        } else {
            let error = opened.expect_err(name);
            let (_, reason) = REASONS.iter().find(|(case, _)| *case == name).unwrap();
            assert!(error.contains(reason), "{name}: {error}");
            refused += 1;
        }
    }
    assert_eq!((read, refused), (13, 23));
}
