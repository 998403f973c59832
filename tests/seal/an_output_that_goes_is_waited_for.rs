//! The output folder is unmounted, moved away, replaced: nothing is written to where nobody looks, and all goes on when
//! there is one again.

use std::fs;

use crate::mounts::{BindMount, FileSystem};
use crate::support::{Drop, assert_sealed_once, drop_one, site, wait_until, wait_until_settled};

#[test]
fn an_unmounted_output_is_waited_for() {
    let mounted = match FileSystem::Ext4
        .mount(64)
        .and_then(|input| Ok((input, FileSystem::Tmpfs.mount(16)?)))
    {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED an_unmounted_output_is_waited_for: {why}"),
    };
    let (input, output) = mounted;
    let root = input.path().join("site");
    fs::create_dir_all(root.join("out")).unwrap();
    let bound = BindMount::new(output.path(), &root.join("out")).unwrap();
    let site = site(&root);
    let daemon = site.start();
    std::mem::drop(bound);
    drop_one(&site, Drop::Fresh);
    let held = daemon.wait_for("held", 1);
    assert_eq!(held[0]["sealdrop_reason"], "output_lost", "{held:?}");
    assert_eq!(
        fs::read_dir(&site.output).unwrap().count(),
        0,
        "the folder below the mount stays empty"
    );

    let _bound = BindMount::new(output.path(), &root.join("out")).unwrap();
    wait_until_settled(&site, &daemon, 1, "mounted again");
    assert!(daemon.stop().success());
    assert_sealed_once(&site, "mounted again");
}

#[test]
fn a_replaced_output_is_taken() {
    let temporary = tempfile::tempdir().unwrap();
    let site = site(&temporary.path().canonicalize().unwrap());
    let daemon = site.start();
    let moved = site.root.join("moved");
    fs::rename(&site.output, &moved).unwrap();
    drop_one(&site, Drop::Fresh);
    let held = daemon.wait_for("held", 1);
    assert_eq!(held[0]["sealdrop_reason"], "output_lost", "{held:?}");
    fs::create_dir(&site.output).unwrap();
    wait_until("the new folder", || site.records().len() == 1);
    wait_until_settled(&site, &daemon, 1, "replaced");
    assert!(daemon.stop().success());
    assert_sealed_once(&site, "replaced");
    assert_eq!(fs::read_dir(moved).unwrap().count(), 0);
}
