//! Many files at once: the daemon and both floors, one after the other in every round.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::daemon::{Daemon, Keys, clear};
use super::files::{LARGE, Load, SMALL, prepare};
use super::floor::{self, Way};
use super::places::Place;
use super::process::number;
use super::report::{Report, Row};
use super::{Run, SHARED_FLOOR, SIMPLE_FLOOR};

pub(crate) const PART: &str = "bursts";

pub(crate) fn measure(run: &Run<'_>, report: &mut Report) {
    let disk = Place::ext4_or(run.root);
    on(run, &disk, report, true);
    drop(disk);
    for (name, place) in [("xfs", Place::xfs()), ("tmpfs", Place::tmpfs(4 << 10))] {
        match place {
            Ok(place) => on(run, &place, report, false),
            Err(why) => report.add(Row::new(PART, LARGE.name, name, SIMPLE_FLOOR).absent(&why)),
        }
    }
}

fn on(run: &Run<'_>, place: &Place, report: &mut Report, with_kms: bool) {
    for load in [LARGE, SMALL] {
        let mut keys = vec![Keys::Local];
        let kms = with_kms.then(|| run.kms());
        match kms {
            Some(Some(kms)) => keys.push(kms),
            Some(None) => {
                let row = Row::new(PART, load.name, &place.name, "sealdrop (KMS emulator)");
                report.add(row.absent("no Python with moto (tests/setup)"));
            }
            None => {}
        }
        rounds(place, load, &keys, report);
    }
}

fn rounds(place: &Place, load: Load, keys: &[Keys<'_>], report: &mut Report) {
    let floors =
        [SIMPLE_FLOOR, SHARED_FLOOR].map(|name| (name, best(&place.root, load, name == SHARED_FLOOR)));
    for round in 1..=number("SEALDROP_BENCH_ROUNDS", 3) {
        for (name, way) in &floors {
            let time = floor::run(&place.root, load.files, load.size, *way);
            let row = Row::new(PART, load.name, &place.name, name).seconds(round, time);
            report.add(row.note(&format!(
                "{} threads; {} files at once each",
                way.threads, way.batch
            )));
        }
        for keys in keys {
            let row = Row::new(PART, load.name, &place.name, keys.name());
            match burst(&place.root, load, *keys) {
                Ok((time, resident)) => {
                    report.add(row.seconds(round, time));
                    report.add(row.with("resident", "MiB", round, resident));
                }
                Err(why) => report.add(row.absent(&why)),
            }
        }
    }
}

/// The way that does a floor fastest here, by one run of each.
pub(crate) fn best(root: &Path, load: Load, shared: bool) -> Way {
    let batches: &[usize] = match (shared, load.size > 1_000_000) {
        (false, _) => &[1],
        (true, true) => &[1, 2],
        (true, false) => &[1, 16],
    };
    let mut tried: Vec<(Duration, Way)> = Vec::new();
    for threads in [8, 16, 32] {
        for &batch in batches {
            let way = Way {
                threads,
                batch,
                shared,
            };
            tried.push((floor::run(root, load.files, load.size, way), way));
        }
    }
    tried.sort_by_key(|(time, _)| *time);
    println!("# {}, the ways of the floor: {tried:?}", load.name);
    tried[0].1
}

/// From the first file's rename into the folder to the last file sealed, and the memory that took.
fn burst(root: &Path, load: Load, keys: Keys<'_>) -> Result<(Duration, f64), String> {
    clear(root);
    let (staging, input) = (root.join("staging"), root.join("in"));
    let mut daemon = Daemon::start(root, keys)?;
    prepare(&staging, load.files, load.size);
    let begun = Instant::now();
    for number in 0..load.files {
        let name = number.to_string();
        fs::rename(staging.join(&name), input.join(&name)).map_err(|error| error.to_string())?;
    }
    daemon.wait_for_sealed(load.files)?;
    Ok((begun.elapsed(), daemon.most_resident()))
}
