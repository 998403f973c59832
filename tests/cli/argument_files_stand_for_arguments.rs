use super::support::Place;

#[test]
fn in_encrypt_and_decrypt() {
    let place = Place::new();
    place.write("a b", "content");
    place.write(
        "options",
        "--config c.toml # where the keyring is\n--keyring 'local'\n",
    );
    place
        .run(["encrypt", "-i", "a b", "-o", "a.enc", "@options"])
        .ok();
    place
        .run(["decrypt", "@options", "-i", "a.enc", "-o", "a.dec"])
        .ok();
    assert_eq!(place.read("a.dec"), b"content");
    place
        .run(["encrypt", "@nowhere"])
        .ended(66)
        .says("failed to read the argument file \"nowhere\"");
}
