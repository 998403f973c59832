//! However many files there are and however few are asked for at a time: each is met once in a pass, the oldest of
//! a window first.

use std::cell::RefCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use sealdrop::watch::Cause;

use crate::mounts::on_each_file_system;
use crate::support::{Intake, Producer, recursive};

#[test]
fn a_bounded_window_meets_every_file() {
    on_each_file_system("a_bounded_window_meets_every_file", |_, root| {
        let mut producer = Producer::start(root);
        producer.does("for i in range(5): os.mkdir(f'd{i}')");
        producer.does("for i in range(3000): open(f'f{i}', 'w'); open(f'd{i%5}/f{i}', 'w')");
        let mut intake = Intake::open_unscanned(root, recursive());
        let mut met: HashSet<PathBuf> = HashSet::new();
        loop {
            let scan = intake.scanner.scan(100, &mut intake.hints, |_| false).unwrap();
            assert!(scan.candidates.len() <= 100);
            assert!(scan.candidates.is_sorted_by_key(|candidate| candidate.changed));
            for candidate in scan.candidates {
                // Taken away, as a claim does, while the pass goes on.
                std::fs::remove_file(root.join(&candidate.path)).unwrap();
                assert!(met.insert(candidate.path));
            }
            if let Some(end) = scan.ended {
                assert!(scan.more, "a scan that found something is followed by another");
                assert_eq!(end.found, 6000);
                break;
            }
        }
        assert_eq!(met.len(), 6000);
        assert!(intake.scan_all().candidates.is_empty());
        assert!(!intake.scanner.is_pending());
    });
}

#[test]
fn files_that_stay_do_not_hide_those_behind_them() {
    on_each_file_system("files_that_stay_do_not_hide_those_behind_them", |_, root| {
        Producer::start(root).does("for i in range(2000): open(f'f{i}', 'w')");
        let mut intake = Intake::open_unscanned(root, recursive());
        let held: RefCell<HashSet<PathBuf>> = RefCell::default();
        for _ in 0..20 {
            let skip = |path: &Path| held.borrow().contains(path);
            let scan = intake.scanner.scan(100, &mut intake.hints, skip).unwrap();
            held.borrow_mut()
                .extend(scan.candidates.into_iter().map(|candidate| candidate.path));
        }
        assert_eq!(held.borrow().len(), 2000);
    });
}

#[test]
fn a_flood_of_names_that_are_no_files_does_not_stop_a_pass() {
    on_each_file_system(
        "a_flood_of_names_that_are_no_files_does_not_stop_a_pass",
        |_, root| {
            Producer::start(root)
                .does("for i in range(3000): os.symlink('x', f's{i}'); open(f'i{i}.tmp', 'w')");
            Producer::start(root).does("open('f', 'w')");
            let mut intake = Intake::open_unscanned(root, recursive());
            let (mut found, mut held, mut ignored) = (0, 0, 0);
            loop {
                let scan = intake.scanner.scan(50, &mut (), |_| false).unwrap();
                assert!(scan.held.len() <= 50);
                found += scan.candidates.len();
                held += scan.held.len();
                ignored += scan.ignored;
                if scan.ended.is_some() {
                    break;
                }
            }
            assert_eq!((found, held, ignored), (1, 3000, 3000));
        },
    );
}

#[test]
fn a_scan_that_is_asked_for_during_another_begins_anew() {
    on_each_file_system(
        "a_scan_that_is_asked_for_during_another_begins_anew",
        |_, root| {
            Producer::start(root).does("for i in range(300): open(f'f{i}', 'w')");
            let mut intake = Intake::open_unscanned(root, recursive());
            intake.scanner.scan(100, &mut (), |_| false).unwrap();
            intake.scanner.request(Cause::Backlog);
            intake.scanner.request(Cause::Overflow); // a loss of events is what is told
            let mut ends = Vec::new();
            while intake.scanner.is_pending() {
                let scan = intake.scanner.scan(100, &mut (), |_| false).unwrap();
                ends.extend(scan.ended.map(|end| (end.cause, end.found)));
            }
            assert_eq!(
                ends,
                [(Cause::Start, 300), (Cause::Overflow, 300), (Cause::Backlog, 300)]
            );
        },
    );
}
