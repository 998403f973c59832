use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::daemon::Site;

const FRAME: usize = 65_536;

fn content(length: usize) -> Vec<u8> {
    (0..length)
        .map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap())
        .collect()
}

#[test]
fn whatever_its_length_is_and_however_it_is_dropped() {
    let site = Site::new();
    let daemon = site.start();
    let lengths = [0, 1, FRAME - 1, FRAME, FRAME + 1, 2 * FRAME, 5_000_000];
    for (number, length) in lengths.into_iter().enumerate() {
        let source = site.root.join(format!("source {number}"));
        fs::write(&source, content(length)).unwrap();
        let target = site.input.join(length.to_string());
        let status = match number % 3 {
            0 => Command::new("cp").arg(&source).arg(&target).status(),
            1 => Command::new("mv").arg(&source).arg(&target).status(),
            _ => Command::new("sh")
                .args(["-c", "cat \"$1\" > \"$2\"", "sh"])
                .arg(&source)
                .arg(&target)
                .status(),
        };
        assert!(status.unwrap().success());
    }
    daemon.wait_for("sealed", lengths.len());
    for length in lengths {
        let message = site.output.join(format!("{length}.encrypted"));
        assert_eq!(site.decrypt(&message), content(length), "{length} bytes");
    }
    assert_eq!(site.left_in_input(), Vec::<PathBuf>::new());
}

#[test]
fn whatever_its_name_is() {
    let site = Site::new();
    let daemon = site.start();
    let long = [b'n'; 255];
    let names: [&[u8]; 6] = [
        b"with spaces",
        b"new\nline",
        b"\xff\xfe not UTF-8",
        b"-rf",
        b"\"quoted\\",
        &long,
    ];
    for name in names {
        site.drop_file(OsStr::from_bytes(name), name);
    }
    daemon.wait_for("sealed", names.len());
    let records = site.records();
    for name in names {
        let record = records.iter().find(|record| {
            let plaintext = &record["sealdrop"]["plaintext"];
            match plaintext["name_base64"].as_str() {
                Some(exact) => STANDARD.decode(exact).unwrap() == name,
                None => plaintext["name"].as_str().unwrap().as_bytes() == name,
            }
        });
        assert!(record.is_some(), "no record of {:?}", OsStr::from_bytes(name));
        let mut message = name.to_vec();
        message.extend(b".encrypted");
        if message.len() <= 250 {
            let message = site.output.join(std::ffi::OsString::from_vec(message));
            assert_eq!(site.decrypt(&message), name);
        }
    }
    assert_eq!(site.left_in_input(), Vec::<PathBuf>::new());
}

/// Takes a while and twice the room: only with `SEALDROP_LONG=1`.
#[test]
fn of_three_gibibytes() {
    if std::env::var_os("SEALDROP_LONG").is_none() {
        eprintln!(
            "SKIPPED every_kind_of_file_comes_back_bit_for_bit::of_three_gibibytes: SEALDROP_LONG is not set"
        );
        return;
    }
    let site = Site::new();
    let daemon = site.start();
    let shell = "head -c 3221225472 /dev/urandom | tee \"$1\" | sha256sum; mv \"$1\" \"$2\"";
    let made = Command::new("sh")
        .args(["-c", shell, "sh"])
        .arg(site.root.join("big"))
        .arg(&site.input)
        .output()
        .unwrap();
    let expected = String::from_utf8(made.stdout).unwrap();
    daemon.wait_for("sealed", 1);
    let decrypt = "\"$1\" decrypt --config \"$2\" --keyring main -S -q -i \"$3\" -o - | sha256sum";
    let found = Command::new("sh")
        .args(["-c", decrypt, "sh", env!("CARGO_BIN_EXE_sealdrop")])
        .arg(&site.config)
        .arg(site.output.join("big.encrypted"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(found.stdout).unwrap(), expected);
}
