//! A slow writer, two writers, and one that opens and writes nothing.

use sealdrop::watch::Unsettled;

use crate::mounts::on_each_file_system;
use crate::support::{Intake, Producer, content, options};

#[test]
fn a_slow_writer_is_waited_for() {
    on_each_file_system("a_slow_writer_is_waited_for", |_, root| {
        let mut intake = Intake::open(root, options());
        let mut producer = Producer::start(root);
        producer.does("f = open('f', 'wb', buffering=0)");
        for _ in 0..3 {
            producer.does("f.write(b'x' * 10000)");
            assert_eq!(intake.unsettled("f"), Unsettled::OpenForWriting);
        }
        producer.does("f.close()");
        assert_eq!(content(&intake.settled("f")).len(), 30_000);
    });
}

#[test]
fn one_of_two_writers_that_closes_proves_nothing() {
    on_each_file_system("one_of_two_writers_that_closes_proves_nothing", |_, root| {
        let mut intake = Intake::open(root, options());
        let mut producer = Producer::start(root);
        producer
            .does("f = open('f', 'wb', buffering=0); g = open('f', 'ab', buffering=0)")
            .does("f.write(b'1'); f.close()");
        assert!(intake.heard_of("f"), "the close is announced");
        assert_eq!(intake.unsettled("f"), Unsettled::OpenForWriting);
        producer.does("g.write(b'2'); g.close()");
        assert_eq!(content(&intake.settled("f")), b"12");
    });
}

#[test]
fn a_descriptor_that_was_duplicated_keeps_the_file_open() {
    on_each_file_system(
        "a_descriptor_that_was_duplicated_keeps_the_file_open",
        |_, root| {
            let mut intake = Intake::open(root, options());
            let mut producer = Producer::start(root);
            producer.does("f = open('f', 'wb', buffering=0); d = os.dup(f.fileno()); f.close()");
            assert_eq!(intake.unsettled("f"), Unsettled::OpenForWriting);
            producer.does("os.write(d, b'late'); os.close(d)");
            assert_eq!(content(&intake.settled("f")), b"late");
        },
    );
}

#[test]
fn a_reader_is_no_hindrance() {
    on_each_file_system("a_reader_is_no_hindrance", |_, root| {
        let mut intake = Intake::open(root, options());
        let mut producer = Producer::start(root);
        producer.does("open('f', 'w').write('1')").does("f = open('f')");
        assert_eq!(content(&intake.settled("f")), b"1");
    });
}
