//! Patterns that the shell has left to us: `*`, `?` and `[...]` in each part of a path, as
//! aws-encryption-cli expands them. `*` does not match a leading dot.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// Whether the path has a pattern in it.
pub(super) fn is_pattern(path: &Path) -> bool {
    path.as_os_str()
        .as_bytes()
        .iter()
        .any(|byte| b"*?[".contains(byte))
}

/// What matches, sorted; nothing if the pattern is none.
pub(super) fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let next = found.iter().flat_map(|folder| step(folder, component));
        found = next.collect();
    }
    found.sort();
    found
}

fn step(folder: &Path, component: Component<'_>) -> Vec<PathBuf> {
    let name = component.as_os_str();
    if !is_pattern(Path::new(name)) {
        let path = folder.join(name);
        return if path.symlink_metadata().is_ok() {
            vec![path]
        } else {
            Vec::new()
        };
    }
    let Some(matcher) = matcher(name) else {
        return Vec::new();
    };
    let place = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let hidden = name.as_bytes().first() == Some(&b'.');
    let names = fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name());
    names
        .filter(|name| hidden || name.as_bytes().first() != Some(&b'.'))
        .filter(|name| matcher.is_match(name))
        .map(|name| folder.join(name))
        .collect()
}

fn matcher(pattern: &OsStr) -> Option<GlobMatcher> {
    let glob = GlobBuilder::new(pattern.to_str()?)
        .literal_separator(true)
        .build()
        .ok()?;
    Some(glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_of_a_path_may_have_a_pattern_and_dot_files_are_hidden() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/x.txt", "a/.y.txt", "b/z.txt", "b/z.log"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let expand = |pattern: &str| -> Vec<String> {
            let found = expand(&folder.path().join(pattern));
            let relative = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap());
            relative.map(|path| path.to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(expand("*/*.txt"), ["a/x.txt", "b/z.txt"]);
        assert_eq!(expand("a/.*"), ["a/.y.txt"]);
        assert_eq!(expand("[ab]"), ["a", "b"]);
        assert!(expand("*/none*").is_empty());
    }
}
