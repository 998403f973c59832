use super::support::Place;

#[test]
fn changed_cut_short_or_none_at_all() {
    let place = Place::new();
    place.write("a", "content");
    place.local(["encrypt", "-i", "a", "-o", "whole", "-S"]).ok();
    let mut bytes = place.read("whole");
    place.write("short", &bytes[..bytes.len() - 1]);
    *bytes.last_mut().unwrap() ^= 1;
    place.write("changed", &bytes);
    place.write("text", "this is no message");
    for message in ["short", "changed", "text"] {
        place.local(["verify", "-i", message]).ended(65);
        place
            .local(["decrypt", "-i", message, "-o", "out", "-S"])
            .ended(65);
        assert!(!place.exists("out"));
    }
    place.run(["inspect", "text"]).ended(65);
}

#[test]
fn or_one_that_another_key_sealed() {
    let place = Place::new();
    place.write("a", "content");
    place.local(["encrypt", "-i", "a", "-o", "sealed", "-S"]).ok();
    place
        .run([
            "verify",
            "-i",
            "sealed",
            "--config",
            "c.toml",
            "--keyring",
            "other",
        ])
        .ended(65)
        .says("the message is wrapped under tests \"local\"");
}
