//! A daemon that is not root, in a sticky folder of its own, and a producer's file that is nobody else's business.

use std::path::Path;

use crate::mounts::{is_root, on_each_file_system};
use crate::support::{Daemon, have, sh};

const TEST: &str = "other_users_files_need_just_these_capabilities";

#[test]
fn other_users_files_need_just_these_capabilities() {
    if !is_root() || !have(TEST, "setpriv") {
        eprintln!("SKIPPED {TEST}: needs root and setpriv");
        return;
    }
    // Overwriting needs the right to write; unlinking is the folder's owner's.
    for (erase, capabilities) in [
        ("overwrite", "+dac_override,+lease"),
        ("unlink", "+dac_read_search,+lease"),
    ] {
        with_daemon(erase, capabilities, |daemon| {
            daemon.wait_for("the file to be sealed", |daemon| {
                daemon.output().join("f.encrypted.json").exists() && !daemon.input().join("f").exists()
            });
            sh(&daemon.root, "chown 0 key"); // for us to open them with
            daemon.for_each_opened(|opened| assert_eq!(opened.content, b"theirs\n"));
        });
    }
}

#[test]
fn without_them_a_private_file_is_held_where_it_is() {
    if !is_root() || !have(TEST, "setpriv") {
        eprintln!("SKIPPED without_them_a_private_file_is_held_where_it_is: needs root and setpriv");
        return;
    }
    with_daemon("overwrite", "+lease", |daemon| {
        daemon.wait_for("the file to be held", |daemon| {
            daemon.log().contains("no_permission")
        });
        // What is the daemon's own, or open to it, is not kept waiting.
        sh(&daemon.input(), "echo 1 > .g; chown 23456 .g; mv .g g");
        daemon.wait_for("the next file", |daemon| {
            daemon.output().join("g.encrypted.json").exists()
        });
        assert!(daemon.input().join("f").exists());
    });
}

/// A daemon as the user 23456, with a file of mode 0600 of the user 12345 in its folder.
fn with_daemon(erase: &str, capabilities: &str, test: impl Fn(&mut Daemon)) {
    on_each_file_system(TEST, |_, root| with_daemon_on(root, erase, capabilities, &test));
}

fn with_daemon_on(root: &Path, erase: &str, capabilities: &str, test: impl Fn(&mut Daemon)) {
    sh(
        root,
        "umask 0; mkdir -m 1777 in; mkdir -m 755 out; echo theirs > in/f; chmod 600 in/f; chown 12345 in/f",
    );
    sh(
        root,
        "head -c 32 /dev/zero | tr '\\0' '*' > key; chmod 600 key; chown 23456 in out key .; chmod 755 .",
    );
    let inheritable = format!("--inh-caps=-all,{capabilities}");
    let ambient = format!("--ambient-caps=-all,{capabilities}");
    let bounding = format!("--bounding-set=-all,{capabilities}");
    let wrapper = [
        "setpriv",
        "--reuid",
        "23456",
        "--regid",
        "23456",
        "--clear-groups",
        &inheritable,
        &ambient,
        &bounding,
    ];
    let mut daemon = Daemon::start_by(root, &format!("erase = \"{erase}\""), &wrapper);
    test(&mut daemon);
    daemon.stop();
}
