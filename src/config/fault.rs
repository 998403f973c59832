//! What is wrong in a configuration file, and where.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// One fault: the line, the key and its value as written, and why it will not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    /// `key = value` as written, or the table's header.
    pub what: String,
    /// Why it will not do.
    pub why: String,
    /// The key or value that was probably meant.
    pub hint: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.line, self.what, self.why)?;
        match &self.hint {
            Some(hint) => write!(f, " (did you mean {hint:?}?)"),
            None => Ok(()),
        }
    }
}

/// Every fault of one file.
#[derive(Debug)]
pub struct Faults {
    /// The file, as the operator named it.
    pub file: PathBuf,
    /// In the order of their lines; never empty.
    pub faults: Vec<Fault>,
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{}:{fault}", self.file.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Why there are no settings.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file could not be read, or is not UTF-8.
    #[error("failed to read the configuration {path:?}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// It was read, and it will not do.
    #[error("{0}")]
    Invalid(Faults),
    /// There is no keyring of this name.
    #[error("there is no keyring {name:?} in {path:?}")]
    NoSuchKeyring {
        /// The file.
        path: PathBuf,
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
}
