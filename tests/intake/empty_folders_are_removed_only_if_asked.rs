//! Folders that the files left behind.

use sealdrop::watch::{Cause, Options};

use crate::mounts::on_each_file_system;
use crate::support::{Daemon, Intake, recursive, sh};

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

#[test]
fn empty_folders_go_when_their_files_are_sealed_if_asked() {
    on_each_file_system(
        "empty_folders_go_when_their_files_are_sealed_if_asked",
        |_, root| {
            sh(
                root,
                "mkdir -p in/a/b in/full other/a/b other-out; echo 1 > in/a/b/f; touch in/full/x.tmp",
            );
            let other =
                "[[drop]]\nname = \"other\"\ninput = \"other\"\noutput = \"other-out\"\nkeyring = \"main\"";
            let mut daemon = Daemon::start(
                root,
                &format!(
                    "recursive = true\nremove_empty_folders = true\nrescan = \"1s\"\n{other}\nrecursive = true\nrescan = \"1s\""
                ),
            );
            daemon.wait_for("the empty folders to go", |daemon| {
                !daemon.input().join("a").exists()
            });
            assert!(root.join("out/a/b/f.encrypted.json").exists());
            assert!(root.join("in/full/x.tmp").exists());
            assert!(root.join("other/a/b").exists(), "not asked for there");
            daemon.stop();
        },
    );
}
