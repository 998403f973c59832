//! inotify knows a directory and not its name: after a rename, hints must come under the new one.

use crate::mounts::on_each_file_system;
use crate::support::{Intake, recursive, sh};

#[test]
fn a_renamed_folder_is_followed() {
    on_each_file_system("a_renamed_folder_is_followed", |_, root| {
        sh(root, "mkdir -p a/deep");
        let mut intake = Intake::open(root, recursive());
        for (from, to) in [("a", "b"), ("b", "c"), ("c", "a")] {
            sh(root, &format!("mv {from} {to}; echo 1 > {to}/deep/f"));
            let settled = intake.settled_by_hints();
            assert_eq!(settled.candidate.path.to_str().unwrap(), format!("{to}/deep/f"));
            std::fs::remove_file(root.join(settled.candidate.path)).unwrap();
            intake.hints_so_far();

            sh(root, &format!("echo 1 > {to}/deep/later"));
            assert!(
                intake.heard_of(&format!("{to}/deep/later")),
                "after {from} became {to}"
            );
            sh(root, &format!("rm {to}/deep/later"));
        }
    });
}

#[test]
fn a_folder_that_is_made_anew_is_watched_anew() {
    on_each_file_system("a_folder_that_is_made_anew_is_watched_anew", |_, root| {
        let mut intake = Intake::open(root, recursive());
        for _ in 0..5 {
            sh(root, "mkdir sub; echo 1 > sub/f");
            assert_eq!(intake.settled_by_hints().candidate.path.to_str(), Some("sub/f"));
            intake.hints_so_far();
            sh(root, "echo 1 > sub/later");
            assert!(intake.heard_of("sub/later"));
            sh(root, "rm -r sub");
            intake.hints_so_far();
        }
    });
}

#[test]
fn a_rename_that_a_scan_sees_first_is_followed() {
    on_each_file_system("a_rename_that_a_scan_sees_first_is_followed", |_, root| {
        sh(root, "mkdir a");
        let mut intake = Intake::open(root, recursive());
        sh(root, "mv a b");
        intake.scanner.request(sealdrop::watch::Cause::Timer);
        intake.scan_all();
        for hint in intake.hints_so_far() {
            if let sealdrop::watch::Hint::Changed { path, at } = hint {
                intake.scanner.look(&path, at);
            }
        }
        intake.scan_all();
        sh(root, "echo 1 > b/f");
        assert!(intake.heard_of("b/f"));
    });
}
