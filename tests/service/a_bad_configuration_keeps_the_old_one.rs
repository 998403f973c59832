use rustix::process::Signal;

use crate::daemon::Site;

#[test]
fn and_a_good_one_is_in_force_at_once() {
    let site = Site::new();
    let daemon = site.start();
    let good = std::fs::read_to_string(&site.config).unwrap();

    std::fs::write(&site.config, good.replace("[[drop]]", "[[drops]]")).unwrap();
    daemon.signal(Signal::HUP);
    let rejected = daemon.wait_for("config_rejected", 1);
    let why = rejected[0]["message"].as_str().unwrap();
    assert!(why.contains("drops") && why.contains("sealdrop.toml:"), "{why}");
    site.drop_file("still sealed", "a");
    daemon.wait_for("sealed", 1);

    let better = good.replace(
        "name = \"test\"\ninput",
        "suffix = \".sealed\"\nname = \"test\"\ninput",
    );
    std::fs::write(&site.config, better).unwrap();
    daemon.signal(Signal::HUP);
    daemon.wait_for("config_reloaded", 1);
    site.drop_file("another", "b");
    daemon.wait_for("sealed", 2);
    assert!(site.output.join("another.sealed").exists());
    assert!(daemon.stop().success());
}

#[test]
fn and_a_good_one_that_cannot_be_started_too() {
    let site = Site::new();
    let daemon = site.start();
    let good = std::fs::read_to_string(&site.config).unwrap();
    let missing = format!(
        "{good}\n[status]\nsocket = \"{}/missing/socket\"\n",
        site.root.display()
    );
    std::fs::write(&site.config, missing).unwrap();
    daemon.signal(Signal::HUP);
    daemon.wait_for("config_rejected", 1);
    daemon.wait_for("started", 2);
    site.drop_file("still sealed", "a");
    daemon.wait_for("sealed", 1);
}

#[test]
fn and_a_drop_that_is_taken_out_is_drained() {
    let site = Site::new();
    let daemon = site.start();
    let good = std::fs::read_to_string(&site.config).unwrap();
    for folder in ["in2", "out2"] {
        std::fs::create_dir(site.root.join(folder)).unwrap();
    }
    for number in 0..40 {
        site.drop_file(format!("file {number}"), vec![7; 100_000]);
    }
    daemon.wait_for("sealed", 1);
    let other = good.replace("/in\"", "/in2\"").replace("/out\"", "/out2\"");
    std::fs::write(&site.config, other).unwrap();
    daemon.signal(Signal::HUP);
    daemon.wait_for("drop_removed", 1);
    daemon.wait_for("started", 2);
    assert!(
        !site
            .input
            .join(".sealdrop")
            .read_dir()
            .unwrap()
            .any(|entry| entry.unwrap().path().is_dir())
    );
    assert_eq!(site.records().len(), 40);
    assert_eq!(daemon.wait_for("sealed", 40).len(), 40);
}
