//! Hand-off by ln and rm: the second name is created, and nothing else is ever announced.

use std::time::Duration;

use sealdrop::watch::{HeldReason, Unsettled};

use crate::mounts::on_each_file_system;
use crate::support::{Intake, content, options, sh};

#[test]
fn a_linked_file_settles_when_its_first_name_is_gone() {
    on_each_file_system("a_linked_file_settles_when_its_first_name_is_gone", |_, root| {
        sh(root, "mkdir in; echo whole > first");
        let folder = root.join("in");
        let mut intake = Intake::open(&folder, options());
        sh(&folder, "ln ../first f");
        assert!(intake.heard_of("f"));
        assert_eq!(intake.unsettled("f"), Unsettled::Linked);
        sh(&folder, "rm ../first");
        assert_eq!(content(&intake.settled("f")), b"whole\n");
    });
}

#[test]
fn a_second_name_that_stays_holds_the_file() {
    on_each_file_system("a_second_name_that_stays_holds_the_file", |_, root| {
        sh(root, "mkdir in; echo victim > first; ln first in/f");
        let mut intake = Intake::open(&root.join("in"), options());
        intake.gate = intake.gate.with_link_grace(Duration::ZERO);
        assert_eq!(intake.held("f"), HeldReason::HardLinked(2));
        assert!(intake.held("f").may_pass());
    });
}
