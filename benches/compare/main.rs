//! sealdrop beside the same durable I/O without encryption and without a daemon ("the floor"), and beside its peers.
//!
//! `cargo bench --bench compare` runs all of it in about ten minutes and writes docs/benchmarks/: every round's
//! number, a table and plots. `cargo bench --bench compare -- bursts exposure` measures these parts anew and leaves the
//! others' numbers. What is not installed here is said in its row. docs/benchmarks.md tells the method.
//!
//! In the environment: `SEALDROP_BENCH_DIR` (where; default target/bench), `SEALDROP_BENCH_OUT` (what is written;
//! default docs/benchmarks), `SEALDROP_BENCH_ROUNDS` (3), `SEALDROP_BENCH_BACKLOG` (100000 files),
//! `SEALDROP_BENCH_LARGE_MIB` (4096), `SEALDROP_BENCH_BINARY` (another sealdrop), `SEALDROP_BENCH_OFFICIAL` (what
//! benches/official/build built).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    unreachable_pub,
    reason = "a benchmark is a script: it stops at the first surprise, and prints"
)]

mod aead;
mod backlog;
mod bursts;
mod daemon;
mod exposure;
mod files;
mod floor;
#[path = "../../tests/support/kms.rs"]
mod kms;
mod machine;
#[path = "../../tests/support/mounts.rs"]
mod mounts;
mod one_large;
mod one_shot;
mod peers;
mod places;
mod plots;
mod process;
mod report;
mod start;
mod summary;
mod table;

use std::path::{Path, PathBuf};

use daemon::Keys;
use kms::KmsEmulator;
use report::Report;

const SIMPLE_FLOOR: &str = "floor (folder flushed per file)";
const SHARED_FLOOR: &str = "floor (flushes shared)";

const PARTS: [&str; 7] = [
    start::PART,
    exposure::PART,
    bursts::PART,
    peers::PART,
    one_shot::PART,
    one_large::PART,
    backlog::PART,
];

/// What the parts have in common.
struct Run<'a> {
    root: &'a Path,
    emulator: Option<&'a (KmsEmulator, String)>,
}

impl Run<'_> {
    /// A key of the emulator, if there is one.
    fn kms(&self) -> Option<Keys<'_>> {
        self.emulator.map(|(emulator, arn)| Keys::Kms(emulator, arn))
    }
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test --all-targets` runs it too
    }
    let mut parts: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    if let Some(unknown) = parts
        .iter()
        .find(|part| !PARTS.contains(&part.as_str()) && *part != "table")
    {
        panic!("{unknown} is none of {PARTS:?} and table");
    }
    if parts.is_empty() {
        parts = PARTS.map(str::to_owned).to_vec();
    }
    let root = folder("SEALDROP_BENCH_DIR", "target/bench");
    let mut report = Report::open(&folder("SEALDROP_BENCH_OUT", "docs/benchmarks"), &parts);
    let emulator = emulator();
    let run = Run {
        root: &root,
        emulator: emulator.as_ref(),
    };
    if parts.iter().any(|part| part != "table") {
        machine::note(&report.folder);
    }
    for part in PARTS
        .into_iter()
        .filter(|part| parts.iter().any(|wanted| wanted == part))
    {
        let begun = std::time::Instant::now();
        match part {
            start::PART => start::measure(&run, &mut report),
            exposure::PART => exposure::measure(&run, &mut report),
            bursts::PART => bursts::measure(&run, &mut report),
            peers::PART => peers::measure(&run, &mut report),
            one_shot::PART => one_shot::measure(&run, &mut report),
            one_large::PART => one_large::measure(&mut report),
            _ => backlog::measure(&run, &mut report),
        }
        println!("# {part}: {:.0} s", begun.elapsed().as_secs_f64());
        written(&report);
    }
    written(&report);
    println!("# written: {}", report.folder.display());
}

/// After each part, for a run that is ended half-way.
fn written(report: &Report) {
    table::write(report);
    plots::write(report);
    summary::write(report);
}

fn folder(variable: &str, default: &str) -> PathBuf {
    let path = std::env::var_os(variable).map_or_else(|| process::project().join(default), PathBuf::from);
    std::fs::create_dir_all(&path).unwrap();
    path.canonicalize().unwrap()
}

/// The key service with a key, or nothing where it cannot be had.
fn emulator() -> Option<(KmsEmulator, String)> {
    let emulator = std::panic::catch_unwind(KmsEmulator::start).ok().flatten()?;
    let arn = emulator.create_key();
    Some((emulator, arn))
}
