//! Taken back before, while and after it was looked at.

use sealdrop::watch::{Look, Outcome, settle};

use crate::mounts::on_each_file_system;
use crate::support::{Intake, recursive, sh};

#[test]
fn a_file_that_vanishes_is_nobodys_fault() {
    on_each_file_system("a_file_that_vanishes_is_nobodys_fault", |_, root| {
        sh(root, "mkdir sub; echo 1 > f; echo 1 > sub/f");
        let mut intake = Intake::open_unscanned(root, recursive());
        let found = intake.scan_all().candidates;
        assert_eq!(found.len(), 2);
        sh(root, "rm -r f sub");
        for candidate in found {
            assert!(matches!(settle(candidate, &intake.gate), Outcome::Gone));
        }
        for name in ["f", "sub", "sub/f", "never/was"] {
            let look = intake.scanner.look(name.as_ref(), std::time::SystemTime::now());
            assert!(matches!(look, Look::Gone), "{name}");
        }
    });
}

#[test]
fn a_file_that_was_unlinked_while_open_is_gone() {
    on_each_file_system("a_file_that_was_unlinked_while_open_is_gone", |_, root| {
        let mut intake = Intake::open(root, recursive());
        sh(root, "echo 1 > f");
        let settled = intake.settled("f");
        sh(root, "rm f; echo 2 > f");
        assert_ne!(intake.settled("f").identity, settled.identity);
    });
}
