//! FIFOs, sockets, devices and links are held by what they are; opening some of them would do harm.

use std::path::Path;

use sealdrop::watch::{HeldReason, Look, Outcome, settle};

use crate::mounts::{is_root, on_each_file_system};
use crate::support::{Intake, Producer, options, sh};

#[test]
fn what_is_no_file_is_never_opened() {
    on_each_file_system("what_is_no_file_is_never_opened", |_, root| {
        sh(
            root,
            "mkdir in; echo victim > victim; cd in; mkfifo fifo; ln -s ../victim link; ln -s nowhere dangling",
        );
        let folder = root.join("in");
        Producer::start(&folder).does("import socket; s = socket.socket(socket.AF_UNIX); s.bind('socket')");
        let mut expected = vec![
            ("dangling", HeldReason::Symlink),
            ("fifo", HeldReason::Fifo),
            ("link", HeldReason::Symlink),
            ("socket", HeldReason::Socket),
        ];
        if is_root() {
            sh(&folder, "mknod device c 1 5");
            expected.insert(1, ("device", HeldReason::Device));
        }

        let mut intake = Intake::open_unscanned(&folder, options());
        let scan = intake.scan_all();
        let mut held: Vec<_> = scan
            .held
            .into_iter()
            .map(|held| (held.path, held.reason))
            .collect();
        held.sort_by(|a, b| a.0.cmp(&b.0));
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, reason)| (name.into(), reason))
            .collect();
        assert_eq!(held, expected);
        assert!(scan.candidates.is_empty());

        // A FIFO's writer would be let go on by any opening for reading.
        let mut producer = Producer::start(&folder);
        producer.does("try: os.open('fifo', os.O_WRONLY | os.O_NONBLOCK)\nexcept OSError as e: assert e.errno == 6, e\nelse: raise SystemExit");
    });
}

#[test]
fn a_file_that_is_swapped_after_it_was_found_is_looked_at_again() {
    on_each_file_system(
        "a_file_that_is_swapped_after_it_was_found_is_looked_at_again",
        |_, root| {
            sh(root, "mkdir in; echo victim > victim");
            let folder = root.join("in");
            let mut intake = Intake::open(&folder, options());
            for (swap, reason) in [
                ("ln -s ../victim f", HeldReason::Symlink),
                ("mkfifo f", HeldReason::Fifo),
            ] {
                sh(&folder, "echo 1 > f");
                let candidate = intake.candidate("f");
                sh(&folder, &format!("rm f; {swap}"));
                match settle(candidate, &intake.gate) {
                    Outcome::Held { reason: found, .. } => assert_eq!(found, reason),
                    other => panic!("{other:?}"),
                }
                assert!(matches!(
                    intake.scanner.look(Path::new("f"), std::time::SystemTime::now()),
                    Look::Held(_)
                ));
                sh(&folder, "rm f");
            }
            sh(&folder, "echo 1 > f");
            let candidate = intake.candidate("f");
            sh(&folder, "rm f; mkdir f");
            assert!(matches!(settle(candidate, &intake.gate), Outcome::Gone));
        },
    );
}
