//! aws-encryption-sdk-cli#73, #74.

use super::support::{Place, noise};

#[test]
fn each_file_has_its_line_and_the_worst_decides_the_exit_status() {
    let place = Place::new();
    for name in ["in/a", "in/b", "in/c"] {
        place.write(name, noise(10_000));
    }
    place.local(["encrypt", "-r", "-i", "in", "-o", "out"]).ok();
    let mut bad = place.read("out/b.encrypted");
    bad[5000] ^= 1;
    place.write("out/b.encrypted", bad);

    let options = [
        "decrypt",
        "-r",
        "-i",
        "out",
        "-o",
        "back",
        "--strip-suffix",
        "--metadata-output",
        "m",
    ];
    let ran = place.local(options).ended(65);
    assert!(
        ran.stderr.contains("failed to decrypt \"out/b.encrypted\""),
        "{}",
        ran.stderr
    );
    assert_eq!(place.names("back"), ["a", "c"]);
    let lines = place.lines("m");
    assert_eq!(lines.len(), 3);
    for line in lines {
        let failed = line["input"].as_str().unwrap().ends_with("b.encrypted");
        assert_eq!(line.get("error").is_some(), failed, "{line}");
    }
}

#[test]
fn an_input_that_is_not_there_neither() {
    let place = Place::new();
    place.write("a", "1");
    place.write("b", "2");
    place
        .local(["encrypt", "-i", "a", "none", "b", "-o", "out"])
        .ended(66)
        .says("\"none\"");
    assert_eq!(place.names("out"), ["a.encrypted", "b.encrypted"]);
}
