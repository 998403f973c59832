//! Without a lease, only time tells: growing, rewritten, truncated files start the wait again.

use std::time::Duration;

use sealdrop::watch::{Candidate, Outcome, Unsettled, settle};

use crate::mounts::on_each_file_system;
use crate::support::{Intake, options, sh, without_lease};

const LONG: Duration = Duration::from_hours(1);

#[test]
fn a_file_that_changes_is_not_quiet() {
    on_each_file_system("a_file_that_changes_is_not_quiet", |_, root| {
        let mut intake = Intake::open(root, without_lease(LONG));
        sh(root, "echo 1 > f");
        let mut candidate = intake.candidate("f");
        let mut left = LONG;
        for change in [
            "true",
            "echo 2 >> f",
            "echo 3 > f",
            "truncate -s 0 f",
            "touch -d 2001-01-01 f",
            "chmod 600 f",
        ] {
            sh(root, change);
            let (again, retry_after) = not_quiet(settle(candidate, &intake.gate));
            if change == "true" {
                assert!(retry_after <= left, "nothing changed");
            } else {
                assert!(retry_after > left, "{change} starts the wait again");
            }
            left = retry_after;
            candidate = again;
            // The clock that stamps files has a coarse tick.
            std::thread::sleep(Duration::from_millis(20));
            let (again, less) = not_quiet(settle(candidate, &intake.gate));
            assert!(less < left);
            (candidate, left) = (again, less);
        }
    });
}

#[test]
fn a_reader_or_a_writer_that_rests_does_not_count_without_a_lease() {
    on_each_file_system("a_rest_is_all_that_counts_without_a_lease", |_, root| {
        let mut intake = Intake::open(root, without_lease(Duration::ZERO));
        sh(root, "echo 1 > f");
        let (_, wait) = not_quiet(intake.settle("f"));
        assert!(
            wait <= Duration::from_secs(2) && wait > Duration::from_secs(1),
            "at least two seconds: {wait:?}"
        );
    });
}

#[test]
fn both_must_hold_where_both_are_asked_for() {
    on_each_file_system("both_must_hold_where_both_are_asked_for", |_, root| {
        let both = sealdrop::watch::Options {
            quiet: LONG,
            ..options()
        };
        let mut intake = Intake::open(root, both);
        sh(root, "echo 1 > f");
        not_quiet(intake.settle("f"));
    });
}

fn not_quiet(outcome: Outcome) -> (Candidate, Duration) {
    match outcome {
        Outcome::NotYet {
            candidate,
            why: Unsettled::Quiet,
            retry_after,
        } => (candidate, retry_after),
        other => panic!("not quiet was expected: {other:?}"),
    }
}
