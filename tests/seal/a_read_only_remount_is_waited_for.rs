//! A file system becomes read-only while a file is on its way, or before it: the plaintext stays whole, that is told, and
//! all goes on when it can be written to again.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::daemon::{Daemon, Site, files_below};
use crate::mounts::{BindMount, FileSystem, Mounted};
use crate::support::{
    Drop, assert_not_lost, assert_sealed_once, drop_one, site, wait_until, wait_until_settled,
};

fn remount(path: &Path, options: &str) {
    let remounted = Command::new("mount")
        .args(["-o", &format!("remount,{options}")])
        .arg(path)
        .output()
        .unwrap();
    assert!(remounted.status.success(), "{options}: {remounted:?}");
}

/// Input and output on a file system each.
fn two(test: &str) -> Option<(Mounted, Mounted)> {
    match FileSystem::Ext4
        .mount(256)
        .and_then(|input| Ok((input, FileSystem::Ext4.mount(256)?)))
    {
        Ok(mounted) => Some(mounted),
        Err(why) => {
            eprintln!("SKIPPED {test}: {why}");
            None
        }
    }
}

fn site_on(input: &Mounted) -> (Site, std::path::PathBuf) {
    let root = input.path().join("site");
    fs::create_dir_all(root.join("out")).unwrap();
    (site(&root), root.join("out"))
}

/// Drops a large file and stops the daemon in the middle of its encryption.
fn stop_while_staging(site: &Site, daemon: &Daemon, content: &[u8]) {
    let is_staged = || {
        files_below(&site.output)
            .iter()
            .any(|path| path.extension().is_some_and(|extension| extension == "part"))
    };
    site.drop_file("large", content);
    wait_until("the staged file", is_staged);
    daemon.signal(Signal::STOP);
    assert!(is_staged(), "stopped too late: a larger file is needed");
}

fn is_whole(site: &Site, content: &[u8]) -> bool {
    files_below(&site.input)
        .iter()
        .any(|path| fs::read(path).is_ok_and(|found| found == content))
}

fn assert_large_sealed(site: &Site, content: &[u8]) {
    assert_eq!(
        files_below(&site.output).len(),
        2,
        "{:?}",
        files_below(&site.output)
    );
    let message = site.output.join("large.encrypted");
    assert!(site.decrypt(&message) == content);
}

#[test]
fn an_output_that_is_read_only_for_a_while() {
    let Some((input, output)) = two("an_output_that_is_read_only_for_a_while") else {
        return;
    };
    let (_, out) = site_on(&input);
    let _bound = BindMount::new(output.path(), &out).unwrap();
    let site = site(&input.path().join("site"));
    let daemon = site.start();
    remount(output.path(), "ro");
    drop_one(&site, Drop::Flushed);
    let held = daemon.wait_for("held", 1);
    assert_eq!(held[0]["sealdrop_reason"], "read_only", "{held:?}");
    assert_not_lost(&site, "read-only");
    assert!(files_below(&site.output).is_empty());
    remount(output.path(), "rw");
    wait_until_settled(&site, &daemon, 1, "writable again");
    assert!(daemon.stop().success());
    assert_sealed_once(&site, "writable again");
}

#[test]
fn an_input_that_becomes_read_only_while_its_file_is_sealed() {
    let Some((input, output)) = two("an_input_that_becomes_read_only_while_its_file_is_sealed") else {
        return;
    };
    let (site, out) = site_on(&input);
    let _bound = BindMount::new(output.path(), &out).unwrap();
    let daemon = site.start();
    let content = b"plaintext".repeat(10 << 20);
    stop_while_staging(&site, &daemon, &content);
    remount(input.path(), "ro");
    daemon.signal(Signal::CONT);
    let held = daemon.wait_for("held", 1);
    assert_eq!(held[0]["sealdrop_reason"], "read_only", "{held:?}");
    assert!(is_whole(&site, &content));
    assert!(
        site.records().is_empty(),
        "no record while the plaintext is there"
    );
    remount(input.path(), "rw");
    wait_until_settled(&site, &daemon, 1, "writable again");
    assert!(daemon.stop().success());
    assert_large_sealed(&site, &content);
    assert_eq!(site.records()[0]["sealdrop"]["recovered"], true);
}

/// As ext4 does by itself after an error of its disk. Only a new mount mends it.
#[test]
fn an_output_that_fails_and_is_mounted_again() {
    let Some((input, output)) = two("an_output_that_fails_and_is_mounted_again") else {
        return;
    };
    let (site, out) = site_on(&input);
    let bound = BindMount::new(output.path(), &out).unwrap();
    let daemon = site.start();
    let content = b"plaintext".repeat(10 << 20);
    stop_while_staging(&site, &daemon, &content);
    remount(output.path(), "abort");
    daemon.signal(Signal::CONT);
    let held = daemon.wait_for("held", 1);
    assert!(
        ["read_only", "output"].contains(&held[0]["sealdrop_reason"].as_str().unwrap()),
        "{held:?}"
    );
    assert!(is_whole(&site, &content));
    assert!(site.records().is_empty());
    std::mem::drop(bound);
    let image = output.image();
    let copy = input.path().parent().unwrap().join("mended");
    fs::copy(image, &copy).unwrap();
    let mounted = Command::new("mount")
        .args(["-o", "loop"])
        .arg(&copy)
        .arg(&out)
        .output()
        .unwrap();
    assert!(mounted.status.success(), "{mounted:?}");
    wait_until_settled(&site, &daemon, 1, "mounted again");
    let _ = fs::remove_dir(out.join("lost+found"));
    assert_large_sealed(&site, &content);
    assert!(daemon.stop().success());
    assert!(Command::new("umount").arg(&out).status().unwrap().success());
}
