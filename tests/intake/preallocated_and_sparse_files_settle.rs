//! Space without data: fallocate, holes, and a file that grew by truncate only.

use sealdrop::watch::{HeldReason, Options};

use crate::mounts::on_each_file_system;
use crate::support::{Intake, content, options, sh};

#[test]
fn preallocated_and_sparse_files_settle() {
    on_each_file_system("preallocated_and_sparse_files_settle", |_, root| {
        let mut intake = Intake::open(root, options());
        sh(root, "fallocate -l 1M allocated; truncate -s 1M hole; : > empty");
        sh(
            root,
            ": > beyond_the_end; fallocate -n -l 1M beyond_the_end; printf x | dd of=late bs=1 seek=1048575 status=none",
        );
        for (name, size) in [
            ("allocated", 1 << 20),
            ("hole", 1 << 20),
            ("empty", 0),
            ("beyond_the_end", 0),
            ("late", 1 << 20),
        ] {
            let settled = intake.settled(name);
            assert_eq!(settled.identity.size, size, "{name}");
            assert_eq!(content(&settled).len() as u64, size, "{name}");
        }
    });
}

#[test]
fn a_sparse_file_counts_with_its_holes() {
    on_each_file_system("a_sparse_file_counts_with_its_holes", |_, root| {
        let limit = 1 << 20;
        let options = Options {
            max_size: limit,
            ..options()
        };
        let mut intake = Intake::open(root, options);
        sh(root, "truncate -s 1048576 fits; truncate -s 1T bomb");
        assert_eq!(intake.settled("fits").identity.size, limit);
        let size = 1 << 40;
        assert_eq!(intake.held("bomb"), HeldReason::TooLarge { size, limit });
    });
}
