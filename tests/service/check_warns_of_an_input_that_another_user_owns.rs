//! Who owns a folder that others write to can remove and replace what they drop, sticky or not.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::daemon::{LOCAL_KEY, Site, sealdrop};
use crate::mounts::is_root;

/// `sealdrop check` as nobody: what it says on stderr.
fn check(site: &Site) -> String {
    let output = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(sealdrop().get_program())
        .args(["check", "--config"])
        .arg(&site.config)
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn check_warns_of_an_input_that_another_user_owns() {
    if !is_root() {
        eprintln!("SKIPPED check_warns_of_an_input_that_another_user_owns: becoming another user needs root");
        return;
    }
    let site = Site::with(LOCAL_KEY, "");
    fs::set_permissions(&site.root, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&site.input, Permissions::from_mode(0o3777)).unwrap();
    let said = check(&site);
    if said.contains("Permission denied") {
        eprintln!(
            "SKIPPED check_warns_of_an_input_that_another_user_owns: another user cannot run the binary here"
        );
        return;
    }
    assert!(said.contains("belongs to user 0"), "{said}");

    std::os::unix::fs::chown(&site.input, Some(65534), Some(65534)).unwrap();
    fs::set_permissions(&site.input, Permissions::from_mode(0o3777)).unwrap();
    assert_eq!(check(&site), "");
}
