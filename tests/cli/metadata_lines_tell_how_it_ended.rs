use super::support::Place;

#[test]
fn one_for_each_file_appended_unless_told_otherwise() {
    let place = Place::new();
    place.write("a", "x");
    let encrypt = |more: &[&str]| {
        let options = [
            "encrypt",
            "-i",
            "a",
            "-o",
            "a.enc",
            "-q",
            "--metadata-output",
            "m",
        ];
        place.local(options.into_iter().chain(more.iter().copied())).ok();
    };
    encrypt(&[]);
    encrypt(&[]);
    assert_eq!(place.lines("m").len(), 2);
    encrypt(&["--overwrite-metadata"]);
    let lines = place.lines("m");
    assert_eq!(lines.len(), 1);
    let keys: Vec<&str> = lines[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["header", "input", "mode", "output"]);
    assert_eq!(lines[0]["input"], place.path("a").to_str().unwrap());
}

#[test]
fn on_stdout_unless_that_is_the_output() {
    let place = Place::new();
    place.write("a", "x");
    let ran = place
        .local(["encrypt", "-i", "a", "-o", "a.enc", "--metadata-output", "-"])
        .ok();
    let line: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(line["mode"], "encrypt");
    place
        .local(["encrypt", "-i", "a", "-o", "-", "--metadata-output", "-"])
        .ended(64);
    place
        .local(["encrypt", "-i", "a", "-o", "b", "--metadata-output", "a"])
        .ended(64);
    assert_eq!(place.read("a"), b"x");
}

#[test]
fn and_a_summary_as_json_is_one_line() {
    let place = Place::new();
    place.write("a", "four");
    let ran = place.local(["encrypt", "-i", "a", "-o", "a.enc", "--json"]).ok();
    let summary: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(summary["mode"], "encrypt");
    assert_eq!(
        (&summary["files"], &summary["bytes"], &summary["data_keys"]),
        (&1.into(), &4.into(), &1.into())
    );
    assert!(ran.stderr.is_empty(), "{}", ran.stderr);
}
