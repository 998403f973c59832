//! One file of 4 GiB, tmpfs to tmpfs, beside what the cores can do at most.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::aead::{self, Extent};
use super::daemon::{Daemon, Keys, clear};
use super::files::{content, fresh};
use super::places::Place;
use super::process::{self, Spent, number, sealdrop};
use super::report::{Report, Row};

pub(crate) const PART: &str = "large";
pub(crate) const FLOOR: &str = "copy + AES-GCM on all cores";
pub(crate) const FLOOR_READ_BACK: &str = "the same and then read back and opened";
pub(crate) const FLOOR_ERASED: &str = "the same and then the source overwritten and removed";
pub(crate) const ENCRYPT: &str = "sealdrop encrypt";
const LIMIT: Duration = Duration::from_mins(2);

pub(crate) fn measure(report: &mut Report) {
    let mebibytes = number("SEALDROP_BENCH_LARGE_MIB", 4 << 10);
    let work = format!("one file of {mebibytes} MiB");
    let place = match Place::tmpfs(mebibytes as u64 * 2 + 512) {
        Ok(place) => place,
        Err(why) => return report.add(Row::new(PART, &work, "tmpfs", FLOOR).absent(&why)),
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let root = &place.root;
    for round in 1..=number("SEALDROP_BENCH_ROUNDS", 3) {
        clear(root);
        let source = root.join("staging/big");
        if let Err(why) = make(&source, mebibytes) {
            return report.add(Row::new(PART, &work, "tmpfs", FLOOR).absent(&why.to_string()));
        }
        let row = |who: &str| Row::new(PART, &work, &place.name, who);
        for (who, extent) in [
            (FLOOR, Extent::Copy),
            (FLOOR_READ_BACK, Extent::ReadBack),
            (FLOOR_ERASED, Extent::Erase),
        ] {
            let copy = root.join("out/copy");
            let time = aead::copy(&source, &copy, cores, extent);
            fs::remove_file(copy).unwrap();
            report.add(row(who).seconds(round, time).note(&format!("{cores} threads")));
        }
        if let Err(why) = make(&source, mebibytes) {
            return report.add(row("sealdrop (the daemon)").absent(&why.to_string()));
        }
        for (who, spent) in [
            ("sealdrop (the daemon)", daemon(root)),
            (
                ENCRYPT,
                one_shot(
                    root,
                    "encrypt",
                    &[
                        "--algorithm",
                        "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
                        "--frame-length",
                        "65536",
                    ],
                ),
            ),
            ("sealdrop decrypt", one_shot(root, "decrypt", &[])),
        ] {
            match spent {
                Ok(spent) => {
                    report.add(row(who).seconds(round, spent.time));
                    report.add(row(who).with("resident", "MiB", round, spent.resident));
                }
                Err(why) => report.add(row(who).absent(&why)),
            }
        }
    }
}

fn make(path: &Path, mebibytes: usize) -> std::io::Result<()> {
    let piece = content(1 << 20);
    let mut file = File::create(path)?;
    (0..mebibytes).try_for_each(|_| file.write_all(&piece))
}

/// From the rename to the plaintext erased and recorded. The message is left in `out`, its key beside it.
fn daemon(root: &Path) -> Result<Spent, String> {
    let kept = root.join("staging/big");
    let mut daemon = Daemon::start(root, Keys::Local)?;
    let begun = Instant::now();
    fs::rename(kept, root.join("in/big")).map_err(|error| error.to_string())?;
    daemon.wait_for_sealed(1)?;
    let spent = Spent {
        time: begun.elapsed(),
        resident: daemon.most_resident(),
    };
    drop(daemon);
    fresh(root.join("out"));
    Ok(spent)
}

/// To encrypt, the file is made anew, as the daemon has erased it; to decrypt, the message takes its place.
fn one_shot(root: &Path, verb: &str, options: &[&str]) -> Result<Spent, String> {
    let (plain, message) = (root.join("staging/big"), root.join("out/big"));
    let (from, to) = if verb == "encrypt" {
        (&plain, &message)
    } else {
        (&message, &plain)
    };
    if verb == "encrypt" {
        make(&plain, number("SEALDROP_BENCH_LARGE_MIB", 4 << 10)).map_err(|error| error.to_string())?;
    } else {
        fs::remove_file(&plain).map_err(|error| error.to_string())?;
    }
    let mut command = Command::new(sealdrop());
    command
        .args([verb, "-S", "-i"])
        .arg(from)
        .arg("-o")
        .arg(to)
        .args(options);
    command
        .args(["--keyring", "main", "--config"])
        .arg(root.join("sealdrop.toml"));
    process::run(&mut command, LIMIT)
}
