//! What the filters leave alone is counted in `status`, for people and for programs.

use std::path::Path;
use std::process::Command;

use crate::mounts::on_each_file_system;
use crate::support::{Daemon, sh};

#[test]
fn ignored_files_are_counted() {
    on_each_file_system("ignored_files_are_counted", |_, root| are_counted(root));
}

fn are_counted(root: &Path) {
    sh(
        root,
        "mkdir -p in/sub; cd in; touch a.tmp .hidden sub/b.part; echo 1 > f; ln -s f link",
    );
    let mut daemon = Daemon::start(root, "recursive = true\nrescan = \"1s\"");
    daemon.wait_for("the ignored files to be counted", |daemon| {
        daemon.status()["ignored_files"] == 3
    });
    assert_eq!(daemon.status()["held_files"], 1);
    let output = Command::new(env!("CARGO_BIN_EXE_sealdrop"))
        .args(["status", "--config", "sealdrop.toml"])
        .current_dir(root)
        .output()
        .unwrap();
    let screen = String::from_utf8_lossy(&output.stdout);
    assert!(screen.contains("held: 1; ignored: 3"), "{screen}");
    assert!(screen.contains("it is a symbolic link"), "{screen}");
    sh(&daemon.input(), "rm a.tmp .hidden");
    daemon.wait_for("two to be gone", |daemon| daemon.status()["ignored_files"] == 1);
    daemon.stop();
}
