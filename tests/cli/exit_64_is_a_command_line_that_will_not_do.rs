use super::support::Place;

#[test]
fn whatever_the_command_is() {
    let place = Place::new();
    place.write("a", "x");
    let cases: [&[&str]; 16] = [
        &[],
        &["seal"],
        &["run"],
        &["check", "--fast"],
        &["doctor", "--fast"],
        &["status", "--fast"],
        &["inspect"],
        &["keygen"],
        &["completions", "tcsh"],
        &["man", "--fast"],
        &["verify", "-i", "a", "--fast"],
        &["decrypt", "-i", "a"],
        &["encrypt", "-i", "a"],
        &["encrypt", "-i", "a", "-o", "b"], // no key
        &["encrypt", "-i", "a", "-o", "b", "-w", "key=alias/x", "region"],
        &["encrypt", "-i", "a", "-o", "b", "-w", "discovery=true"],
    ];
    for arguments in cases {
        let ran = place.run(arguments);
        assert_eq!(ran.code, 64, "{arguments:?}: {}", ran.stderr);
    }
    assert!(!place.exists("b"));
}
