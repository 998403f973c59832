use super::support::Place;

const COMMANDS: [&str; 10] = [
    "run",
    "check",
    "doctor",
    "encrypt",
    "decrypt",
    "verify",
    "inspect",
    "keygen",
    "completions",
    "man",
];

#[test]
fn in_its_help() {
    let place = Place::new();
    for command in COMMANDS {
        let help = String::from_utf8(place.run([command, "--help"]).ok().stdout).unwrap();
        assert!(
            help.contains(&format!("  sealdrop {command}")) || help.contains("sealdrop completions"),
            "{help}"
        );
    }
}

#[test]
fn and_in_its_manual_page() {
    let place = Place::new();
    std::fs::create_dir(place.path("man")).unwrap();
    place.run(["man", "--output", "man"]).ok();
    let pages = place.names("man");
    for command in COMMANDS {
        assert!(pages.contains(&format!("sealdrop-{command}.1")), "{pages:?}");
    }
    let page = String::from_utf8(place.read("man/sealdrop-encrypt.1")).unwrap();
    assert!(
        page.contains("wrapping\\-keys") && page.contains("Examples"),
        "{page}"
    );
    assert!(place.run(["man"]).ok().stdout.starts_with(b".ie"));
}
