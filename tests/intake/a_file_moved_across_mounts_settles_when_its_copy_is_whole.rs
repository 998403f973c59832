//! mv across mounts is a copy under the final name, and no rename.

use crate::mounts::on_each_file_system;
use crate::support::{Intake, content, options, sh};

#[test]
fn a_file_moved_across_mounts_settles_when_its_copy_is_whole() {
    let outside = tempfile::tempdir().unwrap();
    let from = outside.path().join("f");
    on_each_file_system("a_file_moved_across_mounts", |_, root| {
        std::fs::write(&from, vec![9; 5_000_000]).unwrap();
        let mut intake = Intake::open(root, options());
        sh(root, &format!("mv {} f", from.display()));
        assert_eq!(content(&intake.settled_by_hints()).len(), 5_000_000);
    });
}
