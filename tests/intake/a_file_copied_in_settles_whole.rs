//! cp, install, dd and a shell's redirection: each is announced, and settles with all that was written.

use crate::mounts::on_each_file_system;
use crate::support::{Intake, content, options, sh};

#[test]
fn a_file_copied_in_settles_whole() {
    let source = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(source.path(), vec![7; 300_000]).unwrap();
    let from = source.path().display();
    on_each_file_system("a_file_copied_in_settles_whole", |_, root| {
        let mut intake = Intake::open(root, options());
        for command in [
            format!("cp {from} f"),
            format!("cp -p {from} f"),
            format!("install -m 0640 {from} f"),
            format!("dd if={from} of=f bs=4096 conv=fsync status=none"),
            format!("cat {from} > f"),
            format!("cp --sparse=always {from} f"),
        ] {
            sh(root, &command);
            let settled = intake.settled_by_hints();
            assert_eq!(content(&settled), vec![7; 300_000], "{command}");
            assert!(settled.lease.is_some(), "{command}");
            std::fs::remove_file(root.join("f")).unwrap();
        }
    });
}
