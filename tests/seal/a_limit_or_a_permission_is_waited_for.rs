//! The daemon runs out of file descriptors, or may no longer write to its folders: files wait, which is told, and all goes
//! on when there is room or leave again.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::daemon::{Daemon, files_below};
use crate::mounts::is_root;
use crate::support::{
    Drop, assert_not_lost, assert_sealed_once, drop_one, site, wait_until, wait_until_settled,
};

fn limit_files(daemon: &Daemon, current: u64) -> u64 {
    let limit = Rlimit {
        current: Some(current),
        maximum: getrlimit(Resource::Nofile).maximum, // the daemon has inherited it
    };
    let pid = Some(Pid::from_child(&daemon.child));
    prlimit(pid, Resource::Nofile, limit)
        .unwrap()
        .current
        .unwrap_or(1024)
}

fn open_files(daemon: &Daemon) -> u64 {
    fs::read_dir(format!("/proc/{}/fd", daemon.child.id()))
        .unwrap()
        .count() as u64
}

/// At each number of descriptors that is left, the drop fails somewhere else on its way.
#[test]
fn a_file_limit_that_is_reached() {
    if !is_root() {
        return eprintln!("SKIPPED a_file_limit_that_is_reached: needs root");
    }
    let mut told = 0;
    for left in 0..6 {
        let temporary = tempfile::tempdir().unwrap();
        let site = site(&temporary.path().canonicalize().unwrap());
        let daemon = site.start();
        let before = limit_files(&daemon, open_files(&daemon) + left);
        drop_one(&site, Drop::Flushed);
        let what = format!("{left} descriptors left");
        wait_until(&what, || {
            let limits = daemon.seen_of("held");
            let is_told = limits.iter().any(|held| held["sealdrop_reason"] == "file_limit");
            let is_told = is_told || !daemon.seen_of("scan_failed").is_empty();
            told += usize::from(is_told);
            is_told || site.records().len() == 1
        });
        assert_not_lost(&site, &what);
        limit_files(&daemon, before);
        wait_until_settled(&site, &daemon, 1, &what);
        assert!(daemon.stop().success(), "{what}");
        assert_sealed_once(&site, &what);
    }
    assert!(told >= 3, "the limit was hardly ever reached");
}

fn allow(folder: &Path, mode: u32) {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
}

/// Root without the right to pass over permissions is a user like any other.
#[test]
fn a_permission_that_is_taken_away() {
    if !is_root() || Command::new("setpriv").arg("--version").output().is_err() {
        return eprintln!("SKIPPED a_permission_that_is_taken_away: needs root and setpriv");
    }
    let temporary = tempfile::tempdir().unwrap();
    let site = site(&temporary.path().canonicalize().unwrap());
    let mut command = Command::new("setpriv");
    let without = "-dac_override,-dac_read_search";
    command
        .args(["--bounding-set", without, "--inh-caps", without])
        .args([env!("CARGO_BIN_EXE_sealdrop"), "run", "--config"])
        .arg(&site.config);
    let daemon = Daemon::spawn(command);
    daemon.wait_for("started", 1);
    for folder in [site.output.clone(), site.input.join(".sealdrop")] {
        let (mode, others) = (
            fs::metadata(&folder).unwrap().permissions().mode(),
            files_below(&site.output),
        );
        allow(&folder, 0o500);
        drop_one(&site, Drop::Fresh);
        let seen = 1 + usize::from(!others.is_empty());
        let held = daemon.wait_for("held", seen);
        assert_eq!(held[seen - 1]["sealdrop_reason"], "permission", "{held:?}");
        assert_not_lost(&site, "without leave");
        assert_eq!(files_below(&site.output), others);
        allow(&folder, mode);
        wait_until_settled(&site, &daemon, 1, "with leave again");
        assert_sealed_once(&site, "with leave again");
        for path in files_below(&site.output) {
            fs::remove_file(path).unwrap();
        }
    }
    assert!(daemon.stop().success());
}
