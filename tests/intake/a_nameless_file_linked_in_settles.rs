//! `O_TMPFILE` and linkat: the close comes under the name `#<inode>`, so only the creation names the file.

use sealdrop::watch::Unsettled;

use crate::mounts::on_each_file_system;
use crate::support::{Intake, Producer, content, options};

#[test]
fn a_nameless_file_linked_in_settles() {
    on_each_file_system("a_nameless_file_linked_in_settles", |_, root| {
        let mut intake = Intake::open(root, options());
        let mut producer = Producer::start(root);
        producer
            .does("fd = os.open('.', os.O_TMPFILE | os.O_RDWR)")
            .does("os.write(fd, b'whole')")
            .does("os.link(f'/proc/self/fd/{fd}', 'f', src_dir_fd=os.open('.', os.O_RDONLY), follow_symlinks=True)");
        assert_eq!(intake.unsettled("f"), Unsettled::OpenForWriting);
        producer.begins("os.close(fd)");
        assert_eq!(content(&intake.settled_by_hints()), b"whole");
    });
}
