//! A tree deeper than `PATH_MAX`, as only a producer that works by descriptors can make.

use sealdrop::watch::HeldReason;

use crate::mounts::on_each_file_system;
use crate::support::{Intake, Producer, recursive, sh};

#[test]
fn paths_beyond_the_limit_are_held() {
    on_each_file_system("paths_beyond_the_limit_are_held", |_, root| {
        sh(root, "mkdir in");
        let folder = root.join("in");
        let mut producer = Producer::start(&folder);
        producer
            .does("for _ in range(40): os.mkdir('d' * 200); os.chdir('d' * 200); open('f', 'w').write('1')");
        let mut intake = Intake::open_unscanned(&folder, recursive());
        let scan = intake.scan_all();
        assert_eq!(scan.held.len(), 1);
        assert_eq!(scan.held[0].reason, HeldReason::PathTooLong);
        assert_eq!(scan.candidates.len(), 20, "those below 4096 bytes");
        for candidate in scan.candidates {
            intake.settled(candidate.path);
        }
        drop(producer);
        sh(root, "rm -r in");
    });
}
