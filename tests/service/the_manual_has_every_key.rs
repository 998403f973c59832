use std::path::Path;

/// sealdrop.toml(5) carries the commented example, which the configuration's own tests hold to be complete.
#[test]
fn with_its_default_and_what_it_does() {
    let read =
        |path: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let page = read("docs/man/sealdrop.toml.5")
        .replace("\\-", "-")
        .replace("\\e", "\\");
    let example = read("config/sealdrop.toml");
    let missing: Vec<_> = example.lines().filter(|line| !page.contains(line)).collect();
    assert!(missing.is_empty(), "sealdrop.toml(5) lacks {missing:#?}");
}
