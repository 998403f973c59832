use crate::daemon::{Site, sealdrop};

#[test]
fn on_the_same_drop_folder_while_the_first_runs() {
    let site = Site::new();
    let first = site.start();
    let second = sealdrop()
        .args(["run", "--config"])
        .arg(&site.config)
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(75), "systemd is to try again");
    let error = String::from_utf8(second.stderr).unwrap();
    assert!(error.contains("in use by another sealdrop daemon"), "{error}");

    site.drop_file("file", "the first one goes on");
    first.wait_for("sealed", 1);
    assert!(first.stop().success());
    assert!(site.start().stop().success(), "the lock went with its holder");
}
