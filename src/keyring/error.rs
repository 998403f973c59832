//! Why a keyring gave no key.

use thiserror::Error;

/// Why a keyring gave no key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// No wrapped copy belongs to this keyring, or none could be opened.
    #[error("no encrypted data key of the message can be opened with this keyring")]
    NothingUnwrapped,
}
