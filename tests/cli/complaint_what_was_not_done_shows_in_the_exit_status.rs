//! aws-encryption-sdk-cli#199.

use super::support::Place;

#[test]
fn a_folder_without_r_and_a_context_that_does_not_match() {
    let place = Place::new();
    place.write("in/a", "x");
    place
        .local(["encrypt", "-i", "in", "-o", "."])
        .ended(66)
        .says("help: add -r");
    place
        .local(["encrypt", "-i", "in/a", "-o", "a.enc", "-c", "k=v"])
        .ok();
    for context in [["-c", "k=w"], ["-c", "j"]] {
        let ran = place.local(
            ["verify", "-i", "a.enc", "--metadata-output", "m"]
                .into_iter()
                .chain(context),
        );
        ran.ended(65);
    }
    let lines = place.lines("m");
    assert_eq!(
        lines[0]["missing_encryption_context_pairs"],
        serde_json::json!([["k", "w"]])
    );
    assert_eq!(
        lines[1]["missing_encryption_context_keys"],
        serde_json::json!(["j"])
    );
    assert_eq!(lines[0]["reason"], "Missing encryption context key or value");
    place.local(["verify", "-i", "a.enc", "-c", "k"]).ok();
}

#[test]
fn a_special_file_in_a_folder_is_told_and_one_that_is_named_is_read() {
    let place = Place::new();
    place.write("in/a", "x");
    std::os::unix::fs::symlink("a", place.path("in/link")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        place.path("in/fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let ran = place.local(["encrypt", "-r", "-i", "in", "-o", "out"]).ok();
    let ran = ran.says("skipped \"in/fifo\": it is a FIFO");
    ran.says("skipped \"in/link\": it is a symbolic link");
    assert_eq!(place.names("out"), ["a.encrypted"]);

    place.local(["encrypt", "-r", "-L", "-i", "in", "-o", "out"]).ok();
    assert_eq!(place.names("out"), ["a.encrypted", "link.encrypted"]);
    let fifo = place.path("in/fifo");
    let writer = std::thread::spawn(move || std::fs::write(fifo, "from the pipe"));
    place.local(["encrypt", "-i", "in/fifo", "-o", "f.enc"]).ok();
    writer.join().unwrap().unwrap();
    assert_eq!(
        place.local(["decrypt", "-i", "f.enc", "-o", "-"]).ok().stdout,
        b"from the pipe"
    );
}
