//! aws-encryption-sdk-cli#99, #18.

use super::support::{Place, noise};

#[test]
fn to_a_message_that_does_not_hold_or_is_bound_to_something_else() {
    let place = Place::new();
    place.write("a", noise(20_000));
    place
        .local(["encrypt", "-i", "a", "-o", "a.enc", "-c", "purpose=tests"])
        .ok();
    place.write("good", "good");
    place
        .local(["decrypt", "-i", "a.enc", "-o", "good", "-c", "purpose=other"])
        .ended(65)
        .says("its encryption context does not have \"purpose\" = \"other\"");
    assert_eq!(place.read("good"), b"good");

    let mut bad = place.read("a.enc");
    let end = bad.len() - 200;
    bad[end] ^= 1;
    place.write("bad.enc", bad);
    place.local(["decrypt", "-i", "bad.enc", "-o", "good"]).ended(65);
    assert_eq!(place.read("good"), b"good");
    assert_eq!(
        place.names("."),
        ["a", "a.enc", "bad.enc", "c.toml", "good", "key"],
        "nothing else is left"
    );
}

#[test]
fn with_no_overwrite_or_a_declined_question() {
    let place = Place::new();
    place.write("a", "new");
    place.write("old", "old");
    place
        .local(["encrypt", "-i", "a", "-o", "old", "--no-overwrite"])
        .ok()
        .says("is there already");
    let arguments = [
        "encrypt",
        "-i",
        "a",
        "-o",
        "old",
        "--interactive",
        "--config",
        "c.toml",
        "--keyring",
        "local",
    ];
    place.run_with(arguments, &[], b"n\n").ok().says("[y/N]");
    assert_eq!(place.read("old"), b"old");
    place.run_with(arguments, &[], b"y\n").ok();
    assert_ne!(place.read("old"), b"old");
}

#[test]
fn and_replacing_one_is_said() {
    let place = Place::new();
    place.write("a", "new");
    place.write("old", "old");
    place
        .local(["encrypt", "-i", "a", "-o", "old"])
        .ok()
        .says("\"old\" is there already and is replaced");
    place
        .local(["encrypt", "-i", "a", "-o", "a"])
        .ended(64)
        .says("is its own output");
    assert_eq!(place.read("a"), b"new");
}
