//! Vectors in the official `awses-decrypt` manifest form, as far as raw keys go.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealdrop::message::{CommitmentPolicy, DecryptOptions, HeaderReader};
use serde_json::Value;

use super::open;
use super::raw_keys::{Padding, RawKey, pem, unwrap};

/// What became of a manifest's cases.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) read: usize,
    pub(crate) refused: usize,
    /// Names of cases that came out otherwise than the manifest says.
    pub(crate) wrong: Vec<String>,
}

/// Reads every case of a manifest.
pub(crate) fn run(manifest: &Path) -> Outcome {
    let folder = manifest.parent().unwrap();
    let manifest = json(manifest);
    let keys = json(&local(folder, &manifest["keys"]));
    let mut outcome = Outcome::default();
    for (name, case) in manifest["tests"].as_object().unwrap() {
        let opened = read_case(folder, &keys["keys"], case);
        let expected = match &case["result"]["output"]["plaintext"] {
            Value::Null => None,
            uri => Some(std::fs::read(local(folder, uri)).unwrap()),
        };
        match (opened, expected) {
            (Ok(opened), Some(expected)) if opened == expected => outcome.read += 1,
            (Err(_), None) => outcome.refused += 1,
            (Ok(_), _) => outcome.wrong.push(format!("{name}: was read")),
            (Err(error), _) => outcome.wrong.push(format!("{name}: {error}")),
        }
    }
    outcome
}

fn read_case(folder: &Path, keys: &Value, case: &Value) -> Result<Vec<u8>, String> {
    let message = std::fs::read(local(folder, &case["ciphertext"])).unwrap();
    let options = DecryptOptions {
        commitment_policy: CommitmentPolicy::RequireEncryptAllowDecrypt,
        ..DecryptOptions::default()
    };
    let (received, _) = HeaderReader::parse(&message, &options).map_err(|error| error.to_string())?;
    let master_keys = case["master-keys"].as_array().unwrap();
    let namespace = master_keys[0]["provider-id"].as_str().unwrap();
    let raw_keys: Vec<_> = master_keys.iter().map(|key| raw_key(keys, key)).collect();
    let data_key = unwrap(received.header(), namespace, &raw_keys).ok_or("no data key")?;
    open(&message, &data_key, &options).map_err(|error| error.to_string())
}

fn raw_key(keys: &Value, master_key: &Value) -> RawKey {
    assert_eq!(master_key["type"], "raw", "only raw keys can be used here");
    let key = &keys[master_key["key"].as_str().unwrap()];
    let name = key["key-id"].as_str().unwrap().to_owned();
    let material = key["material"].as_str().unwrap();
    if master_key["encryption-algorithm"] == "aes" {
        let key = STANDARD.decode(material).unwrap();
        return RawKey::Aes { name, key };
    }
    let padding = match master_key["padding-algorithm"].as_str().unwrap() {
        "pkcs1" => Padding::Pkcs1,
        _ => Padding::Oaep(master_key["padding-hash"].as_str().unwrap().into()),
    };
    RawKey::Rsa {
        name,
        padding,
        private_key: pem(material),
    }
}

fn local(folder: &Path, uri: &Value) -> PathBuf {
    folder.join(uri.as_str().unwrap().trim_start_matches("file://"))
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
