//! Small files faster than anybody can seal them, with an event queue that overflows.
//!
//! `SEALDROP_LONG=1`: 100,000 files. `SEALDROP_TEST_BINARY`: another build of the daemon, such as a release one.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::mounts::is_root;
use crate::support::{Daemon, Producer, files_below, long, with_event_queue_of};

/// Dropped while the daemon stands still.
const FIRST: usize = 200;

#[test]
fn a_flood_is_sealed_once_in_bounded_memory() {
    let files = if long() { 100_000 } else { 2_000 };
    let root = tempfile::tempdir().unwrap();
    let mut daemon = with_a_short_queue(|| Daemon::start(root.path(), ""));
    let begun = Instant::now();
    let mut producers: Vec<_> = (0..2).map(|_| Producer::start(&root.path().join("in"))).collect();
    // The queue overflows for certain while nobody reads it.
    daemon.signal(Signal::STOP);
    producers[0].does(&drops(0, FIRST, 1));
    daemon.signal(Signal::CONT);
    for (number, producer) in producers.iter_mut().enumerate() {
        producer.begins(&drops(FIRST + number, files, 2));
    }
    for producer in &mut producers {
        producer.has_done();
    }
    let dropped = begun.elapsed();
    daemon.wait_long_for("the flood to be sealed", Duration::from_mins(20), |daemon| {
        let is_done = files_below(&daemon.input()).is_empty();
        if !is_done {
            std::thread::sleep(Duration::from_millis(200));
        }
        is_done
    });
    daemon.wait_for("the last records", |daemon| {
        std::fs::read_dir(daemon.input().join(".sealdrop"))
            .unwrap()
            .count()
            == 0
    });
    let sealed = begun.elapsed();
    let peak = daemon.peak_memory();
    eprintln!("{}", daemon.metric("sealdrop_rescans_total").join("\n"));
    if is_root() {
        assert!(
            daemon.value("sealdrop_rescans_total{cause=\"overflow\"}") > 0,
            "no event was lost"
        );
    }
    let mut times_sealed = HashMap::new();
    daemon.for_each_opened(|opened| {
        let number: usize = std::str::from_utf8(&opened.content).unwrap().parse().unwrap();
        assert_eq!(opened.name, format!("f{number}").into_bytes());
        *times_sealed.entry(number).or_insert(0) += 1;
    });
    let root = daemon.root.clone();
    daemon.stop();
    assert!(times_sealed.values().all(|times| *times == 1), "nothing twice");
    assert_eq!(times_sealed.len(), files, "nothing lost");
    eprintln!(
        "{files} files dropped in {:.1} s, sealed in {:.1} s, peak {peak} KiB; the same durable I/O alone {:.1} s",
        dropped.as_secs_f64(),
        sealed.as_secs_f64(),
        durable_io_alone(&root, files).as_secs_f64()
    );
    assert!(peak <= 64 * 1024, "{peak} KiB");
}

fn drops(from: usize, to: usize, step: usize) -> String {
    format!(
        "for i in range({from}, {to}, {step}): f = open(f'f{{i}}', 'wb', buffering=0); f.write(b'%0100d' % i); f.close()"
    )
}

/// The limit counts when the queue is made, so it is put back at once.
fn with_a_short_queue(start: impl FnOnce() -> Daemon) -> Daemon {
    if !is_root() {
        eprintln!(
            "SKIPPED the overflow of the event queue in a_flood_is_sealed_once_in_bounded_memory: needs root"
        );
        return start();
    }
    with_event_queue_of(64, start)
}

/// Message and record written, flushed and renamed, and the plaintext unlinked, by as many threads as the daemon's.
fn durable_io_alone(root: &Path, files: usize) -> Duration {
    let (from, to) = (root.join("baseline-in"), root.join("baseline-out"));
    std::fs::create_dir(&from).unwrap();
    std::fs::create_dir(&to).unwrap();
    for number in 0..files {
        std::fs::write(from.join(format!("f{number}")), [1; 100]).unwrap();
    }
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (from, to) = (&from, &to);
            scope.spawn(move || {
                for number in (thread..files).step_by(4) {
                    let plain = from.join(format!("f{number}"));
                    let content = std::fs::read(&plain).unwrap();
                    for (name, size) in [("encrypted", 400), ("encrypted.json", 1500)] {
                        let temporary = to.join(format!(".{number}.{name}"));
                        std::fs::write(&temporary, content.repeat(size / 100)).unwrap();
                        File::open(&temporary).unwrap().sync_all().unwrap();
                        std::fs::rename(&temporary, to.join(format!("f{number}.{name}"))).unwrap();
                    }
                    File::open(to).unwrap().sync_all().unwrap();
                    std::fs::remove_file(&plain).unwrap();
                }
            });
        }
    });
    begun.elapsed()
}
