//! Why there are no materials.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::keyring::{KeyringError, Severity};
use crate::message::SignatureError;

/// Why there are no materials; cheap to clone, as one failed call answers all who waited for it.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum MaterialsError {
    /// The keyring gave no data key.
    #[error("failed to get a data key")]
    Keyring(#[source] Arc<KeyringError>),
    /// The suite signs and there is no signing key, or the message's does not fit.
    #[error("failed to prepare the signature")]
    Signature(#[source] Arc<SignatureError>),
}

impl From<KeyringError> for MaterialsError {
    fn from(error: KeyringError) -> Self {
        Self::Keyring(Arc::new(error))
    }
}

impl From<SignatureError> for MaterialsError {
    fn from(error: SignatureError) -> Self {
        Self::Signature(Arc::new(error))
    }
}

impl MaterialsError {
    /// The keyring's error, if it is one.
    pub fn keyring(&self) -> Option<&KeyringError> {
        match self {
            Self::Keyring(error) => Some(error),
            Self::Signature(_) => None,
        }
    }

    /// What to do about it, see [`KeyringError::severity`].
    pub fn severity(&self) -> Severity {
        self.keyring()
            .map_or(Severity::TellTheOperator, KeyringError::severity)
    }

    /// How long to wait before the next try, see [`KeyringError::wait`].
    pub fn wait(&self, failures: u32, jitter: u32) -> Duration {
        match self {
            Self::Keyring(error) => error.wait(failures, jitter),
            Self::Signature(_) => self.severity().wait(failures, jitter),
        }
    }

    /// A stable word for metrics, `status` and the log.
    pub fn reason(&self) -> &'static str {
        self.keyring().map_or("signature", KeyringError::reason)
    }

    /// The key service's request id, to find the call in `CloudTrail`.
    pub fn request_id(&self) -> Option<&str> {
        self.keyring().and_then(KeyringError::request_id)
    }
}
