//! Mount points in the drop folder, and btrfs subvolumes: no rename leads out of them.

use sealdrop::watch::HeldReason;

use crate::mounts::{BindMount, FileSystem, is_root, on_each_file_system};
use crate::support::{Intake, paths, recursive, sh};

#[test]
fn what_is_on_another_mount_is_held() {
    let test = "what_is_on_another_mount_is_held";
    if !is_root() {
        eprintln!("SKIPPED {test}: mounting needs root");
        return;
    }
    on_each_file_system(test, |file_system, root| {
        sh(
            root,
            "mkdir -p in/sub in/mounted outside; echo victim > outside/f; echo 1 > in/sub/f; : > in/file",
        );
        let folder = root.join("in");
        let _on_folder = BindMount::new(&root.join("outside"), &folder.join("mounted")).unwrap();
        let _on_file = BindMount::new(&root.join("outside/f"), &folder.join("file")).unwrap();
        let mut held_folders = vec!["mounted"];
        if file_system == FileSystem::Btrfs {
            sh(
                &folder,
                "btrfs subvolume create volume >/dev/null; echo 1 > volume/f",
            );
            held_folders.push("volume");
        }

        let mut intake = Intake::open_unscanned(&folder, recursive());
        let scan = intake.scan_all();
        let mut held: Vec<_> = scan.held.iter().map(|held| held.path.to_str().unwrap()).collect();
        held.sort_unstable();
        assert_eq!(held, held_folders);
        assert!(scan.held.iter().all(|held| held.reason == HeldReason::OtherMount));
        assert_eq!(
            paths(&scan.candidates),
            ["file", "sub/f"].map(std::path::PathBuf::from)
        );
        assert_eq!(intake.held("file"), HeldReason::OtherMount);
        intake.settled("sub/f");
    });
}
