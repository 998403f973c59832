//! The official SDKs, as `tests/setup` installs them under `target/`.

use std::path::{Path, PathBuf};
use std::process::Command;

use sealdrop::message::{Aead, AlgorithmSuite, EncryptedDataKey, EncryptionMaterials};

use super::materials::{data_key, encryptor, materials};
use super::seal;

/// A path in the project.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A program of a peer, or `None` and a loud word if it is not installed.
pub(crate) fn installed(program: &str) -> Option<PathBuf> {
    let path = project(program);
    if path.exists() {
        return Some(path);
    }
    eprintln!("SKIPPED a peer: {path:?} is not there; tests/setup installs it");
    None
}

/// A command of a peer that finds the scripts and the test's key.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(project("tests/message/peers"))
        .env("PYTHONPATH", ".:cli_plugin")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NODE_SDK", project("target/js"));
    command
}

/// Runs a peer and gives the count that it prints last.
pub(crate) fn count(command: &mut Command) -> usize {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim().lines().last().unwrap().parse().unwrap()
}

/// Materials whose data key is wrapped under the key that the peers hold.
pub(crate) fn wrapped(suite: AlgorithmSuite, pairs: &[(&str, &str)]) -> EncryptionMaterials {
    let mut materials = materials(suite, pairs);
    let context = materials.encryption_context.serialize().unwrap();
    let (iv, key): ([u8; 12], Vec<u8>) = ([7; 12], (0..32).collect());
    let mut ciphertext = data_key(suite).to_vec();
    let tag = Aead::new(&key)
        .unwrap()
        .seal(&iv, &context, &mut ciphertext)
        .unwrap();
    ciphertext.extend(tag);
    materials.encrypted_data_keys = vec![EncryptedDataKey {
        provider_id: "sealdrop-peers".into(),
        provider_info: [&b"key-1"[..], &[0, 0, 0, 128, 0, 0, 0, 12], &iv].concat(),
        ciphertext,
    }];
    materials
}

/// Writes `NAME` and `NAME.encrypted` for each suite, frame length and size, and counts them.
pub(crate) fn write_messages(folder: &Path, suites: &[AlgorithmSuite], frame_lengths: &[u32]) -> usize {
    let mut count = 0;
    for suite in suites {
        for &frame_length in frame_lengths {
            for size in sizes(frame_length) {
                let plaintext: Vec<u8> = (0..=250).cycle().take(size).collect();
                let number = size.to_string();
                let pairs = [("größe", number.as_str()), ("purpose", "test")];
                let pairs = if size % 2 == 0 { &pairs[..] } else { &[] };
                let message = seal(encryptor(&wrapped(*suite, pairs), frame_length), &plaintext);
                let name = format!("{:04x}-{frame_length}-{size}", suite.id());
                std::fs::write(folder.join(format!("{name}.encrypted")), message).unwrap();
                std::fs::write(folder.join(name), plaintext).unwrap();
                count += 1;
            }
        }
    }
    count
}

/// Empty, around each of the first frame boundaries, and 5 MB for the frame lengths in wide use.
fn sizes(frame_length: u32) -> Vec<usize> {
    let frame = frame_length as usize;
    let mut sizes = vec![0, 1, frame - 1, frame, frame + 1, 2 * frame];
    if frame >= 4096 {
        sizes.push(5_000_000);
    }
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}
