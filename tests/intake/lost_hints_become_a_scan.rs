//! A full channel and a full kernel queue: what the hints do not tell, one rescan does.

use std::path::Path;

use sealdrop::watch::{Cause, Hint, Hints};

use crate::mounts::is_root;
use crate::support::{Intake, options, sh, with_event_queue_of};

#[test]
fn a_full_channel_asks_for_a_scan_once() {
    let root = tempfile::tempdir().unwrap();
    let mut intake = Intake::open(root.path(), options());
    sh(root.path(), "for i in $(seq 1 3000); do : > f$i; done");
    let mut heard = std::collections::HashSet::new();
    loop {
        match intake.hint() {
            Hint::Changed { path, .. } => heard.insert(path),
            Hint::Rescan(cause) => {
                assert_eq!(cause, Cause::ChannelFull);
                break;
            }
        };
    }
    assert!(heard.len() < Hints::CAPACITY);
    intake.scanner.request(Cause::ChannelFull);
    assert_eq!(intake.scan_all().candidates.len(), 3000);
    assert!(intake.heard_of_after_rescans("later"), "hints go on");
}

#[test]
fn an_overflow_of_the_kernels_queue_asks_for_a_scan() {
    if !is_root() {
        eprintln!("SKIPPED an_overflow_of_the_kernels_queue_asks_for_a_scan: needs root");
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let mut intake = with_event_queue_of(2, || Intake::open_unscanned(root.path(), options()));
    intake.scan_all();

    let overflowed = (0..200).any(|round| {
        sh(
            root.path(),
            &format!("for i in $(seq 1 200); do : > f{round}.$i; done"),
        );
        let marker = root.path().join("zz-marker");
        std::fs::write(&marker, "").unwrap();
        loop {
            match intake.hint() {
                Hint::Rescan(cause) => {
                    assert_eq!(cause, Cause::Overflow);
                    return true;
                }
                Hint::Changed { path, .. } if path == Path::new("zz-marker") => return false,
                Hint::Changed { .. } => {}
            }
        }
    });
    assert!(overflowed);
}
