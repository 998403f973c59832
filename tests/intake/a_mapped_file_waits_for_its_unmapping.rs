//! A shared writable mapping writes without any descriptor.

use sealdrop::watch::Unsettled;

use crate::mounts::on_each_file_system;
use crate::support::{Intake, Producer, content, options};

#[test]
fn a_mapped_file_waits_for_its_unmapping() {
    on_each_file_system("a_mapped_file_waits_for_its_unmapping", |_, root| {
        let mut intake = Intake::open(root, options());
        let mut producer = Producer::start(root);
        producer
            .does("fd = os.open('f', os.O_RDWR | os.O_CREAT); os.ftruncate(fd, 4096)")
            .does("m = mmap.mmap(fd, 4096); os.close(fd)");
        assert_eq!(intake.unsettled("f"), Unsettled::OpenForWriting);
        producer.does("m[:5] = b'whole'; m.close()");
        assert_eq!(content(&intake.settled("f"))[..5], *b"whole");
    });
}
