//! aws-encryption-cli and sealdrop on the same key service: aliases, ids, discovery, replicas, two keys.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::kms::{KmsEmulator, REGION, python};

const CONTENT: &str = "what both sides must agree on";

/// One of the two programs.
struct Program(PathBuf);

fn programs() -> Option<[Program; 2]> {
    let cli = python("interoperability with aws-encryption-cli")?.with_file_name("aws-encryption-cli");
    Some([
        Program(cli),
        Program(PathBuf::from(env!("CARGO_BIN_EXE_sealdrop"))),
    ])
}

impl Program {
    fn is_ours(&self) -> bool {
        self.0.ends_with("sealdrop")
    }

    fn run(&self, emulator: &KmsEmulator, operation: &str, keys: &[&str], from: &Path, to: &Path) -> bool {
        let mut command = Command::new(&self.0);
        if self.is_ours() {
            command.arg(operation);
        } else {
            command.arg(format!("--{operation}"));
        }
        command.args(["--wrapping-keys"]).args(keys);
        command.arg("-S").arg("-i").arg(from).arg("-o").arg(to);
        command
            .envs(emulator.environment())
            .output()
            .unwrap()
            .status
            .success()
    }

    fn seal(&self, emulator: &KmsEmulator, keys: &[&str], folder: &Path) -> PathBuf {
        let (plain, sealed) = (folder.join("plain"), folder.join("sealed"));
        fs::write(&plain, CONTENT).unwrap();
        let _ = fs::remove_file(&sealed);
        assert!(
            self.run(emulator, "encrypt", keys, &plain, &sealed),
            "{:?} seals with {keys:?}",
            self.0
        );
        sealed
    }

    fn opens(&self, emulator: &KmsEmulator, keys: &[&str], sealed: &Path) -> bool {
        let opened = sealed.with_file_name("opened");
        let _ = fs::remove_file(&opened);
        let done = self.run(emulator, "decrypt", keys, sealed, &opened);
        done && fs::read_to_string(opened).unwrap() == CONTENT
    }
}

#[test]
fn whatever_names_the_key_when_sealing_its_arn_opens() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let Some(programs) = programs() else { return };
    let folder = tempfile::tempdir().unwrap();
    let arn = emulator.create_key();
    emulator.create_alias("alias/claims", &arn);
    let id = arn.rsplit('/').next().unwrap();
    let by_arn = format!("key={arn}");
    let region = format!("region={REGION}");
    for seals in &programs {
        for name in [&arn, "alias/claims", id] {
            let sealed = seals.seal(&emulator, &[&format!("key={name}"), &region], folder.path());
            for opens in &programs {
                assert!(opens.opens(&emulator, &[&by_arn], &sealed), "{name}");
            }
        }
        let sealed = seals.seal(&emulator, &[&by_arn], folder.path());
        let filter = |account| ["discovery=true", account, "discovery-partition=aws"];
        for opens in &programs {
            assert!(opens.opens(&emulator, &["discovery=true"], &sealed));
            assert!(opens.opens(&emulator, &filter("discovery-account=123456789012"), &sealed));
            assert!(!opens.opens(&emulator, &filter("discovery-account=210987654321"), &sealed));
        }
    }
}

#[test]
fn two_keys_of_which_one_is_disabled_and_replicas() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let Some(programs) = programs() else { return };
    let folder = tempfile::tempdir().unwrap();
    let keys = [emulator.create_key(), emulator.create_key_in("eu-west-1", false)];
    let both = keys.each_ref().map(|key| format!("key={key}"));
    let both = both.each_ref().map(String::as_str);
    let primary = emulator.create_key_in(REGION, true);
    let replica = emulator.replicate(&primary, "eu-west-1");
    let [primary, replica] = [primary, replica].map(|arn| format!("key={arn}"));
    for seals in &programs {
        let sealed = seals.seal(&emulator, &both, folder.path());
        for opens in &programs {
            assert!(opens.opens(&emulator, &both, &sealed));
            emulator.disable(&keys[0]);
            assert!(opens.opens(&emulator, &both[1..], &sealed));
            assert!(opens.opens(&emulator, &both, &sealed), "the other key opens it");
            assert!(!opens.opens(&emulator, &both[..1], &sealed));
            emulator.enable(&keys[0]);
        }
        let sealed = seals.seal(&emulator, &[&primary], folder.path());
        for opens in &programs {
            assert!(opens.opens(&emulator, &[&replica], &sealed), "with the replica");
            assert!(opens.opens(&emulator, &["discovery=true", "region=eu-west-1"], &sealed));
        }
    }
}
