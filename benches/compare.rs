//! The daemon beside the same durable I/O without encryption and without a daemon ("the floor").
//!
//! `cargo bench --bench compare` prints a table of medians; ratios are of one run on one machine. The floor reads each
//! file, writes and flushes a copy and a sidecar, renames both, flushes the folder, scrubs and unlinks: what any program
//! with sealdrop's promises has to do. `SEALDROP_BENCH_DIR` says where (default `target/bench`), `SEALDROP_BENCH_ROUNDS`
//! how often (default 3).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a benchmark is a script: it stops at the first surprise, and prints"
)]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const WORKERS: usize = 8;

/// One kind of work.
struct Load {
    name: &'static str,
    files: usize,
    size: usize,
}

const LOADS: [Load; 2] = [
    Load {
        name: "200 files x 5.12 MB",
        files: 200,
        size: 5_120_000,
    },
    Load {
        name: "5,000 files x 4 KiB",
        files: 5_000,
        size: 4_096,
    },
];

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return; // `cargo test --all-targets` runs it too
    }
    let root =
        std::env::var_os("SEALDROP_BENCH_DIR").map_or_else(|| PathBuf::from("target/bench"), PathBuf::from);
    let rounds = std::env::var("SEALDROP_BENCH_ROUNDS").map_or(3, |rounds| rounds.parse().unwrap());
    fs::create_dir_all(&root).unwrap();
    let root = root.canonicalize().unwrap();
    println!("| work | floor | daemon | ratio |\n|---|---|---|---|");
    for load in LOADS {
        let (mut floors, mut daemons, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let floor = floor(&root, &load);
            let daemon = burst(&root, &load);
            ratios.push(daemon.as_secs_f64() / floor.as_secs_f64());
            floors.push(floor.as_secs_f64());
            daemons.push(daemon.as_secs_f64());
        }
        let [floor, daemon, ratio] = [floors, daemons, ratios].map(median);
        println!("| {} | {floor:.2} s | {daemon:.2} s | {ratio:.2} |", load.name);
    }
    for size in [100, 4_096, 5_120_000] {
        exposure(&root, size, if size > 1_000_000 { 100 } else { 1_000 });
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn fresh(path: PathBuf) -> PathBuf {
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Files as a producer leaves them: written, not flushed.
fn prepare(folder: &Path, load: &Load) {
    let content = vec![0x5a; load.size];
    for number in 0..load.files {
        fs::write(folder.join(number.to_string()), &content).unwrap();
    }
}

fn floor(root: &Path, load: &Load) -> Duration {
    let (input, output) = (fresh(root.join("in")), fresh(root.join("out")));
    prepare(&input, load);
    let next = AtomicUsize::new(0);
    let folder = File::open(&output).unwrap();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= load.files {
                        return;
                    }
                    floor_one(&input.join(number.to_string()), &output, number, &folder);
                }
            });
        }
    });
    begun.elapsed()
}

fn floor_one(source: &Path, output: &Path, number: usize, folder: &File) {
    let content = fs::read(source).unwrap();
    let sidecar = vec![b'j'; 1_200];
    for (suffix, bytes) in [("", &content), (".json", &sidecar)] {
        let staged = output.join(format!(".{number}{suffix}"));
        let mut file = File::create(&staged).unwrap();
        file.write_all(bytes).unwrap();
        file.sync_all().unwrap();
        fs::rename(staged, output.join(format!("{number}{suffix}"))).unwrap();
    }
    folder.sync_all().unwrap();
    let file = File::options().write(true).open(source).unwrap();
    file.write_all_at(&vec![0xa5; content.len()], 0).unwrap();
    fs::remove_file(source).unwrap();
}

/// A daemon with a local key; dropping it ends it.
struct Daemon {
    child: Child,
    log: std::io::Lines<BufReader<ChildStderr>>,
}

impl Daemon {
    fn start(root: &Path) -> Self {
        let config = root.join("sealdrop.toml");
        let root = root.to_str().unwrap();
        let text = format!(
            "workers = {WORKERS}\n[keyring.main]\ntype = \"raw-aes\"\nnamespace = \"bench\"\nname = \"key\"\n\
             key_file = \"{root}/key\"\ncreate = true\n[data_key_cache]\nmax_age = \"60s\"\n[[drop]]\n\
             name = \"bench\"\ninput = \"{root}/in\"\noutput = \"{root}/out\"\nkeyring = \"main\"\n\
             [log]\nformat = \"json\"\n"
        );
        fs::write(&config, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_sealdrop"))
            .args(["run", "--config"])
            .arg(&config)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut daemon = Self { child, log };
        daemon.wait_for("\"started\"");
        daemon
    }

    fn wait_for(&mut self, event: &str) {
        loop {
            let line = self.log.next().expect("the daemon goes on").unwrap();
            if line.contains(event) {
                return;
            }
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}

fn burst(root: &Path, load: &Load) -> Duration {
    let staging = fresh(root.join("staging"));
    let (input, _output) = (fresh(root.join("in")), fresh(root.join("out")));
    let _ = fs::remove_file(root.join("key"));
    let mut daemon = Daemon::start(root);
    prepare(&staging, load);
    let begun = Instant::now();
    for number in 0..load.files {
        fs::rename(staging.join(number.to_string()), input.join(number.to_string())).unwrap();
    }
    for _ in 0..load.files {
        daemon.wait_for("\"sealed\"");
    }
    begun.elapsed()
}

/// One file at a time on an idle daemon: from the hint of its arrival to its plaintext gone, by the records.
fn exposure(root: &Path, size: usize, files: usize) {
    let staging = fresh(root.join("staging"));
    let (input, output) = (fresh(root.join("in")), fresh(root.join("out")));
    let _ = fs::remove_file(root.join("key"));
    let mut daemon = Daemon::start(root);
    let load = Load {
        name: "",
        files,
        size,
    };
    prepare(&staging, &load);
    let mut exposures = Vec::new();
    for number in 0..files {
        fs::rename(staging.join(number.to_string()), input.join(number.to_string())).unwrap();
        daemon.wait_for("\"sealed\"");
        let record = fs::read(output.join(format!("{number}.encrypted.json"))).unwrap();
        let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
        exposures.push(record["sealdrop"]["times"]["exposure_ms"].as_f64().unwrap());
    }
    exposures.sort_by(f64::total_cmp);
    let at = |share: f64| exposures[((files as f64 * share) as usize).min(files - 1)];
    println!(
        "exposure of {size} bytes on an idle daemon, ms: median {:.2}, 99th {:.2}, 99.9th {:.2}, most {:.2}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}
