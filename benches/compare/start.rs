//! From exec to READY, and what an idle daemon does.

use std::time::Duration;

use super::Run;
use super::daemon::{Daemon, Keys, clear};
use super::places::Place;
use super::report::{Report, Row};

pub(crate) const PART: &str = "start";
const STARTS: usize = 20;
const IDLE: Duration = Duration::from_secs(10);

pub(crate) fn measure(run: &Run<'_>, report: &mut Report) {
    let place = Place::disk(run.root);
    clear(&place.root);
    for keys in [Some(Keys::Local), run.kms()].into_iter().flatten() {
        let row = Row::new(PART, "start", &place.name, keys.name());
        for round in 1..=STARTS {
            match Daemon::start(&place.root, keys) {
                Ok(daemon) => {
                    report.add(row.with("ready", "ms", round, daemon.ready.as_secs_f64() * 1_000.0));
                }
                Err(why) => return report.add(row.absent(&why)),
            }
        }
    }
    let row = Row::new(PART, "idle", &place.name, Keys::Local.name());
    match Daemon::start(&place.root, Keys::Local) {
        Ok(daemon) => {
            std::thread::sleep(Duration::from_secs(2)); // the start's own work
            let before = daemon.switches();
            std::thread::sleep(IDLE);
            let woken = daemon.switches().saturating_sub(before) as f64 / IDLE.as_secs_f64();
            report.add(row.with("wake-ups", "1/s", 1, woken));
            report.add(row.with("resident", "MiB", 1, daemon.most_resident()));
        }
        Err(why) => report.add(row.absent(&why)),
    }
}
