//! Whoever opens, truncates or appends to a file that has settled is seen, and goes on as soon as the lease is given back.

use crate::mounts::on_each_file_system;
use crate::support::{Intake, Producer, content, options};

#[test]
fn a_writer_that_comes_back_breaks_the_lease() {
    on_each_file_system("a_writer_that_comes_back_breaks_the_lease", |_, root| {
        let mut intake = Intake::open(root, options());
        let mut producer = Producer::start(root);
        for statement in [
            "open('f', 'a').write('more')",
            "open('f', 'w').write('rewritten')",
            "os.truncate('f', 1)",
            "open('f', 'r+').write('x')",
        ] {
            producer.does("open('f', 'w').write('once')");
            let settled = intake.settled("f");
            let lease = settled.lease.as_ref().unwrap();
            assert!(!lease.broken());

            producer.begins(statement);
            while !lease.broken() {
                std::thread::yield_now();
            }
            drop(settled);
            producer.has_done();
            let again = content(&intake.settled("f"));
            assert_ne!(again, b"once", "{statement}");
            assert_eq!(again, std::fs::read(root.join("f")).unwrap());
        }
    });
}

#[test]
fn names_and_modes_may_change_under_a_lease() {
    on_each_file_system("names_and_modes_may_change_under_a_lease", |_, root| {
        let mut intake = Intake::open(root, options());
        let mut producer = Producer::start(root);
        producer.does("open('f', 'w').write('once')");
        let settled = intake.settled("f");
        producer.does(
            "os.rename('f', 'g'); os.chmod('g', 0o600); os.link('g', 'h'); os.unlink('h'); open('g').read()",
        );
        assert!(!settled.lease.unwrap().broken());
    });
}
