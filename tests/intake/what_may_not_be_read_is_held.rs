//! The daemon as a plain user, and files and folders of others.

use std::time::Duration;

use sealdrop::watch::{HeldReason, LeaseMode, Options, Outcome, Unsettled};

use crate::mounts::on_each_file_system;
use crate::support::{Intake, as_other_user, recursive, sh};

const TEST: &str = "what_may_not_be_read_is_held::what_may_not_be_read_is_held";

/// As root: makes the folder; as the other user, in a second run of this test: looks at it.
#[test]
fn what_may_not_be_read_is_held() {
    if let Some(folder) = std::env::var_os("SEALDROP_TEST_FOLDER") {
        look_as_other_user(folder.as_ref());
        return;
    }
    on_each_file_system("what_may_not_be_read_is_held", |_, root| {
        sh(
            root,
            "chmod 755 .; mkdir in; chmod 777 in; cd in; echo 1 > theirs; chmod 600 theirs; echo 1 > shared",
        );
        sh(
            &root.join("in"),
            "mkdir closed fixed; chmod 700 closed; chmod 755 fixed; echo 1 > fixed/f",
        );
        as_other_user(TEST, &root.join("in"));
    });
}

fn look_as_other_user(folder: &std::path::Path) {
    let mut intake = Intake::open_unscanned(folder, recursive());
    let scan = intake.scan_all();
    let mut held: Vec<_> = scan
        .held
        .iter()
        .map(|held| (held.path.to_str().unwrap(), &held.reason))
        .collect();
    held.sort_by_key(|held| held.0);
    assert_eq!(
        held,
        [
            ("closed", &HeldReason::NoPermission),
            ("fixed", &HeldReason::FolderNotWritable),
        ]
    );
    assert_eq!(intake.held("theirs"), HeldReason::NoPermission);

    // No lease on another user's file without CAP_LEASE: the quiet period does instead, or nothing.
    match intake.settle("shared") {
        Outcome::NotYet {
            why: Unsettled::Quiet,
            retry_after,
            ..
        } => {
            assert!(retry_after <= Duration::from_secs(2));
        }
        Outcome::Settled(settled) => assert!(settled.lease.is_none(), "quiet for two seconds already"),
        other => panic!("{other:?}"),
    }
    let required = Options {
        lease: LeaseMode::Require,
        ..recursive()
    };
    let mut intake = Intake::open(folder, required);
    assert!(matches!(intake.held("shared"), HeldReason::NoLease(_)));
    std::fs::write(folder.join("ours"), "1").unwrap();
    assert!(intake.settled("ours").lease.is_some());
}
