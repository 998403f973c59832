//! An sftp put, and one that is resumed.

use std::path::Path;

use crate::mounts::on_each_file_system;
use crate::support::{Intake, content, have, options, sh};

const SERVER: &str = "/usr/lib/openssh/sftp-server";

#[test]
fn an_uploaded_file_settles_when_the_transfer_is_closed() {
    let test = "an_uploaded_file_settles_when_the_transfer_is_closed";
    if !have(test, "sftp") {
        return;
    }
    if !Path::new(SERVER).exists() {
        eprintln!("SKIPPED {test}: {SERVER} is not installed");
        return;
    }
    let source = tempfile::tempdir().unwrap();
    std::fs::write(source.path().join("f"), vec![5; 2_000_000]).unwrap();
    let from = source.path().join("f").display().to_string();
    on_each_file_system(test, |_, root| {
        let mut intake = Intake::open(root, options());
        for command in ["put", "put -p"] {
            sh(
                root,
                &format!("echo '{command} {from} f' | sftp -q -b - -D {SERVER}"),
            );
            assert_eq!(content(&intake.settled_by_hints()).len(), 2_000_000, "{command}");
            std::fs::remove_file(root.join("f")).unwrap();
        }
    });
}
