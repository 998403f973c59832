//! Why a keyring gave no key, and what to do about it.

use std::time::Duration;

use thiserror::Error;

use super::key_file::KeyFileError;
use super::kms_failure::{KmsError, KmsFailure};
use crate::message::{EncryptionContextError, KeyError};

/// Why a keyring gave no key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// No wrapped copy belongs to this keyring.
    #[error("no encrypted data key of the message belongs to this keyring")]
    NothingUnwrapped,
    /// Copies of ours are there, and none of them opens.
    #[error("none of the {tried} encrypted data keys that belong to this keyring could be opened")]
    UnwrapFailed {
        /// How many were tried.
        tried: usize,
        /// The most hopeful of the failures: one that may pass, if there is one.
        #[source]
        cause: Box<KeyringError>,
    },
    /// The key service did not do what it was asked for.
    #[error(transparent)]
    Kms(#[from] KmsError),
    /// A local key cannot be used.
    #[error(transparent)]
    KeyFile(#[from] KeyFileError),
    /// A data key could not be made or has the wrong length.
    #[error("failed to make a data key")]
    DataKey(#[source] KeyError),
    /// The encryption context does not serialise.
    #[error("failed to bind the data key to the encryption context")]
    EncryptionContext(#[source] EncryptionContextError),
    /// A wrapped copy that names our key does not open under it.
    #[error("the encrypted data key does not open with key {name:?} of {namespace:?}")]
    WrongKey {
        /// The keyring's namespace.
        namespace: String,
        /// The key's name.
        name: String,
    },
    /// The cryptographic library refused to wrap.
    #[error("failed to wrap the data key with key {name:?} of {namespace:?}")]
    Wrap {
        /// The keyring's namespace.
        namespace: String,
        /// The key's name.
        name: String,
    },
    /// The keyring can only open.
    #[error("the keyring has no key to seal with: {0}")]
    CannotSeal(&'static str),
    /// The keyring can only seal.
    #[error("the keyring has no private key to open with")]
    CannotOpen,
    /// The options contradict each other.
    #[error("the keyring's options do not fit together: {0}")]
    Options(String),
    /// The SDK has been told to log what it receives, which includes data keys.
    #[error("refused to use the key service while LOG_SENSITIVE_BODIES is set: data keys would be logged")]
    SensitiveBodiesLogged,
}

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It passes by itself, within seconds as a rule.
    RetrySoon,
    /// It passes by itself or by other people's routine.
    RetrySlowly,
    /// Somebody has to act; still tried again, at leisure, as nobody tells us when they have.
    TellTheOperator,
}

impl Severity {
    /// The first wait and the longest.
    pub const fn waits(self) -> (Duration, Duration) {
        match self {
            Self::RetrySoon => (Duration::from_millis(250), Duration::from_secs(5)),
            Self::RetrySlowly => (Duration::from_secs(2), Duration::from_secs(20)),
            Self::TellTheOperator => (Duration::from_secs(5), Duration::from_secs(30)),
        }
    }

    /// The wait after the `failures`-th failure in a row (1-based): doubled each time, capped, and
    /// shortened by up to half by `jitter` (any value), so that hosts that failed together do not
    /// return together.
    pub fn wait(self, failures: u32, jitter: u32) -> Duration {
        let (first, longest) = self.waits();
        let doubled = first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
        let wait = doubled.min(longest);
        wait.saturating_sub(wait.mul_f64(f64::from(jitter) / f64::from(u32::MAX) / 2.0))
    }
}

impl KeyringError {
    /// What to do about it.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Kms(error) => error.failure.severity(),
            Self::UnwrapFailed { cause, .. } => cause.severity(),
            _ => Severity::TellTheOperator,
        }
    }

    /// How long to wait before the next try: [`Severity::wait`], or longer where the service said so.
    pub fn wait(&self, failures: u32, jitter: u32) -> Duration {
        const PATIENCE: Duration = Duration::from_mins(1);
        let asked = self.kms().and_then(|error| error.retry_after).unwrap_or_default();
        self.severity().wait(failures, jitter).max(asked.min(PATIENCE))
    }

    /// A stable word for metrics, `status` and the log.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NothingUnwrapped => "no-matching-key",
            Self::UnwrapFailed { cause, .. } => cause.reason(),
            Self::Kms(error) => error.failure.reason(),
            Self::KeyFile(_) => "key-file",
            Self::DataKey(_) => "data-key",
            Self::EncryptionContext(_) => "encryption-context",
            Self::WrongKey { .. } | Self::CannotOpen => "wrong-key",
            Self::Wrap { .. } | Self::CannotSeal(_) => "wrap",
            Self::Options(_) | Self::SensitiveBodiesLogged => "keyring-options",
        }
    }

    /// The failed call, if the key service is the cause.
    pub fn kms(&self) -> Option<&KmsError> {
        match self {
            Self::Kms(error) => Some(error),
            Self::UnwrapFailed { cause, .. } => cause.kms(),
            _ => None,
        }
    }

    /// The request's id, to find the call in `CloudTrail`.
    pub fn request_id(&self) -> Option<&str> {
        self.kms().and_then(|error| error.request_id.as_deref())
    }

    /// Whether the key service itself is away, whatever the key (sysexits' `EX_UNAVAILABLE`).
    pub fn is_unavailable(&self) -> bool {
        self.severity() == Severity::RetrySoon
            || self
                .kms()
                .is_some_and(|error| error.failure == KmsFailure::Credentials)
    }

    /// What a failed attempt at each copy amounts to.
    pub(super) fn of_attempts(failures: Vec<Self>) -> Self {
        let tried = failures.len();
        match failures.into_iter().min_by_key(Self::severity) {
            None => Self::NothingUnwrapped,
            Some(cause) => Self::UnwrapFailed {
                tried,
                cause: Box::new(cause),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_their_cap_and_jitter_only_shortens() {
        for severity in [
            Severity::RetrySoon,
            Severity::RetrySlowly,
            Severity::TellTheOperator,
        ] {
            let (first, longest) = severity.waits();
            assert_eq!(severity.wait(1, 0), first);
            assert_eq!(severity.wait(2, 0), first * 2);
            for failures in [10, 31, 32, 33, 64, u32::MAX] {
                assert_eq!(severity.wait(failures, 0), longest);
                assert_eq!(severity.wait(failures, u32::MAX), longest / 2);
            }
        }
    }

    #[test]
    fn the_most_hopeful_failure_decides_what_happens_next() {
        let wrong = KeyringError::WrongKey {
            namespace: "n".into(),
            name: "k".into(),
        };
        let error = KeyringError::of_attempts(vec![wrong, KeyringError::CannotOpen]);
        assert!(matches!(error, KeyringError::UnwrapFailed { tried: 2, .. }));
        assert!(matches!(
            KeyringError::of_attempts(Vec::new()),
            KeyringError::NothingUnwrapped
        ));
    }
}
