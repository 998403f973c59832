use std::collections::BTreeSet;
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use sealdrop::config::{self, Listen};

use super::support::Case;

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

/// The file with what stands behind "# " as if it did not, where that looks like a key or a table.
fn uncommented(text: &str) -> String {
    let bare = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.starts_with('[') || is_assignment(rest) => rest.to_owned(),
        _ => line.to_owned(),
    };
    text.lines().map(bare).collect::<Vec<_>>().join("\n")
}

fn is_assignment(line: &str) -> bool {
    let key = line.split(" = ").next().unwrap_or_default();
    key.len() < line.len() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

#[test]
fn the_quick_start_loads_without_a_remark() {
    let loaded = config::load(&shipped("quickstart.toml")).unwrap();
    assert!(loaded.warnings.is_empty());
    assert_eq!(loaded.settings.drops[0].input, Path::new("var/in"));
    assert_eq!(
        loaded.settings.metrics,
        Some(Listen::Socket("var/metrics.sock".into()))
    );
}

#[test]
fn the_full_file_loads_and_states_the_defaults() {
    let full = config::load(&shipped("sealdrop.toml")).unwrap().settings;
    let least = r#"
        keyring.main = { type = "aws-kms", key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
        data_key_cache = { max_age = "10s" }
        drop = [{ name = "claims", input = "/var/lib/sealdrop/in", output = "/var/lib/sealdrop/out", keyring = "main" }]
        metrics = {}
        status = {}
    "#;
    assert_eq!(full, Case::new().parse(least).unwrap().settings);
}

#[test]
fn every_key_that_the_code_knows_stands_in_the_full_file() {
    let text = uncommented(&read_to_string(shipped("sealdrop.toml")).unwrap());
    let mut table = String::new();
    let mut written = BTreeSet::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let name = header.trim_start_matches('[').split([']', '.']).next().unwrap();
            written.insert((String::new(), name.to_owned()));
            name.clone_into(&mut table);
        } else if is_assignment(line) {
            written.insert((table.clone(), line.split(" = ").next().unwrap().to_owned()));
        }
    }
    let known: BTreeSet<(String, String)> = config::known_keys()
        .into_iter()
        .flat_map(|(table, keys)| keys.iter().map(move |key| (table.to_owned(), (*key).to_owned())))
        .collect();
    assert_eq!(written, known);
}

#[test]
fn what_is_commented_out_is_right_too() {
    let text = uncommented(&read_to_string(shipped("sealdrop.toml")).unwrap());
    let faults = Case::new().parse(&text).unwrap_err().faults;
    let expected = [
        ("key_file", "does not exist"),
        ("public_key_file", "is not a file"),
        ("private_key_file", "cannot be looked at"),
        ("keep", "is of use with"),
        ("listen", "cannot be given beside"),
    ];
    for fault in &faults {
        let known = |(key, why): &(&str, &str)| fault.what.starts_with(key) && fault.why.starts_with(why);
        assert!(expected.iter().any(known), "{fault}");
    }
    assert_eq!(faults.len(), expected.len());
}
