//! Why the daemon did not start, or had to end.

use std::io;

use thiserror::Error;

use crate::fs::PathError;
use crate::keyring::{KeyFileError, KeyringError};
use crate::seal::FolderError;
use crate::watch::{FilterError, HintsError};

/// Why the daemon did not start, or had to end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// A drop's folders.
    #[error("cannot use the folders of the drop {drop:?}")]
    Folders {
        /// The drop.
        drop: String,
        /// Why.
        #[source]
        source: FolderError,
    },
    /// A drop's input cannot be watched or listed.
    #[error("cannot watch the input of the drop {drop:?}")]
    Watch {
        /// The drop.
        drop: String,
        /// Why.
        #[source]
        source: HintsError,
    },
    /// A folder that is there cannot be used.
    #[error("cannot prepare the drop {drop:?}")]
    Path {
        /// The drop.
        drop: String,
        /// Why.
        #[source]
        source: PathError,
    },
    /// A drop's output folder is not there or cannot be reached.
    #[error("cannot use the output of the drop {drop:?}")]
    Output {
        /// The drop.
        drop: String,
        /// Why.
        #[source]
        source: PathError,
    },
    /// A name pattern.
    #[error("cannot use the patterns of the drop {drop:?}")]
    Filter {
        /// The drop.
        drop: String,
        /// Why.
        #[source]
        source: FilterError,
    },
    /// A local key file.
    #[error("cannot use the keyring {keyring:?}")]
    KeyFile {
        /// The keyring.
        keyring: String,
        /// Why.
        #[source]
        source: KeyFileError,
    },
    /// Anything else about a keyring.
    #[error("cannot use the keyring {keyring:?}")]
    Keyring {
        /// The keyring.
        keyring: String,
        /// Why.
        #[source]
        source: KeyringError,
    },
    /// A drop names a keyring that is not there; the configuration's check refuses that.
    #[error("there is no keyring {0:?}")]
    NoKeyring(String),
    /// The status or the metrics socket.
    #[error(transparent)]
    Socket(PathError),
    /// Threads, signals, the runtime.
    #[error("failed to {action}")]
    System {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Work panicked again and again.
    #[error("{0} files hit a defect in sealdrop; their plaintexts are whole, in place or claimed")]
    Defect(u32),
}
