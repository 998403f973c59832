//! `sealdrop encrypt` and `decrypt` beside aws-encryption-cli, on the same files and the same key service.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::Run;
use super::daemon::Keys;
use super::files::{LARGE, fresh, prepare};
use super::kms::KmsEmulator;
use super::places::Place;
use super::process::{self, Spent, number, project, sealdrop};
use super::report::{Report, Row};

pub(crate) const PART: &str = "one-shot";
pub(crate) const PEER: &str = "aws-encryption-cli";
/// Suite 0578 in frames of 4 KiB: what aws-encryption-cli writes, too.
pub(crate) const SAME: &str = "sealdrop (signed as by default)";
/// What the daemon writes.
pub(crate) const UNSIGNED: &str = "sealdrop (suite 0478 in 64 KiB frames)";
const LIMIT: Duration = Duration::from_mins(2);

pub(crate) fn measure(run: &Run<'_>, report: &mut Report) {
    let place = Place::disk(run.root);
    let row = |verb: &str, who: &str| Row::new(PART, verb, &place.name, who);
    let Some(Keys::Kms(emulator, arn)) = run.kms() else {
        return report.add(row("encrypt", SAME).absent("no Python with moto (tests/setup)"));
    };
    let source = fresh(place.root.join("staging"));
    prepare(&source, LARGE.files, LARGE.size);
    let cli = project().join("target/venv/bin/aws-encryption-cli");
    let unsigned = [
        "--algorithm",
        "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
        "--frame-length",
        "65536",
    ];
    let rounds = number("SEALDROP_BENCH_ROUNDS", 3);
    for (who, program, verb_prefix, options, rounds) in [
        (SAME, sealdrop(), "", &[][..], rounds),
        (UNSIGNED, sealdrop(), "", &unsigned[..], rounds),
        (PEER, cli, "--", &[][..], 1),
    ] {
        for round in 1..=rounds {
            for verb in ["encrypt", "decrypt"] {
                let (from, to) = if verb == "encrypt" {
                    ("staging", "out")
                } else {
                    ("out", "decrypted")
                };
                let mut command = Command::new(&program);
                command.arg(format!("{verb_prefix}{verb}"));
                let more = if verb == "encrypt" { options } else { &[] };
                match over_folders(command, &place.root, [from, to], (emulator, arn), more) {
                    Ok(spent) => report.add(row(verb, who).seconds(round, spent.time)),
                    Err(why) => report.add(row(verb, who).absent(&why)),
                }
            }
        }
    }
}

/// Both tools take the same arguments, and use a cached data key for up to 100 messages.
pub(crate) fn over_folders(
    mut command: Command,
    root: &Path,
    [from, to]: [&str; 2],
    (emulator, arn): (&KmsEmulator, &str),
    more: &[&str],
) -> Result<Spent, String> {
    let output = fresh(root.join(to));
    command
        .args(["-r", "-S", "-i"])
        .arg(root.join(from))
        .arg("-o")
        .arg(output);
    command.args([
        "-w",
        &format!("key={arn}"),
        "--caching",
        "capacity=1",
        "max_age=600",
    ]);
    command
        .arg("max_messages_encrypted=100")
        .args(more)
        .envs(emulator.environment());
    process::run(&mut command, LIMIT)
}
