//! A consumer that takes every name that ends in `.json` takes drafts too. The records are written all the same.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::daemon::Site;

const FILES: usize = 100;

/// Takes drafts until it is told to stop; how many it has got.
fn take_drafts(site: &Site, stop: &AtomicBool) -> usize {
    let mut taken = 0;
    while !stop.load(Ordering::Relaxed) {
        for entry in fs::read_dir(&site.output).unwrap() {
            let path = entry.unwrap().path();
            let is_ours = path
                .file_name()
                .unwrap()
                .as_encoded_bytes()
                .starts_with(b".sealdrop-");
            let is_draft = is_ours && path.extension().is_some_and(|extension| extension == "json");
            taken += usize::from(is_draft && fs::remove_file(path).is_ok());
        }
        std::thread::yield_now();
    }
    taken
}

#[test]
fn a_draft_that_somebody_takes_is_written_anew() {
    let site = Site::new();
    let daemon = site.start();
    let stop = AtomicBool::new(false);
    let taken = std::thread::scope(|scope| {
        let taker = scope.spawn(|| take_drafts(&site, &stop));
        for number in 0..FILES {
            site.drop_file(number.to_string(), "plaintext");
        }
        daemon.wait_for("sealed", FILES);
        stop.store(true, Ordering::Relaxed);
        taker.join().unwrap()
    });
    assert!(taken > 0, "no draft was taken");
    assert!(daemon.stop().success());
    assert_eq!(site.records().len(), FILES);
    assert!(site.left_in_input().is_empty());
}
