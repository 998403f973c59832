//! One type per key role: wiped on drop, never shown, never copied by accident.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::AlgorithmSuite;

/// Why a key could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes")]
    Random(#[source] getrandom::Error),
    /// A key service or a wrapped key yielded a key of another length than the suite's.
    #[error("the data key has {found} bytes, and the algorithm suite needs {expected}")]
    Length {
        /// What the suite asks for.
        expected: usize,
        /// What there is.
        found: usize,
    },
}

/// The data key that a keyring generates or unwraps (`structures`, "Plaintext Data Key").
pub struct PlaintextDataKey(Zeroizing<Box<[u8]>>);

impl PlaintextDataKey {
    /// A fresh random key of the suite's length.
    pub fn generate(suite: AlgorithmSuite) -> Result<Self, KeyError> {
        let mut key = Zeroizing::new(vec![0; suite.data_key_length()].into_boxed_slice());
        getrandom::fill(&mut key).map_err(KeyError::Random)?;
        Ok(Self(key))
    }

    /// A key that came from elsewhere; its length must be the suite's. The caller wipes its own copy.
    pub fn from_bytes(suite: AlgorithmSuite, bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() != suite.data_key_length() {
            return Err(KeyError::Length {
                expected: suite.data_key_length(),
                found: bytes.len(),
            });
        }
        Ok(Self(Zeroizing::new(bytes.into())))
    }

    /// The bytes, for wrapping and for derivation only.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for PlaintextDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlaintextDataKey({} bytes)", self.0.len())
    }
}
