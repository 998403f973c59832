use std::fs;

use crate::daemon::Site;

#[test]
fn when_the_drop_folder_is_replaced() {
    let site = Site::new();
    let daemon = site.start();
    site.drop_file("before", "before");
    daemon.wait_for("sealed", 1);

    fs::rename(&site.input, site.root.join("in.old")).unwrap();
    daemon.wait_for("watch_lost", 1);
    fs::create_dir(&site.input).unwrap();
    site.drop_file("after", "after");
    daemon.wait_for("watch_again", 1);
    daemon.wait_for("sealed", 2);
    assert_eq!(site.decrypt(&site.output.join("after.encrypted")), b"after");
}

/// Files wait in place for as long as there is nowhere to put their messages.
#[test]
fn when_the_output_folder_is_replaced() {
    let site = Site::new();
    let daemon = site.start();
    fs::remove_dir(&site.output).unwrap();
    daemon.wait_for("watch_lost", 1);
    site.drop_file("file", "content");

    fs::create_dir(&site.output).unwrap();
    daemon.wait_for("watch_again", 1);
    daemon.wait_for("sealed", 1);
    assert_eq!(site.decrypt(&site.output.join("file.encrypted")), b"content");
    assert!(daemon.stop().success());
}
