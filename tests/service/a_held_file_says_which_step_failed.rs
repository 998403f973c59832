//! Who is called at night reads one line: which file, what failed, why, where it stands, and what happens next.

use std::os::unix::fs::symlink;

use serde_json::Value;

use crate::daemon::{Daemon, LOCAL_KEY, Site};

fn held(daemon: &Daemon) -> Value {
    daemon.wait_for("held", 1).pop().unwrap()
}

fn holds(line: &Value, parts: &[&str]) {
    let message = line["message"].as_str().unwrap();
    let mut rest = message;
    for part in parts {
        let at = rest.find(part);
        rest = &rest[at.unwrap_or_else(|| panic!("no {part:?} in {message:?}")) + part.len()..];
    }
}

#[test]
fn when_its_message_cannot_be_written() {
    let site = Site::with(LOCAL_KEY, "collision = \"hold\"");
    let daemon = site.start();
    std::fs::write(site.output.join("report.csv.encrypted"), "somebody's").unwrap();
    site.drop_file("report.csv", "figures");
    let line = held(&daemon);
    assert_eq!(line["sealdrop_file"], "report.csv");
    assert_eq!(line["sealdrop_step"], "stage");
    assert_eq!(line["sealdrop_reason"], "name_taken");
    let parts = [
        "held \"report.csv\": failed to write the message: ",
        "report.csv.encrypted\" exists already; ",
        "it is whole in \".sealdrop/",
        "below the drop folder; it is tried again in 1s",
    ];
    holds(&line, &parts);

    // A start knows the claim only: its file is still called what its producer called it.
    daemon.kill();
    let daemon = site.start();
    let line = held(&daemon);
    assert_eq!(line["sealdrop_file"], "report.csv");
    holds(&line, &["held \"report.csv\": ", "it is whole in \".sealdrop/"]);
}

#[test]
fn when_it_cannot_be_claimed() {
    let site = Site::with(LOCAL_KEY, "");
    let daemon = site.start();
    let chattr = |flag: &str| {
        let changed = std::process::Command::new("chattr")
            .arg(flag)
            .arg(site.input.join(".sealdrop"))
            .status();
        changed.is_ok_and(|status| status.success())
    };
    if !chattr("+i") {
        return eprintln!("SKIPPED when_it_cannot_be_claimed: no chattr +i here");
    }
    site.drop_file("report.csv", "figures");
    let line = held(&daemon);
    assert!(chattr("-i"));
    daemon.wait_for("sealed", 1);
    assert_eq!(line["sealdrop_step"], "claim");
    let parts = [
        "held \"report.csv\": failed to make the directory ",
        "not permitted",
        "; it is whole where it was dropped; it is tried again in 1s",
    ];
    holds(&line, &parts);
}

#[test]
fn when_it_is_no_file() {
    let site = Site::with(LOCAL_KEY, "");
    let daemon = site.start();
    symlink("/etc/passwd", site.input.join("link")).unwrap();
    let parts = [
        "held \"link\": it is a symbolic link; ",
        "it stays where it is until somebody takes it away",
    ];
    holds(&held(&daemon), &parts);
}
