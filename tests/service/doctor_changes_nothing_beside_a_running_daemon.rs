use crate::daemon::{LOCAL_KEY, Site, files_below};
use crate::doctor::doctor;

fn site() -> Site {
    Site::with(&format!("{LOCAL_KEY}\n[status]\nsocket = \"ROOT/status\"\n"), "")
}

#[test]
fn and_sees_with_its_rights() {
    let site = site();
    let daemon = site.start();
    let before = files_below(&site.root);
    let examined = doctor(&site);
    assert_eq!(examined.code, Some(0), "{:#}", examined.answer);
    examined.says("user", "ok", &format!("process {}", daemon.child.id()));
    examined.says("core", "ok", "makes no core file");
    examined.says("claims", "ok", "0700, on the input's mount");
    examined.says("data_key", "ok", "one for the drop test");
    assert_eq!(files_below(&site.root), before);

    site.drop_file("after", "content");
    daemon.wait_for("sealed", 1);
    assert_eq!(daemon.seen_of("sealed").len(), 1, "a trial was taken for a drop");
    assert!(daemon.seen_of("held").is_empty());
}

#[test]
fn and_makes_no_key_and_no_folder_before_the_first_start() {
    let site = site();
    let before = files_below(&site.root);
    let examined = doctor(&site);
    assert_eq!(examined.code, Some(0), "{:#}", examined.answer);
    examined.says("data_key", "ok", "will be made at first start");
    examined.says("claims", "ok", "will be made");
    assert!(!site.input.join(".sealdrop").exists());
    assert_eq!(files_below(&site.root), before);

    site.start().stop(); // nothing was locked
}
