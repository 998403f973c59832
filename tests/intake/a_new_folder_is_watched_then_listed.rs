//! What is written into a new folder at once is not lost, though no event tells of it.

use sealdrop::watch::Cause;

use crate::mounts::on_each_file_system;
use crate::support::{Intake, paths, recursive, sh};

#[test]
fn a_new_folder_is_watched_then_listed() {
    on_each_file_system("a_new_folder_is_watched_then_listed", |_, root| {
        let mut intake = Intake::open(root, recursive());
        for number in 0..50 {
            sh(root, &format!("mkdir -p a{number}/b/c; echo 1 > a{number}/b/c/f"));
            let settled = intake.settled_by_hints();
            assert_eq!(
                settled.candidate.path.to_str().unwrap(),
                format!("a{number}/b/c/f")
            );
            std::fs::remove_file(root.join(settled.candidate.path)).unwrap();
        }
        // From now on by events of their own.
        sh(root, "echo 1 > a7/b/c/later");
        assert!(intake.heard_of("a7/b/c/later"));
    });
}

#[test]
fn a_folder_moved_in_brings_its_files() {
    on_each_file_system("a_folder_moved_in_brings_its_files", |_, root| {
        sh(
            root,
            "mkdir -p in outside/tree/deep; echo 1 > outside/tree/f; echo 1 > outside/tree/deep/f",
        );
        let folder = root.join("in");
        let mut intake = Intake::open(&folder, recursive());
        sh(&folder, "mv ../outside/tree .");
        intake.settled_by_hints();
        intake.scanner.request(Cause::Timer);
        assert_eq!(
            paths(&intake.scan_all().candidates),
            ["tree/deep/f", "tree/f"].map(std::path::PathBuf::from)
        );
    });
}

#[test]
fn without_recursion_folders_are_left_alone() {
    on_each_file_system("without_recursion_folders_are_left_alone", |_, root| {
        sh(root, "mkdir sub; echo 1 > sub/f; echo 1 > f");
        let mut intake = Intake::open_unscanned(root, crate::support::options());
        let scan = intake.scan_all();
        assert_eq!((paths(&scan.candidates), scan.ignored), (vec!["f".into()], 1));
        assert_eq!(intake.hints.watched(), 1);
    });
}
