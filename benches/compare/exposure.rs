//! One file at a time on an idle daemon: how long its plaintext lies there.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};

use super::Run;
use super::daemon::{Daemon, Keys, PATIENCE, clear};
use super::files::content;
use super::places::Place;
use super::report::{Report, Row};

pub(crate) const PART: &str = "exposure";
pub(crate) const RECORDS: &str = "by the records";
pub(crate) const OUTSIDE: &str = "seen from outside";

/// Between two looks at the file: its age is known this well.
const LOOK: Duration = Duration::from_micros(50);

pub(crate) fn measure(run: &Run<'_>, report: &mut Report) {
    let place = Place::ext4_or(run.root);
    for keys in [Some(Keys::Local), run.kms()].into_iter().flatten() {
        for (work, size, files) in [
            ("100 bytes", 100, 1_000),
            ("4 KiB", 4_096, 1_000),
            ("5.12 MB", 5_120_000, 300),
        ] {
            let row = Row::new(PART, work, &place.name, keys.name());
            match files_one_by_one(&place.root, keys, size, files) {
                Ok(seen) => told(&row, &seen, report),
                Err(why) => report.add(row.absent(&why)),
            }
        }
    }
}

/// Milliseconds of each file, and how many took the first message of a data key.
struct Seen {
    records: Vec<f64>,
    outside: Vec<f64>,
    misses: usize,
}

fn told(row: &Row, seen: &Seen, report: &mut Report) {
    for (source, values) in [(RECORDS, &seen.records), (OUTSIDE, &seen.outside)] {
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        for (name, share) in [("median", 0.5), ("99th", 0.99), ("99.9th", 0.999), ("most", 1.0)] {
            let index = (sorted.len() as f64 * share) as usize;
            let value = sorted[index.min(sorted.len() - 1)];
            let row = row.with(&format!("{name} {source}"), "ms", 1, value);
            report.add(row.note(&format!("{} files", sorted.len())));
        }
    }
    report.add(row.with("new data keys", "", 1, seen.misses as f64));
}

fn files_one_by_one(root: &Path, keys: Keys<'_>, size: usize, files: usize) -> Result<Seen, String> {
    clear(root);
    let mut daemon = Daemon::start(root, keys)?;
    let content = content(size);
    let mut seen = Seen {
        records: Vec::new(),
        outside: Vec::new(),
        misses: 0,
    };
    for number in 0..files {
        let outside = one(root, number, &content).map_err(|error| error.to_string())?;
        seen.outside.push(outside.as_secs_f64() * 1_000.0);
        daemon.wait_for("\"sealed\"")?;
        let record = fs::read(root.join(format!("out/{number}.encrypted.json")));
        let record = record.map_err(|error| error.to_string())?;
        let record: serde_json::Value = serde_json::from_slice(&record).map_err(|error| error.to_string())?;
        let exposure = record["sealdrop"]["times"]["exposure_ms"].as_f64();
        seen.records.push(exposure.ok_or("a record without exposure_ms")?);
        seen.misses += usize::from(record["sealdrop"]["data_key"]["cache"] == "miss");
    }
    Ok(seen)
}

/// From before the rename until the file has no name left. The descriptor holds the inode and does not count as open.
fn one(root: &Path, number: usize, content: &[u8]) -> std::io::Result<Duration> {
    let name = number.to_string();
    let staged = root.join("staging").join(&name);
    fs::write(&staged, content)?;
    let handle = rustix::fs::open(&staged, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
    let handle = File::from(handle);
    let begun = Instant::now();
    fs::rename(&staged, root.join("in").join(&name))?;
    while handle.metadata()?.nlink() > 0 {
        if begun.elapsed() > PATIENCE {
            return Err(std::io::Error::other("a file was not erased"));
        }
        std::thread::sleep(LOOK);
    }
    Ok(begun.elapsed())
}
