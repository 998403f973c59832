use std::fs::{File, metadata};
use std::os::unix::fs::PermissionsExt as _;

use super::support::{Place, noise};

#[test]
fn and_the_outcome_is_told() {
    let place = Place::new();
    for name in ["in/a", "in/sub/b"] {
        place.write(name, noise(10_000));
    }
    std::fs::create_dir(place.path("out")).unwrap();
    let options = [
        "encrypt",
        "-r",
        "-i",
        "in",
        "-o",
        "out",
        "--erase-input",
        "--metadata-output",
        "m",
    ];
    place.local(options).ok().says("erased: 2 ");
    assert_eq!(place.names("in"), ["sub"]);
    assert!(place.names("in/sub").is_empty());
    assert_eq!(place.names("out"), ["a.encrypted", "a.encrypted.json", "sub"]);
    assert_eq!(place.names("out/sub"), ["b.encrypted", "b.encrypted.json"]);
    for line in place.lines("m") {
        assert!(line["sealdrop"]["erasure"]["outcome"].is_string(), "{line}");
        assert_eq!(line["header"]["frame_length"], 4096);
    }
    let mode = metadata(place.path("out/a.encrypted"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    place
        .local(["decrypt", "-r", "-i", "out", "-o", "back", "--strip-suffix"])
        .ok();
    assert!(place.read("back/sub/b") == noise(10_000));
}

#[test]
fn but_not_without_a_key_a_free_name_or_while_somebody_writes() {
    let place = Place::new();
    for name in ["in/a", "in/b"] {
        place.write(name, "content");
    }
    std::fs::create_dir(place.path("out")).unwrap();
    let options = ["encrypt", "-r", "-i", "in", "-o", "out", "--erase-input"];
    let environment = [
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ];
    let away = ["-w", "key=alias/x", "--endpoint-url", "http://127.0.0.1:1"];
    place
        .run_with(options.into_iter().chain(away), &environment, b"")
        .ended(69);
    assert_eq!(place.names("in"), ["a", "b"]);
    assert!(place.names("out").is_empty());

    let writer = File::options().append(true).open(place.path("in/a")).unwrap();
    place.write("out/b.encrypted", "somebody else's");
    place
        .local(options.into_iter().chain(["--no-overwrite"]))
        .ended(74)
        .says("\"in/a\" is open for writing");
    drop(writer);
    assert_eq!(place.names("in"), ["a", "b"]);
    assert_eq!(place.names("out"), ["b.encrypted"]);
}

#[test]
fn nor_a_stream_a_folder_of_its_own_or_what_another_daemon_has() {
    let place = Place::new();
    place.write("in/a", "content");
    place
        .local(["encrypt", "-r", "-i", "in", "-o", "in", "--erase-input"])
        .ended(64);
    place
        .local(["encrypt", "-i", "-", "-o", "x", "--erase-input"])
        .ended(64);
    std::fs::create_dir(place.path("out")).unwrap();
    place.write("in/.sealdrop/0123456789abcdef-1/b", "x");
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(place.path("in/.sealdrop"), mode).unwrap();
    place.local(["encrypt", "-r", "-i", "in", "-o", "out", "--erase-input"]);
    assert!(place.exists("in/.sealdrop/0123456789abcdef-1/b"));
}
