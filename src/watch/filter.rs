//! Which names are taken.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};
use thiserror::Error;

/// Never taken and never reported: our own work, and NFS's names for unlinked open files.
const OWN_PREFIXES: [&[u8]; 2] = [b".sealdrop", b".nfs"];

/// What is excluded unless the configuration says otherwise: names that producers use for unfinished files.
pub const DEFAULT_EXCLUDE: [&str; 5] = [".*", "*.tmp", "*.part", "*.partial", "*.filepart"];

/// A pattern that is no glob.
#[derive(Debug, Error)]
#[error("{pattern:?} is not a glob pattern")]
pub struct FilterError {
    /// As it was given.
    pub pattern: String,
    /// What is wrong with it.
    #[source]
    pub source: globset::Error,
}

/// Include and exclude patterns. A pattern without a slash is matched against the name alone, in any folder; one with
/// a slash against the path from the drop folder, where `*` stays within one folder and `**` does not.
#[derive(Clone, Debug)]
pub struct NameFilter {
    include: Patterns,
    exclude: Patterns,
}

impl NameFilter {
    /// An empty `include` takes everything that `exclude` does not match.
    pub fn new(
        include: impl IntoIterator<Item = impl AsRef<str>>,
        exclude: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, FilterError> {
        Ok(Self {
            include: Patterns::new(include)?,
            exclude: Patterns::new(exclude)?,
        })
    }

    /// Whether one pattern is a glob, so that every bad one of a configuration can be told.
    pub fn check(pattern: &str) -> Result<(), FilterError> {
        glob(pattern).map(drop)
    }

    /// Whether the file at this path in the drop folder is to be sealed.
    pub fn takes_file(&self, relative: &Path) -> bool {
        !self.excludes(relative) && (self.include.is_empty() || self.include.matches(relative))
    }

    /// Whether the folder at this path is looked into: `include` names files only.
    pub fn enters_folder(&self, relative: &Path) -> bool {
        // Every ext file system has one at its top, and it is root's.
        relative != Path::new("lost+found") && !self.excludes(relative)
    }

    /// Whether the name is our own or the file system's, and so not even counted.
    pub fn is_internal(name: &OsStr) -> bool {
        OWN_PREFIXES
            .iter()
            .any(|prefix| name.as_bytes().starts_with(prefix))
    }

    fn excludes(&self, relative: &Path) -> bool {
        relative.file_name().is_none_or(Self::is_internal) || self.exclude.matches(relative)
    }
}

impl Default for NameFilter {
    fn default() -> Self {
        Self::new([] as [&str; 0], DEFAULT_EXCLUDE).unwrap_or_else(|_| Self {
            include: Patterns::default(),
            exclude: Patterns::default(),
        })
    }
}

#[derive(Clone, Debug, Default)]
struct Patterns {
    on_name: GlobSet,
    on_path: GlobSet,
}

impl Patterns {
    fn new(patterns: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, FilterError> {
        let (mut on_name, mut on_path) = (GlobSetBuilder::new(), GlobSetBuilder::new());
        let mut last = String::new();
        for pattern in patterns {
            pattern.as_ref().clone_into(&mut last);
            let set = if last.contains('/') {
                &mut on_path
            } else {
                &mut on_name
            };
            set.add(glob(&last)?);
        }
        let build = |set: &GlobSetBuilder| {
            set.build().map_err(|source| FilterError {
                pattern: last.clone(),
                source,
            })
        };
        Ok(Self {
            on_name: build(&on_name)?,
            on_path: build(&on_path)?,
        })
    }

    fn is_empty(&self) -> bool {
        self.on_name.is_empty() && self.on_path.is_empty()
    }

    fn matches(&self, relative: &Path) -> bool {
        let name = relative.file_name().unwrap_or_default();
        self.on_name.is_match(name) || self.on_path.is_match(relative)
    }
}

fn glob(pattern: &str) -> Result<Glob, FilterError> {
    GlobBuilder::new(pattern.strip_prefix('/').unwrap_or(pattern))
        .literal_separator(true)
        .build()
        .map_err(|source| FilterError {
            pattern: pattern.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_names_and_our_own_are_left_alone_by_default() {
        let filter = NameFilter::default();
        for name in [
            ".hidden",
            "a.tmp",
            "sub/b.part",
            ".sealdrop",
            ".sealdrop-x",
            ".nfs0001",
        ] {
            assert!(!filter.takes_file(Path::new(name)), "{name}");
        }
        for name in ["a", "a.tmp.csv", "sub/partial"] {
            assert!(filter.takes_file(Path::new(name)), "{name}");
        }
    }

    #[test]
    fn our_own_names_cannot_be_included() {
        let filter = NameFilter::new([".sealdrop*", "*"], [] as [&str; 0]).unwrap();
        assert!(!filter.takes_file(Path::new(".sealdrop-x")));
        assert!(!filter.enters_folder(Path::new(".sealdrop")));
        assert!(filter.takes_file(Path::new(".hidden")));
    }

    #[test]
    fn a_slash_makes_a_pattern_match_the_path() {
        let filter = NameFilter::new(["claims/*.csv"], ["claims/old/**"]).unwrap();
        assert!(filter.takes_file(Path::new("claims/a.csv")));
        assert!(!filter.takes_file(Path::new("claims/deep/a.csv")));
        assert!(!filter.takes_file(Path::new("a.csv")));
        assert!(!filter.enters_folder(Path::new("claims/old/x")));
        assert!(filter.enters_folder(Path::new("claims")));
    }

    #[test]
    fn names_that_are_not_utf8_are_matched_by_their_bytes() {
        let filter = NameFilter::default();
        assert!(filter.takes_file(Path::new(OsStr::from_bytes(b"\xff\xfe\n"))));
        assert!(!filter.takes_file(Path::new(OsStr::from_bytes(b"\xff.tmp"))));
    }

    #[test]
    fn a_bad_pattern_is_named() {
        assert_eq!(
            NameFilter::new(["a", "[", "b"], ["c"]).unwrap_err().to_string(),
            "\"[\" is not a glob pattern"
        );
    }
}
