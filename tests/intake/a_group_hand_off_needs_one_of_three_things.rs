//! A recursive drop that is handed over by a group: the daemon is one user, the producer another of the same group, and
//! makes folders of its own. The daemon must be able to rename files out of them.

use std::path::Path;
use std::process::Command;

use crate::mounts::{is_root, on_each_file_system};
use crate::support::{Daemon, have, sh};

const TEST: &str = "a_group_hand_off_needs_one_of_three_things";
/// What a shared default ACL looks like in the file system: `setfacl -d -m u::rwx,g::rwx,m::rwx,o::- in`.
const DEFAULT_ACL: &str = "
import os, struct
entries = [(1, 7), (4, 7), (16, 7), (32, 0)]
acl = struct.pack('<I', 2) + b''.join(struct.pack('<HHI', tag, may, 0xffffffff) for tag, may in entries)
os.setxattr('in', 'system.posix_acl_default', acl)
";

#[test]
fn a_umask_of_002_is_one() {
    hand_off("002", "-all", "", sealed);
}

#[test]
fn a_default_acl_is_one() {
    hand_off("022", "-all", DEFAULT_ACL, sealed);
}

#[test]
fn a_capability_is_one() {
    hand_off("022", "-all,+dac_override,+lease", "", sealed);
}

#[test]
fn without_any_the_folder_is_held_and_the_log_says_what_to_do() {
    hand_off("022", "-all", "", |daemon| {
        daemon.wait_for("the folder to be held", |daemon| {
            daemon.log().contains("folder_not_writable")
        });
        assert!(
            daemon
                .log()
                .contains("umask 002, a default ACL or CAP_DAC_OVERRIDE")
        );
        assert_eq!(daemon.status()["held"][0]["reason"], "folder_not_writable");
        assert!(daemon.input().join("theirs/f").exists());
        // What lies elsewhere does not wait, and what was held is taken when it can be.
        produce(daemon, "002", "mkdir other; echo 1 > other/g");
        daemon.wait_for("the other folder's file", |daemon| {
            daemon.output().join("other/g.encrypted.json").exists()
        });
        produce(daemon, "002", "chmod -R g+w theirs");
        sealed(daemon);
    });
}

fn sealed(daemon: &mut Daemon) {
    daemon.wait_for("the file to be sealed", |daemon| {
        daemon.output().join("theirs/f.encrypted.json").exists()
    });
    assert!(!daemon.input().join("theirs/f").exists());
}

/// The daemon is 23456, the producer 12345, the group 500.
fn hand_off(umask: &str, capabilities: &str, prepare: &str, test: impl Fn(&mut Daemon)) {
    if !is_root() || !have(TEST, "setpriv") {
        eprintln!("SKIPPED {TEST}: needs root and setpriv");
        return;
    }
    on_each_file_system(TEST, |_, root| {
        hand_off_on(root, umask, capabilities, prepare, &test);
    });
}

fn hand_off_on(root: &Path, umask: &str, capabilities: &str, prepare: &str, test: impl Fn(&mut Daemon)) {
    sh(
        root,
        "umask 0; mkdir in out; head -c 32 /dev/zero | tr '\\0' '*' > key; chmod 600 key
         chown 23456:500 in out key .; chmod 755 .; chmod 3770 in",
    );
    let mut prepared = Command::new("python3");
    if !prepared
        .args(["-c", prepare])
        .current_dir(root)
        .status()
        .unwrap()
        .success()
    {
        eprintln!("SKIPPED {TEST} with a default ACL: the temporary folder's file system has none");
        return;
    }
    let capabilities =
        ["--inh-caps=", "--ambient-caps=", "--bounding-set="].map(|set| format!("{set}{capabilities}"));
    let mut wrapper = vec!["setpriv", "--reuid", "23456", "--regid", "500", "--clear-groups"];
    wrapper.extend(capabilities.iter().map(String::as_str));
    let mut daemon = Daemon::start_by(root, "recursive = true\nrescan = \"1s\"", &wrapper);
    produce(&daemon, umask, "mkdir theirs; echo 1 > theirs/f");
    test(&mut daemon);
    daemon.stop();
}

fn produce(daemon: &Daemon, umask: &str, script: &str) {
    let status = Command::new("setpriv")
        .args([
            "--reuid",
            "12345",
            "--regid",
            "500",
            "--clear-groups",
            "--inh-caps=-all",
        ])
        .args(["sh", "-euc", &format!("umask {umask}; {script}")])
        .current_dir(daemon.input())
        .status()
        .unwrap();
    assert!(status.success(), "{script}: {status}");
}
