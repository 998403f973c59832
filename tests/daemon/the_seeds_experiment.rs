//! 200 files, a key service, and how many data keys it takes: the experiment sealdrop grew out of.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::daemon::Site;
use crate::kms::{KmsEmulator, python};

const FILES: usize = 200;
const CACHE: &str = "[data_key_cache]\ncapacity = 1\nmax_age = \"10s\"\nmax_messages_encrypted = 100\n";

fn content(number: usize) -> Vec<u8> {
    format!("{number:05}").repeat(2_000).into_bytes()
}

fn site(kms: &KmsEmulator, key: &str, cache: &str) -> Site {
    let keyring = format!("[keyring.main]\ntype = \"aws-kms\"\nkey = \"{key}\"\n");
    let mut site = Site::with(&format!("{keyring}{cache}"), "");
    site.set_environment(kms.environment().map(|(name, value)| (name, value.to_owned())));
    site
}

/// All files are there before the burst begins, so that it is one.
fn burst(site: &Site) {
    let daemon = site.start();
    let staging = site.root.join("burst");
    fs::create_dir(&staging).unwrap();
    for number in 0..FILES {
        fs::write(staging.join(number.to_string()), content(number)).unwrap();
    }
    for number in 0..FILES {
        fs::rename(
            staging.join(number.to_string()),
            site.input.join(number.to_string()),
        )
        .unwrap();
    }
    daemon.wait_for("sealed", FILES);
    assert!(daemon.stop().success());
}

/// As the seed counts them: `jq ".header.encrypted_data_keys[].encrypted_data_key" out/*.json | sort -u | wc -l`.
fn distinct_data_keys(site: &Site) -> usize {
    let records = site.records();
    assert_eq!(records.len(), FILES);
    let keys = records
        .iter()
        .flat_map(|record| record["header"]["encrypted_data_keys"].as_array().unwrap());
    keys.map(|key| key["encrypted_data_key"].to_string())
        .collect::<BTreeSet<_>>()
        .len()
}

fn cli(python: &Path, kms: &KmsEmulator, arguments: &[&str]) -> Output {
    Command::new(python.with_file_name("aws-encryption-cli"))
        .args(arguments)
        .envs(kms.environment())
        .output()
        .unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn with_the_cache_200_files_cost_2_data_keys_and_aws_encryption_cli_reads_them_all() {
    let Some(python) = python("the_seeds_experiment") else {
        return;
    };
    let Some(kms) = KmsEmulator::start() else { return };
    let key = kms.create_key();
    let site = site(&kms, &key, CACHE);
    burst(&site);
    assert_eq!(distinct_data_keys(&site), 2);
    assert_eq!(kms.calls("GenerateDataKey"), 2);
    assert_eq!(kms.calls("Decrypt"), 0, "the daemon needs no kms:Decrypt");

    let plain = site.root.join("plain");
    fs::create_dir(&plain).unwrap();
    let messages = format!("{}/*.encrypted", text(&site.output));
    let wrapping = format!("key={key}");
    let arguments = [
        "--decrypt",
        "-S",
        "-i",
        &messages,
        "-o",
        text(&plain),
        "--suffix",
        "--wrapping-keys",
        &wrapping,
    ];
    let decrypted = cli(&python, &kms, &arguments);
    assert!(
        decrypted.status.success(),
        "{}",
        String::from_utf8_lossy(&decrypted.stderr)
    );
    for number in 0..FILES {
        let found = fs::read(plain.join(format!("{number}.encrypted"))).unwrap();
        assert_eq!(found, content(number), "file {number}");
    }
}

#[test]
fn without_the_cache_they_cost_200() {
    let Some(kms) = KmsEmulator::start() else { return };
    let key = kms.create_key();
    let site = site(&kms, &key, "");
    burst(&site);
    assert_eq!(distinct_data_keys(&site), FILES);
    assert_eq!(kms.calls("GenerateDataKey"), FILES as u64);
}

#[test]
fn what_aws_encryption_cli_writes_with_our_suite_we_read() {
    let Some(python) = python("the_seeds_experiment") else {
        return;
    };
    let Some(kms) = KmsEmulator::start() else { return };
    let key = kms.create_key();
    let here = site(&kms, &key, "");
    let (plain, message): (PathBuf, PathBuf) = (here.root.join("plain"), here.root.join("message"));
    fs::write(&plain, content(7)).unwrap();
    let wrapping = format!("key={key}");
    let suite = "AES_256_GCM_HKDF_SHA512_COMMIT_KEY";
    let arguments = [
        "--encrypt",
        "-S",
        "-i",
        text(&plain),
        "-o",
        text(&message),
        "--algorithm",
        suite,
        "-w",
        &wrapping,
    ];
    let encrypted = cli(&python, &kms, &arguments);
    assert!(
        encrypted.status.success(),
        "{}",
        String::from_utf8_lossy(&encrypted.stderr)
    );
    assert_eq!(here.decrypt(&message), content(7));
}
