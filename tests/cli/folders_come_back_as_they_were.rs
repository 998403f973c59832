use super::support::{Place, noise};

#[test]
fn with_any_names_and_sizes() {
    let place = Place::new();
    for (name, length) in [
        ("in/empty", 0),
        ("in/one", 1),
        ("in/sub/frame", 4096),
        ("in/sub/two frames", 8192),
        ("in/.hidden\n", 5000),
    ] {
        place.write(name, noise(length));
    }
    place.write("in/sub/deep/large", noise(9_000_000));
    place.local(["encrypt", "-r", "-i", "in", "-o", "out"]).ok();
    place.local(["verify", "-r", "-i", "out"]).ok();
    place
        .local([
            "decrypt",
            "-r",
            "-i",
            "out",
            "-o",
            "back",
            "--strip-suffix",
            ".encrypted",
        ])
        .ok();
    for name in [
        "empty",
        "one",
        "sub/frame",
        "sub/two frames",
        ".hidden\n",
        "sub/deep/large",
    ] {
        assert!(
            place.read(format!("in/{name}")) == place.read(format!("back/{name}")),
            "{name:?}"
        );
    }
}

#[test]
fn records_and_unfinished_files_among_the_messages_are_left_out() {
    let place = Place::new();
    place.write("a", "content");
    place
        .local(["encrypt", "-i", "a", "-o", "out/a.encrypted"])
        .ended(73);
    std::fs::create_dir(place.path("out")).unwrap();
    place.local(["encrypt", "-i", "a", "-o", "out"]).ok();
    place.write(
        "out/a.encrypted.json",
        r#"{"mode":"encrypt","output":"/etc/passwd","sealdrop":{"format":1}}"#,
    );
    place.write("out/.sealdrop-0123", "half a message");
    place.write("out/notes.json", r#"{"mine":true}"#);
    let ran = place
        .local(["decrypt", "-r", "-i", "out", "-o", "back", "--strip-suffix"])
        .ok();
    assert_eq!(place.names("back"), ["a"]);
    ran.says("skipped \"out/notes.json\"");
    place
        .local(["verify", "-r", "-i", "out"])
        .ended(65)
        .says("notes.json");
}

#[test]
fn an_output_folder_inside_the_input_is_not_read() {
    let place = Place::new();
    place.write("in/a", "x");
    std::fs::create_dir(place.path("in/out")).unwrap();
    for _ in 0..2 {
        place.local(["encrypt", "-r", "-i", "in", "-o", "in/out"]).ok();
        assert_eq!(place.names("in/out"), ["a.encrypted"]);
    }
}

#[test]
fn patterns_and_suffixes_as_aws_encryption_cli_has_them() {
    let place = Place::new();
    place.write("x/a.txt", "a");
    place.write("x/b.txt", "b");
    place.write("x/c.log", "c");
    std::fs::create_dir(place.path("out")).unwrap();
    place
        .local(["encrypt", "-i", "x/*.txt", "-o", "out", "--suffix", ".enc"])
        .ok();
    assert_eq!(place.names("out"), ["a.txt.enc", "b.txt.enc"]);
    std::fs::create_dir(place.path("back")).unwrap();
    place.local(["decrypt", "-i", "out/a.txt.enc", "-o", "back"]).ok();
    place
        .local(["decrypt", "-i", "out/b.txt.enc", "-o", "back", "--suffix"])
        .ok();
    assert_eq!(place.names("back"), ["a.txt.enc.decrypted", "b.txt.enc"]);
    place
        .local(["encrypt", "-i", "x/*.none", "-o", "out"])
        .ended(66)
        .says("nothing matches \"x/*.none\"");
}
