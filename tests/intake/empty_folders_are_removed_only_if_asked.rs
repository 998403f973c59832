//! Folders that the files left behind.

use sealdrop::watch::{Cause, Options};

use crate::mounts::on_each_file_system;
use crate::support::{Intake, recursive, sh};

#[test]
fn empty_folders_stay_by_default_and_while_they_are_young() {
    on_each_file_system(
        "empty_folders_stay_by_default_and_while_they_are_young",
        |_, root| {
            sh(root, "mkdir -p a/b");
            for remove_empty_folders in [false, true] {
                let options = Options {
                    remove_empty_folders,
                    ..recursive()
                };
                let mut intake = Intake::open_unscanned(root, options);
                assert_eq!(intake.scan_all().removed_folders, 0);
                intake.scanner.request(Cause::Timer);
                assert_eq!(intake.scan_all().removed_folders, 0);
                assert!(root.join("a/b").exists());
            }
        },
    );
}
