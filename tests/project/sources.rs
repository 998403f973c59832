//! The project's own source files.

use std::path::{Path, PathBuf};

/// The project's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source file, by its path below `src`, and its text without comments.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) code: String,
}

/// Every Rust file below `src`.
pub(crate) fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let relative = path.strip_prefix(root().join("src")).unwrap();
                found.push(Source {
                    path: relative.to_str().unwrap().to_owned(),
                    code: code.collect::<Vec<_>>().join("\n"),
                });
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}
