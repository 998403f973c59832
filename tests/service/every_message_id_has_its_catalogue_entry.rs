use std::collections::BTreeSet;
use std::path::Path;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn and_every_entry_its_event() {
    let source = read("src/daemon/message_id.rs");
    let in_code: Vec<&str> = source
        .split('"')
        .filter(|text| text.len() == 32 && !text.contains(' '))
        .collect();
    let catalogue = read("systemd/sealdrop.catalog");
    let in_catalogue: Vec<&str> = catalogue
        .lines()
        .filter_map(|line| line.strip_prefix("-- "))
        .collect();
    let ids: BTreeSet<&str> = in_code.iter().copied().collect();
    assert!(
        ids.len() > 10 && ids.len() == in_code.len(),
        "an ID stands for one event"
    );
    assert_eq!(ids, in_catalogue.iter().copied().collect());
    assert_eq!(in_catalogue.len(), ids.len());
    for id in ids {
        assert!(
            id.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)),
            "{id}"
        );
    }
}

#[test]
fn and_every_event_has_an_id() {
    let events = |path: &str| {
        let source = read(path);
        let mut names = BTreeSet::new();
        for event in source.split("sealdrop_event = \"").skip(1) {
            let name = event.split('"').next().unwrap().to_owned();
            let id = format!("message_id = message_id::{}", name.to_uppercase());
            // Debug lines are for nobody to look up.
            if name != "swap" {
                assert!(event.split(';').next().unwrap().contains(&id), "{name} in {path}");
            }
            names.insert(name);
        }
        names
    };
    let mut names = events("src/daemon/report.rs");
    names.extend(events("src/daemon/keyrings.rs"));
    names.extend(["sealed", "recovered"].map(str::to_owned));
    names.remove("swap");
    assert_eq!(
        names.len(),
        read("src/daemon/message_id.rs").matches("const ").count()
    );
}
