//! What a failing key service means for the files: they stay where they are, whole, and go when it is back.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::daemon::{Daemon, kms_keyring};
use crate::fault_proxy::{Fault, FaultProxy};
use crate::kms::KmsEmulator;

#[test]
fn each_fault_holds_the_file_in_place_is_said_once_and_passes() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let proxy = FaultProxy::start(&emulator.endpoint);
    let tables = kms_keyring(&proxy.endpoint, &emulator.create_key())
        + "attempt_timeout = \"1s\"\noperation_timeout = \"2s\"\n";
    let daemon = Daemon::start(&tables, &emulator.environment());
    for (number, (fault, reason)) in [
        (Fault::Refuse, "kms-unreachable"),
        (Fault::Reset, "kms-unreachable"),
        (Fault::HalfAnswer, "kms-unreachable"),
        (Fault::service(400, "ThrottlingException"), "kms-throttled"),
        (Fault::service(500, "KMSInternalException"), "kms-unavailable"),
        (Fault::service(400, "ExpiredTokenException"), "kms-credentials"),
        (Fault::service(400, "AccessDeniedException"), "kms-access-denied"),
        (Fault::service(400, "DisabledException"), "kms-key-disabled"),
        (Fault::service(400, "NotFoundException"), "kms-key-not-found"),
        (Fault::Hang, "kms-timeout"),
    ]
    .into_iter()
    .enumerate()
    {
        let (name, content) = (format!("file-{number}"), format!("content {number}"));
        proxy.set(fault.clone());
        daemon.drop_file(&name, content.as_bytes());
        let said = |text: &str| daemon.log().lines().filter(|line| line.contains(text)).count();
        daemon.wait(&format!("{fault:?} to be said"), || {
            said("no data key is to be had") == number + 1
        });
        let log = daemon.log();
        let line = log.lines().rfind(|line| line.contains("no data key")).unwrap();
        assert!(line.contains(&format!("reason=\"{reason}\"")), "{line}");

        // a second for a daemon that spins to show it: three calls of three attempts fit into it
        std::thread::sleep(Duration::from_secs(1));
        assert!(
            proxy.requests() <= 12,
            "{} requests during {fault:?}",
            proxy.requests()
        );
        assert_eq!(
            fs::read_to_string(daemon.path("in").join(&name)).unwrap(),
            content
        );
        assert_eq!(
            said("no data key is to be had"),
            number + 1,
            "said once an outage"
        );
        assert_held(&daemon, number, reason);

        proxy.set(Fault::None);
        daemon.wait(&format!("the file after {fault:?}"), || {
            daemon.records().len() == number + 1
        });
        assert_eq!(daemon.waiting(), 0);
        daemon.wait("the recovery to be said", || {
            said("data keys are to be had again") == number + 1
        });
        assert_sealed(&daemon, number + 1);
    }
    assert_eq!(
        daemon.metric("sealdrop_kms_request_seconds_count"),
        all_requests(&daemon)
    );
    assert_eq!(emulator.calls("Decrypt"), 0);
    assert!(daemon.stop().1.success());
}

const FAILED: &str = "sealdrop_files_failed_total{reason=\"no_data_key\"}";

fn requests(daemon: &Daemon, result: &str) -> u64 {
    let name = "sealdrop_kms_requests_total";
    daemon.metric(&format!(
        "{name}{{operation=\"GenerateDataKey\",result=\"{result}\"}}"
    ))
}

fn all_requests(daemon: &Daemon) -> u64 {
    let reasons = [
        "unreachable",
        "throttled",
        "unavailable",
        "credentials",
        "access-denied",
    ];
    let more = ["key-disabled", "key-not-found", "timeout"];
    let failed = reasons
        .iter()
        .chain(&more)
        .map(|reason| requests(daemon, &format!("kms-{reason}")));
    failed.sum::<u64>() + requests(daemon, "ok")
}

/// What the metrics say of one held file, with so many sealed before.
fn assert_held(daemon: &Daemon, sealed: usize, reason: &str) {
    let sealed = sealed as u64;
    assert_eq!(daemon.metric("sealdrop_files_held"), 1, "during {reason}");
    assert_eq!(daemon.metric("sealdrop_queue_files"), 0, "during {reason}");
    assert!(daemon.metric("sealdrop_oldest_plaintext_age_seconds") > 0);
    assert!(
        daemon.metric(FAILED) > sealed,
        "each held file has failed at least once"
    );
    assert!(requests(daemon, reason) >= 1, "{reason} is counted");
    assert_eq!(requests(daemon, "ok"), sealed);
    assert_eq!(daemon.metric("sealdrop_data_keys_generated_total"), sealed);
    assert_eq!(daemon.metric("sealdrop_files_sealed_total"), sealed);
}

