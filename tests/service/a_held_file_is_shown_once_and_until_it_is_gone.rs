use serde_json::Value;

use crate::daemon::{Site, sealdrop};

fn status(site: &Site) -> (Option<i32>, Value) {
    let output = sealdrop()
        .args(["status", "--json", "--config"])
        .arg(&site.config)
        .output()
        .unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code(), answer)
}

#[test]
fn and_its_reason_is_in_status_and_log() {
    let cache = format!(
        "{}\n[status]\nsocket = \"ROOT/status\"\n",
        crate::daemon::LOCAL_KEY
    );
    let site = Site::with(&cache, "");
    assert_eq!(status(&site).0, Some(69), "nobody answers yet");
    let daemon = site.start();
    let (code, answer) = status(&site);
    assert_eq!(
        (code, &answer["healthy"]),
        (Some(0), &Value::Bool(true)),
        "{answer:#}"
    );

    std::os::unix::fs::symlink("/etc/passwd", site.input.join("link")).unwrap();
    daemon.wait_for("held", 1);
    site.drop_file("good", "content");
    daemon.wait_for("sealed", 1);
    let (code, answer) = status(&site);
    assert_eq!((code, &answer["healthy"]), (Some(69), &Value::Bool(false)));
    assert_eq!(answer["held"][0]["reason"], "symlink");
    assert_eq!(answer["held"][0]["file"], "link");
    assert_eq!(answer["files_sealed"], 1);
    assert_eq!(answer["exposure"]["files"], 1);
    assert_eq!(
        answer["oldest_plaintext_age_seconds"],
        Value::Null,
        "a link is no plaintext"
    );

    std::fs::remove_file(site.input.join("link")).unwrap();
    let gone = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100)); // the next look at the folder, within 5 s
        status(&site).1["held"].as_array().is_some_and(Vec::is_empty)
    });
    assert!(gone, "{:#}", status(&site).1);
    assert_eq!(daemon.seen_of("held").len(), 1);
}
