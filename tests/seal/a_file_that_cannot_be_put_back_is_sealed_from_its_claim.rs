//! The claim cannot be made durable, and the file cannot go back to where it stood either, as on a disk that has become
//! read-only: it is not forgotten.

use std::fs;

use crate::mounts::{BindMount, FileSystem};
use crate::support::{
    Drop, Strace, assert_sealed_once, drop_one, site_of_one_worker, wait_until, wait_until_settled,
};

#[test]
fn a_file_that_cannot_be_put_back_is_sealed_from_its_claim() {
    let mounted =
        Strace::is_there().and_then(|()| Ok((FileSystem::Ext4.mount(64)?, FileSystem::Tmpfs.mount(16)?)));
    let (input, output) = match mounted {
        Ok(mounted) => mounted,
        Err(why) => {
            return eprintln!("SKIPPED a_file_that_cannot_be_put_back_is_sealed_from_its_claim: {why}");
        }
    };
    let root = input.path().join("site");
    fs::create_dir_all(root.join("out")).unwrap();
    // On two file systems a claim is flushed before anything else of it.
    let _bound = BindMount::new(output.path(), &root.join("out")).unwrap();
    let site = site_of_one_worker(&root);
    let daemon = site.start();
    let inject = "inject=fsync:error=EIO:when=1";
    let put_back = "inject=renameat2:error=EROFS:when=2";
    let trace = [
        "-e",
        "trace=fsync,renameat2",
        "-e",
        inject,
        "-e",
        put_back,
        "-o",
        "/dev/null",
    ];
    let strace = Strace::attach(&daemon, &trace);
    drop_one(&site, Drop::Fresh);
    let held = daemon.wait_for("held", 1);
    assert_eq!(held[0]["sealdrop_reason"], "input", "{held:?}");
    assert!(site.input.join(".sealdrop").exists() && !site.input.join("report.csv").exists());
    wait_until("the record", || site.records().len() == 1);
    strace.detach();
    wait_until_settled(&site, &daemon, 1, "from its claim");
    assert!(daemon.stop().success());
    assert_sealed_once(&site, "from its claim");
}