/// And afterwards.
fn assert_sealed(daemon: &Daemon, sealed: usize) {
    let sealed = sealed as u64;
    daemon.wait("the file to be counted", || {
        daemon.metric("sealdrop_files_sealed_total") == sealed
    });
    assert_eq!(daemon.metric("sealdrop_files_held"), 0);
    assert_eq!(daemon.metric("sealdrop_queue_files"), 0);
    assert_eq!(daemon.metric("sealdrop_oldest_plaintext_age_seconds"), 0);
    assert_eq!(requests(daemon, "ok"), sealed);
    assert_eq!(daemon.metric("sealdrop_data_keys_generated_total"), sealed);
    assert_eq!(daemon.metric("sealdrop_data_key_uses_total"), sealed);
}

/// Waits as long as files go on being sealed: a slow disk is not a stuck daemon.
fn drain(daemon: &Daemon, total: usize) {
    let sealed = || daemon.metric("sealdrop_files_sealed_total");
    let total = total as u64;
    while sealed() < total {
        let before = sealed();
        daemon.wait("another file of the backlog", || sealed() > before);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// With `SEALDROP_LONG=1` the outage takes ten minutes.
#[test]
fn an_outage_under_a_steady_drop_loses_nothing_and_drains() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let proxy = FaultProxy::start(&emulator.endpoint);
    let key = emulator.create_key();
    let tables = kms_keyring(&proxy.endpoint, &key)
        + "[data_key_cache]\ncapacity = 1\nmax_age = \"2s\"\nmax_messages_encrypted = 100\n";
    let daemon = Daemon::start(&tables, &emulator.environment());
    let long = std::env::var_os("SEALDROP_LONG").is_some();
    let outage = Duration::from_secs(if long { 600 } else { 6 });
    let mut dropped = 0;
    let mut steady = |time: Duration| {
        let since = Instant::now();
        while since.elapsed() < time {
            daemon.drop_file(
                &format!("file-{dropped}"),
                format!("content {dropped}").as_bytes(),
            );
            dropped += 1;
            std::thread::sleep(Duration::from_millis(25));
        }
        dropped
    };
    steady(Duration::from_secs(1));
    proxy.set(Fault::Refuse);
    let during = steady(outage);
    let held = daemon.waiting();
    assert!(
        held > during / 2,
        "only {held} of {during} files wait for the key service"
    );
    proxy.set(Fault::None);
    let total = steady(Duration::from_secs(1));
    drain(&daemon, total);
    assert_eq!((daemon.records().len(), daemon.waiting()), (total, 0));
    assert_eq!(daemon.metric("sealdrop_files_held"), 0);
    eprintln!("{during} files before the end of the outage, {held} of them held, {total} sealed");

    let keys: BTreeSet<String> = daemon
        .records()
        .iter()
        .map(|path| encrypted_data_key(path))
        .collect();
    // A key lives for two seconds here: where the disk stalls for as long, one ages out before its first message.
    let fetched = emulator.calls("GenerateDataKey");
    let in_vain = fetched - keys.len() as u64;
    assert!(
        in_vain <= 1 + fetched / 10,
        "{in_vain} of {fetched} keys were fetched in vain"
    );
    assert_eq!(daemon.metric("sealdrop_data_keys_generated_total"), fetched);
    let (folder, status) = daemon.stop();
    assert!(status.success());
    let opened = folder.path().join("opened");
    fs::create_dir(&opened).unwrap();
    let status = Command::new(env!("CARGO_BIN_EXE_sealdrop"))
        .args(["decrypt", "-r", "-S", "--suffix", "--strip-suffix", ".encrypted"])
        .args(["--caching", "capacity=1000", "max_age=100"])
        .arg("--wrapping-keys")
        .arg(format!("key={key}"))
        .arg("-o")
        .arg(&opened)
        .arg("-i")
        .arg(folder.path().join("out"))
        .envs(emulator.environment())
        .status()
        .unwrap();
    assert!(status.success());
    for number in 0..total {
        let content = fs::read_to_string(opened.join(format!("file-{number}"))).unwrap();
        assert_eq!(content, format!("content {number}"));
    }
    assert_eq!(
        emulator.calls("Decrypt"),
        keys.len() as u64,
        "one call for each data key"
    );
}

fn encrypted_data_key(record: &std::path::Path) -> String {
    let record: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    let key = &record["header"]["encrypted_data_keys"][0]["encrypted_data_key"];
    key.as_str().unwrap().to_owned()
}
