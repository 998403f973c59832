//! Files that were there before the daemon.

use std::path::Path;

use super::Run;
use super::bursts::best;
use super::daemon::{Daemon, Keys, clear};
use super::files::{Load, prepare};
use super::floor;
use super::places::Place;
use super::process::number;
use super::report::{Report, Row};
use super::{SHARED_FLOOR, SIMPLE_FLOOR};
use std::time::Instant;

pub(crate) const PART: &str = "backlog";

pub(crate) fn measure(run: &Run<'_>, report: &mut Report) {
    let place = Place::ext4_or(run.root);
    let files = number("SEALDROP_BENCH_BACKLOG", 100_000);
    let work = format!("{files} files of 100 bytes");
    for (name, shared) in [(SIMPLE_FLOOR, false), (SHARED_FLOOR, true)] {
        let sample = Load {
            name: "a sample of the backlog",
            files: 2_000,
            size: 100,
        };
        let way = best(&place.root, sample, shared);
        let time = floor::run(&place.root, files, 100, way);
        let row = Row::new(PART, &work, &place.name, name).seconds(1, time);
        report.add(row.note(&format!(
            "{} threads; {} files at once each",
            way.threads, way.batch
        )));
    }
    let row = Row::new(PART, &work, &place.name, Keys::Local.name());
    match daemon(&place.root, files) {
        Ok((seconds, resident)) => {
            report.add(row.with("time", "s", 1, seconds));
            report.add(row.with("resident", "MiB", 1, resident));
        }
        Err(why) => report.add(row.absent(&why)),
    }
}

fn daemon(root: &Path, files: usize) -> Result<(f64, f64), String> {
    clear(root);
    prepare(&root.join("in"), files, 100);
    let begun = Instant::now();
    let mut daemon = Daemon::start(root, Keys::Local)?;
    daemon.wait_for_sealed(files)?;
    Ok((begun.elapsed().as_secs_f64(), daemon.most_resident()))
}
