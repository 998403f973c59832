//! A look into the log at TRACE, and into the daemon's memory once its data keys have expired.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealdrop::keyring::{Keyring, RawAesKeyring};
use sealdrop::message::{EncryptedDataKey, EncryptionContext};
use serde_json::Value;

use crate::daemon::{Daemon, kms_keyring};
use crate::kms::KmsEmulator;
use crate::support::{SUITE, hex, keyring, kms_options};

const MARKER: &str = "a-plaintext-that-must-not-be-seen-anywhere";
const CACHE: &str = "[data_key_cache]\ncapacity = 1\nmax_age = \"1s\"\nmax_messages_encrypted = 20\n";

/// Everything that the process has in memory, as root may read it; `None`, said loudly, if not.
fn memory(process: u32) -> Option<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps"));
    let opened = fs::File::open(format!("/proc/{process}/mem"));
    let (Ok(maps), Ok(mut file)) = (maps, opened) else {
        eprintln!("SKIPPED the look into the daemon's memory: only root may read it");
        return None;
    };
    let mut bytes = Vec::new();
    for line in maps
        .lines()
        .filter(|line| line.split(' ').nth(1).unwrap().starts_with("rw"))
    {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut region = vec![0; usize::try_from(to - from).unwrap()];
        file.seek(SeekFrom::Start(from)).unwrap();
        if file.read_exact(&mut region).is_ok() {
            bytes.extend(region);
        }
    }
    assert!(bytes.len() > 1 << 20);
    Some(bytes)
}

/// A core dump as root takes one, without its empty pages; `None`, said loudly, where that cannot be.
fn core_dump(daemon: &Daemon) -> Option<Vec<u8>> {
    let process = daemon.process().to_string();
    let taken = Command::new("gcore")
        .arg("-a")
        .arg("-o")
        .arg(daemon.path("core"))
        .arg(&process)
        .output();
    if !taken.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED the look into a core dump: gcore (gdb) is not here, or may not look");
        return None;
    }
    let path = daemon.path(&format!("core.{process}"));
    let mut file = fs::File::open(&path).unwrap();
    let (mut bytes, mut page) = (Vec::new(), [0; 4096]);
    loop {
        let length = file.read(&mut page).unwrap();
        if length == 0 {
            break;
        }
        if page[..length].iter().any(|byte| *byte != 0) {
            bytes.extend(&page[..length]);
        }
    }
    fs::remove_file(path).unwrap();
    assert!(bytes.len() > 1 << 20);
    Some(bytes)
}

/// All that can be had of the daemon's memory.
fn snapshots(daemon: &Daemon) -> Vec<(&'static str, Vec<u8>)> {
    let memory = memory(daemon.process()).map(|bytes| ("memory", bytes));
    let dump = core_dump(daemon).map(|bytes| ("core dump", bytes));
    memory.into_iter().chain(dump).collect()
}

fn count(bytes: &[u8], needle: &[u8]) -> usize {
    let mut found = 0;
    let mut at = 0;
    while let Some(next) = bytes[at..].iter().position(|byte| *byte == needle[0]) {
        at += next;
        found += usize::from(bytes[at..].starts_with(needle));
        at += 1;
    }
    found
}

/// The data keys of all messages, by what stands in their records.
async fn data_keys(daemon: &Daemon, opens: &dyn Keyring) -> Vec<Vec<u8>> {
    let mut copies = BTreeMap::new();
    for path in daemon.records() {
        let record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let copy = &record["header"]["encrypted_data_keys"][0];
        let bytes = |value: &Value| STANDARD.decode(value.as_str().unwrap()).unwrap();
        let copy = EncryptedDataKey {
            provider_id: String::from_utf8(bytes(&copy["key_provider"]["provider_id"])).unwrap(),
            provider_info: bytes(&copy["key_provider"]["key_info"]),
            ciphertext: bytes(&copy["encrypted_data_key"]),
        };
        copies.insert(copy.ciphertext.clone(), copy);
    }
    let none = EncryptionContext::default();
    let mut keys = Vec::new();
    for copy in copies.into_values() {
        let key = opens.unwrap(SUITE, &none, &[copy]).await.unwrap();
        keys.push(key.expose().to_vec());
    }
    keys
}

fn seal_files(daemon: &Daemon) {
    let content = MARKER.repeat(500);
    for number in 0..100 {
        daemon.drop_file(&format!("file-{number}"), content.as_bytes());
    }
    daemon.wait("all files", || daemon.records().len() == 100);
}

