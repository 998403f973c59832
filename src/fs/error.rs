//! An I/O error that says what was being done to which path.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// A failed system call: the action, the path, and the cause as its source.
#[derive(Debug, Error)]
#[error("failed to {action} {path:?}")]
pub struct PathError {
    /// What was being done, as a verb: "open", "rename".
    pub action: &'static str,
    /// To which path.
    pub path: PathBuf,
    /// What the kernel said.
    #[source]
    pub source: io::Error,
}

impl PathError {
    /// What the kernel said, as a kind.
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

/// Attaches action and path to a failed call.
pub trait PathContext<T> {
    /// `action` is a verb: "open", "rename".
    fn path_context(self, action: &'static str, path: impl AsRef<Path>) -> Result<T, PathError>;
}

impl<T, E: Into<io::Error>> PathContext<T> for Result<T, E> {
    fn path_context(self, action: &'static str, path: impl AsRef<Path>) -> Result<T, PathError> {
        self.map_err(|source| PathError {
            action,
            path: path.as_ref().to_owned(),
            source: source.into(),
        })
    }
}
