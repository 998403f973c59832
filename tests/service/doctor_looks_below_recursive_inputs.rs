use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::daemon::{LOCAL_KEY, Site, sealdrop};
use crate::doctor::doctor;
use crate::mounts::is_root;

#[test]
fn and_counts_the_watches_they_take() {
    let site = Site::with(LOCAL_KEY, "recursive = true");
    fs::create_dir_all(site.input.join("a/b/c")).unwrap();
    let examined = doctor(&site);
    examined.says("subfolders", "ok", "3 folders, all open");
    examined.says("inotify", "ok", "4 of ");
}

#[test]
fn and_names_one_that_is_closed_to_the_daemon() {
    if !is_root() {
        eprintln!("SKIPPED doctor_looks_below_recursive_inputs: becoming another user needs root");
        return;
    }
    let site = Site::with(LOCAL_KEY, "recursive = true");
    fs::create_dir(site.input.join("closed")).unwrap();
    for folder in [&site.root, &site.input, &site.output] {
        fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        std::os::unix::fs::chown(folder, Some(65534), Some(65534)).unwrap();
    }
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(sealdrop().get_program())
        .args(["doctor", "--config"])
        .arg(&site.config)
        .output()
        .unwrap();
    let screen = String::from_utf8(output.stdout).unwrap();
    if screen.is_empty() {
        eprintln!("SKIPPED doctor_looks_below_recursive_inputs: another user cannot run the binary here");
        return;
    }
    assert!(
        screen.contains("1 of 1 folders are closed to the daemon"),
        "{screen}"
    );
    assert!(screen.contains("setfacl"), "{screen}");
}