/// The secret in the forms that a log could show it in.
fn assert_not_in(log: &str, secret: &[u8]) {
    let decimal = format!("{secret:?}");
    for form in [
        hex(secret),
        STANDARD.encode(secret),
        decimal[1..decimal.len() - 1].to_owned(),
    ] {
        assert!(
            !log.to_ascii_lowercase().contains(&form.to_ascii_lowercase()),
            "{form} is in the log"
        );
    }
    assert_eq!(count(log.as_bytes(), secret), 0);
}

const LOCAL: &str = "[keyring.main]\ntype = \"raw-aes\"\nnamespace = \"tests\"\nname = \"local\"\n\
                     key_file = \"{folder}/key\"\ncreate = true\n";

/// The search finds what is there: else the tests below would show nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_data_key_in_use_is_found() {
    let cache = CACHE.replace("1s", "1h").replace("20", "1000");
    let daemon = Daemon::start(&format!("{LOCAL}{cache}"), &[]);
    let wrapping_key = fs::read(daemon.path("key")).unwrap();
    let opens = RawAesKeyring::new("tests", "local", &wrapping_key).unwrap();
    seal_files(&daemon);
    let keys = data_keys(&daemon, &opens).await;
    assert_eq!(keys.len(), 1);
    for (place, bytes) in snapshots(&daemon) {
        assert!(count(&bytes, &keys[0]) > 0, "the key is not in the {place}");
    }
}

async fn look(daemon: &Daemon, opens: &dyn Keyring) -> Vec<Vec<u8>> {
    seal_files(daemon);
    let keys = data_keys(daemon, opens).await;
    assert!(keys.len() >= 5, "{} keys for 100 files at 20 each", keys.len());
    // nothing tells that the last key has expired and is wiped: that is what is to be shown
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let log = daemon.log();
    assert!(log.matches("sealed").count() >= 100, "{log}");
    assert!(!log.contains(MARKER));
    for key in &keys {
        assert_not_in(&log, key);
    }
    keys
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_local_key() {
    let daemon = Daemon::start(&format!("{LOCAL}{CACHE}"), &[]);
    let wrapping_key = fs::read(daemon.path("key")).unwrap();
    let opens = RawAesKeyring::new("tests", "local", &wrapping_key).unwrap();
    let keys = look(&daemon, &opens).await;
    assert_not_in(&daemon.log(), &wrapping_key);
    for (place, bytes) in snapshots(&daemon) {
        for key in &keys {
            assert_eq!(
                count(&bytes, key),
                0,
                "an expired data key is still in the {place}"
            );
        }
        let plaintexts = count(&bytes, MARKER.as_bytes());
        assert_eq!(plaintexts, 0, "a plaintext is still in the {place}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_aws_kms() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let key = emulator.create_key();
    let tables = kms_keyring(&emulator.endpoint, &key) + CACHE;
    let daemon = Daemon::start(&tables, &emulator.environment());
    let opens = keyring(&kms_options(&emulator.endpoint, &[&key]));
    let keys = look(&daemon, opens.as_ref()).await;
    for (place, bytes) in snapshots(&daemon) {
        for key in &keys {
            assert_eq!(
                count(&bytes, key),
                0,
                "an expired data key is still in the {place}"
            );
        }
        // The form in which the HTTP client and the JSON parser had it: what they free is wiped by the allocator.
        for key in &keys {
            assert_eq!(
                count(&bytes, STANDARD.encode(key).as_bytes()),
                0,
                "an expired data key in base64 is still in the {place}"
            );
        }
    }
}

/// No core file, and no debugger of the same user's.
#[test]
fn the_process_cannot_be_dumped() {
    let daemon = Daemon::start(LOCAL, &[]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.process())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    let status = std::os::unix::fs::MetadataExt::uid(
        &fs::metadata(format!("/proc/{}/environ", daemon.process())).unwrap(),
    );
    assert_eq!(
        status, 0,
        "the files of a process that cannot be dumped belong to root (proc(5))"
    );
}

/// The SDK would log what the key service answers, plaintext data keys included.
#[test]
fn a_daemon_that_is_told_to_log_key_service_answers_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_str().unwrap();
    let key = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012";
    let config = format!(
        "{}[[drop]]\nname = \"drop\"\ninput = \"{root}/in\"\noutput = \"{root}/out\"\nkeyring = \"main\"\ncreate = true\n",
        kms_keyring("http://127.0.0.1:1", key)
    );
    let path = folder.path().join("config.toml");
    fs::write(&path, config).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sealdrop"))
        .args(["run", "--config"])
        .arg(path)
        .env("LOG_SENSITIVE_BODIES", "TRUE")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(String::from_utf8_lossy(&output.stderr).contains("LOG_SENSITIVE_BODIES"));
}
