//! What nobody can know: a producer killed half-way leaves a file that looks complete. Only a rename at the end tells.

use sealdrop::watch::Unsettled;

use crate::mounts::on_each_file_system;
use crate::support::{Intake, Producer, content, options};

#[test]
fn a_killed_writer_leaves_what_it_wrote() {
    on_each_file_system("a_killed_writer_leaves_what_it_wrote", |_, root| {
        let mut intake = Intake::open(root, options());
        let mut producer = Producer::start(root);
        producer.does("f = open('f', 'wb', buffering=0); f.write(b'half')");
        assert_eq!(intake.unsettled("f"), Unsettled::OpenForWriting);
        producer.kill();
        assert_eq!(content(&intake.settled("f")), b"half");
    });
}

#[test]
fn a_killed_writer_of_an_unfinished_name_leaves_nothing_to_take() {
    on_each_file_system(
        "a_killed_writer_of_an_unfinished_name_leaves_nothing_to_take",
        |_, root| {
            let mut intake = Intake::open(root, options());
            let mut producer = Producer::start(root);
            producer.does("f = open('f.part', 'wb', buffering=0); f.write(b'half')");
            producer.kill();
            intake.scanner.request(sealdrop::watch::Cause::Timer);
            assert!(intake.scan_all().candidates.is_empty());
        },
    );
}
