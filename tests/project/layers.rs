//! Each layer imports only the layers it may; some crates are named in one file only.

use crate::sources::{Source, sources};

/// A layer and the layers it may import.
const MAY_IMPORT: [(&str, &[&str]); 10] = [
    ("message", &[]),
    ("keyring", &["message"]),
    ("materials", &["message", "keyring"]),
    ("fs", &[]),
    ("watch", &["fs"]),
    ("seal", &["message", "fs", "materials"]),
    ("config", &["message", "keyring", "materials", "watch", "seal"]),
    (
        "daemon",
        &["message", "keyring", "materials", "fs", "watch", "seal", "config"],
    ),
    (
        "doctor",
        &["message", "keyring", "materials", "fs", "watch", "seal", "config"],
    ),
    (
        "cli",
        &[
            "message",
            "keyring",
            "materials",
            "fs",
            "watch",
            "seal",
            "config",
            "daemon",
            "doctor",
        ],
    ),
];

/// Layers that only compute and call the system: nothing in them awaits.
const SYNC: [&str; 4] = ["message", "fs", "seal", "config"];

/// A word of the code, and where alone it may stand: a file, or the beginning of its path.
const ONLY_IN: [(&str, &str); 4] = [
    ("aws_sdk_kms", "keyring/aws_kms"),
    ("moka::", "materials/caching.rs"),
    ("notify::", "watch/hints.rs"),
    ("unsafe ", "fs/sys.rs"),
];

fn layer(source: &Source) -> &str {
    source.path.split('/').next().unwrap()
}

/// The layers that a file names after `crate::`, alone or in a list.
fn imports(code: &str) -> Vec<String> {
    let after_crate = code.split("crate::").skip(1);
    after_crate
        .flat_map(|rest| {
            let names = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap().to_owned(),
                None => rest.to_owned(),
            };
            let list = if rest.starts_with('{') {
                names.split(',').map(str::to_owned).collect()
            } else {
                vec![names]
            };
            list.into_iter().map(|name| {
                name.trim()
                    .chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect::<String>()
            })
        })
        .collect()
}

#[test]
fn a_layer_imports_only_what_it_may() {
    let layers: Vec<&str> = MAY_IMPORT.iter().map(|(layer, _)| *layer).collect();
    let mut faults = Vec::new();
    for source in sources() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == layer(&source)) else {
            continue;
        };
        for import in imports(&source.code) {
            let is_layer = layers.contains(&import.as_str());
            if is_layer && import != layer(&source) && !allowed.contains(&import.as_str()) {
                faults.push(format!("{} imports {import}", source.path));
            }
        }
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn sync_layers_await_nothing() {
    for source in sources() {
        if SYNC.contains(&layer(&source)) {
            for word in ["async ", ".await", "tokio::"] {
                assert!(!source.code.contains(word), "{} has {word:?}", source.path);
            }
        }
    }
}

#[test]
fn a_library_behind_a_seam_is_named_in_its_file_only() {
    for source in sources() {
        for (word, place) in ONLY_IN {
            let allowed = source.path.starts_with(place);
            assert!(
                allowed || !has_word(&source.code, word),
                "{} has {word:?}, which belongs into {place}",
                source.path
            );
        }
    }
}

/// Whether the code has the word, and not only as the end of a longer one.
fn has_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_')
    })
}

#[test]
fn lists_and_paths_are_both_read_as_imports() {
    let code = "use crate::fs::Dir;\nuse crate::{seal, daemon::run};\nlet x = crate::cli::main();";
    assert_eq!(imports(code), ["fs", "seal", "daemon", "cli"]);
}
