//! `chattr +i` and `+a`: neither renamed nor erased, so not even begun with.

use sealdrop::watch::HeldReason;

use crate::mounts::{FileSystem, is_root, on_each_file_system};
use crate::support::{Intake, have, options, sh};

#[test]
fn an_immutable_file_is_held() {
    let test = "an_immutable_file_is_held";
    if !have(test, "chattr") || !is_root() {
        eprintln!("SKIPPED {test}: needs root and chattr");
        return;
    }
    on_each_file_system(test, |file_system, root| {
        if file_system == FileSystem::Tmpfs {
            return; // the attribute is new there
        }
        let mut intake = Intake::open(root, options());
        sh(root, "echo 1 > f");
        for flag in ["i", "a"] {
            sh(root, &format!("chattr +{flag} f"));
            assert_eq!(intake.held("f"), HeldReason::Immutable);
            assert!(HeldReason::Immutable.may_pass());
            sh(root, &format!("chattr -{flag} f"));
        }
        intake.settled("f");
    });
}
