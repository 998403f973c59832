//! What the official SDKs write is read, and what is written they read: the Python SDK 3 and the
//! aws-encryption-cli on it, the Python SDK 4, the JavaScript SDK. All under one raw AES key.

use std::collections::BTreeMap;
use std::path::Path;

use sealdrop::message::{AlgorithmSuite, HeaderAuthRecord, HeaderReader, HeaderRecord};
use serde_json::{Value, json};

use crate::support::manifest;
use crate::support::materials::{any_suite, encryptor};
use crate::support::peers::{command, count, installed, wrapped, write_messages};
use crate::support::seal;

const WRITTEN: [AlgorithmSuite; 2] = [
    AlgorithmSuite::Aes256GcmHkdfSha512CommitKey,
    AlgorithmSuite::Aes256GcmHkdfSha512CommitKeyEcdsaP384,
];
const PYTHON_3: &str = "target/venv/bin/python";
const PYTHON_4: &str = "target/venv-sdk4/bin/python";
const NODE_SDK: &str = "target/js/node_modules/@aws-crypto/client-node";
const CLI: &str = "target/venv/bin/aws-encryption-cli";

fn all_read(folder: &Path, expected: usize) {
    let outcome = manifest::run(&folder.join("manifest.json"));
    assert_eq!(outcome.wrong, Vec::<String>::new());
    assert_eq!((outcome.read, outcome.refused), (expected, 0));
}

#[test]
fn what_the_python_sdk_3_writes_is_read() {
    let Some(python) = installed(PYTHON_3) else { return };
    let folder = tempfile::tempdir().unwrap();
    let written = count(command(&python).arg("write_sdk3.py").arg(folder.path()));
    // Eleven suites; 4 sizes not framed, 3 for frames of one byte, 6 for each other frame length.
    assert_eq!(written, 11 * (4 + 3 + 3 * 6));
    all_read(folder.path(), written);
}

#[test]
fn what_the_javascript_sdk_writes_is_read() {
    if installed(NODE_SDK).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let written = count(
        command(Path::new("node"))
            .args(["javascript.mjs", "write"])
            .arg(folder.path()),
    );
    assert_eq!(written, 11 * (3 + 2 * 4));
    all_read(folder.path(), written);
}

#[test]
fn the_python_sdk_3_reads_all_suites() {
    let Some(python) = installed(PYTHON_3) else { return };
    let folder = tempfile::tempdir().unwrap();
    let written = write_messages(folder.path(), &AlgorithmSuite::ALL, &[1, 128, 4096, 65536]);
    assert_eq!(
        count(command(&python).arg("read_sdk3.py").arg(folder.path())),
        written
    );
}

#[test]
fn the_python_sdk_4_reads_what_is_written_and_its_required_pairs() {
    let Some(python) = installed(PYTHON_4) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut written = write_messages(folder.path(), &WRITTEN, &[1, 128, 4096, 65536]);
    for suite in WRITTEN {
        let mut materials = wrapped(suite, &[("purpose", "test"), ("tenant", "a")]);
        materials.required_encryption_context_keys.insert("tenant".into());
        let name = format!("required-{:04x}", suite.id());
        let message = seal(encryptor(&materials, 128), b"text");
        std::fs::write(folder.path().join(format!("{name}.encrypted")), message).unwrap();
        std::fs::write(folder.path().join(name), b"text").unwrap();
        written += 1;
    }
    assert_eq!(
        count(command(&python).arg("read_sdk4.py").arg(folder.path())),
        written
    );
}

#[test]
fn the_javascript_sdk_reads_what_is_written() {
    if installed(NODE_SDK).is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let written = write_messages(folder.path(), &WRITTEN, &[1, 128, 4096, 65536]);
    let read = count(
        command(Path::new("node"))
            .args(["javascript.mjs", "read"])
            .arg(folder.path()),
    );
    assert_eq!(read, written);
}

#[test]
fn aws_encryption_cli_reads_what_is_written_and_shows_the_same_header() {
    let Some(cli) = installed(CLI) else { return };
    let folder = tempfile::tempdir().unwrap();
    let [messages, opened] = ["messages", "opened"].map(|name| folder.path().join(name));
    std::fs::create_dir(&messages).unwrap();
    std::fs::create_dir(&opened).unwrap();
    let written = write_messages(&messages, &WRITTEN, &[4096, 65536]);
    let metadata = folder.path().join("metadata.json");
    let output = command(&cli)
        .arg("--decrypt")
        .arg("--input")
        .arg(messages.join("*.encrypted"))
        .arg("--output")
        .arg(&opened)
        .arg("--metadata-output")
        .arg(&metadata)
        .args(["--wrapping-keys", "provider=sealdrop-test-keys", "key=key-1"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let mut read = 0;
    let mut headers = BTreeMap::new();
    for line in std::fs::read_to_string(&metadata).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let input = record["input"].as_str().unwrap().to_owned();
        headers.insert(input, (record["header"].clone(), record["header_auth"].clone()));
    }
    for (input, (header, header_auth)) in headers {
        let message = std::fs::read(&input).unwrap();
        let name = Path::new(&input).file_stem().unwrap().to_str().unwrap();
        let plaintext = std::fs::read(opened.join(format!("{name}.encrypted.decrypted"))).unwrap();
        assert_eq!(plaintext, std::fs::read(messages.join(name)).unwrap(), "{name}");
        let (received, _) = HeaderReader::parse(&message, &any_suite()).unwrap();
        assert_eq!(json!(HeaderRecord::from(received.header())), header);
        assert_eq!(json!(HeaderAuthRecord::from(&received)), header_auth);
        read += 1;
    }
    assert_eq!(read, written);
}
