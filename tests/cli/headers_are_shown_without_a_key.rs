use base64::Engine as _;
use serde_json::Value;

use super::support::Place;

#[test]
fn raw_or_in_base64_and_marked_as_unverified() {
    let place = Place::new();
    place.write("a", "x");
    place
        .local(["encrypt", "-i", "a", "-o", "a.enc", "-c", "purpose=tests"])
        .ok();
    place
        .local([
            "encrypt",
            "-i",
            "a",
            "-o",
            "a.b64",
            "-c",
            "purpose=tests",
            "--encode",
        ])
        .ok();
    for (name, base64) in [("a.enc", false), ("a.b64", true)] {
        let shown: Value = serde_json::from_slice(&place.run(["inspect", name]).ok().stdout).unwrap();
        assert_eq!(
            (&shown["verified"], &shown["base64"]),
            (&false.into(), &base64.into())
        );
        assert_eq!(shown["header"]["encryption_context"]["purpose"], "tests");
        assert_eq!(shown["header"]["frame_length"], 4096);
        let id = shown["header"]["message_id"].as_str().unwrap();
        assert_eq!(
            base64::engine::general_purpose::STANDARD
                .decode(id)
                .unwrap()
                .len(),
            32
        );
    }
    place
        .run(["inspect", "a", "a.enc"])
        .ended(65)
        .says("\"a\" does not begin with a message");
    place.run(["inspect", "none"]).ended(66);
}
