//! Look-ahead through the daemon, with a key service that takes its time: only the first file of a
//! burst waits, and the number of data keys stays what the limits say.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::daemon::{Daemon, kms_keyring};
use crate::fault_proxy::{Fault, FaultProxy};
use crate::kms::KmsEmulator;

/// The files of one burst: how many there are for each data key.
fn burst(daemon: &Daemon, files: usize) -> Vec<usize> {
    let staging = daemon.path("staging");
    fs::create_dir(&staging).unwrap();
    for number in 0..files {
        fs::write(staging.join(format!("file-{number}")), number.to_string()).unwrap();
    }
    for number in 0..files {
        let name = format!("file-{number}");
        fs::rename(staging.join(&name), daemon.path("in").join(&name)).unwrap();
    }
    daemon.wait("the burst", || daemon.records().len() == files);
    let mut keys = BTreeMap::<String, usize>::new();
    for path in daemon.records() {
        let record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let key = &record["header"]["encrypted_data_keys"][0]["encrypted_data_key"];
        *keys.entry(key.as_str().unwrap().to_owned()).or_default() += 1;
    }
    let mut uses: Vec<_> = keys.into_values().collect();
    uses.sort_unstable();
    uses
}

fn daemon(emulator: &KmsEmulator, endpoint: &str, workers: usize, max_messages: usize) -> Daemon {
    let tables = format!("workers = {workers}\n")
        + &kms_keyring(endpoint, &emulator.create_key())
        + &format!(
            "[data_key_cache]\ncapacity = 1\nmax_age = \"10m\"\nmax_messages_encrypted = {max_messages}\n"
        );
    Daemon::start(&tables, &emulator.environment())
}

#[test]
fn only_its_first_file_waits_and_no_key_is_fetched_in_vain() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let proxy = FaultProxy::start(&emulator.endpoint);
    proxy.set(Fault::Latency(Duration::from_millis(40)));
    let daemon = daemon(&emulator, &proxy.endpoint, 1, 120);
    assert_eq!(burst(&daemon, 400), [40, 120, 120, 120]);
    assert_eq!(emulator.calls("GenerateDataKey"), 4);
    assert_eq!(proxy.requests(), 4);
    assert_eq!(daemon.metric("sealdrop_data_keys_generated_total"), 4);
    assert_eq!(daemon.metric("sealdrop_data_keys_fetched_ahead_total"), 3);
    assert_eq!(daemon.metric("sealdrop_data_key_uses_total"), 400);
    assert_eq!(daemon.metric("sealdrop_data_key_waits_total"), 1);
    assert!(daemon.stop().1.success());
}

#[test]
fn files_that_the_key_at_hand_bears_to_the_last_cost_no_other() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let daemon = daemon(&emulator, &emulator.endpoint, 8, 50);
    assert_eq!(burst(&daemon, 200), [50, 50, 50, 50]);
    assert_eq!(daemon.metric("sealdrop_data_keys_generated_total"), 4);
    let (folder, status) = daemon.stop();
    assert!(status.success());
    assert_eq!(
        (emulator.calls("GenerateDataKey"), emulator.calls("Decrypt")),
        (4, 0)
    );

    // and opening them asks once for each key
    let opened = folder.path().join("opened");
    fs::create_dir(&opened).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_sealdrop"))
        .args([
            "decrypt",
            "-r",
            "-S",
            "-q",
            "--caching",
            "capacity=100",
            "max_age=100",
        ])
        .args(["--wrapping-keys", "discovery=true", "-i"])
        .arg(folder.path().join("out"))
        .arg("-o")
        .arg(&opened)
        .envs(emulator.environment())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(fs::read_dir(&opened).unwrap().count(), 200);
    assert_eq!(emulator.calls("Decrypt"), 4);
}
