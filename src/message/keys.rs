//! One type per key role: wiped on drop, never shown, never copied by accident.

use std::fmt;

use subtle::ConstantTimeEq as _;
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
    /// HKDF refused; its output is shorter than its limit, so this is a defect.
    #[error("the key derivation refused the algorithm suite's key length")]
    Derivation,
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
        let key = Self(Zeroizing::new(bytes.into()));
        key.check_length(suite)?;
        Ok(key)
    }

    pub(super) fn check_length(&self, suite: AlgorithmSuite) -> Result<(), KeyError> {
        if self.0.len() == suite.data_key_length() {
            return Ok(());
        }
        Err(KeyError::Length {
            expected: suite.data_key_length(),
            found: self.0.len(),
        })
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

/// The key that encrypts one message (`structures`, "Derived Data Key").
pub(super) struct DerivedDataKey(Zeroizing<Box<[u8]>>);

impl DerivedDataKey {
    pub(super) fn new(key: Zeroizing<Box<[u8]>>) -> Self {
        Self(key)
    }

    pub(super) fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for DerivedDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DerivedDataKey({} bytes)", self.0.len())
    }
}

/// What a header shows so that a message opens under one data key only (`algorithm-suites`,
/// "Commit Key"). It is public; only its comparison is careful.
#[derive(Clone, Copy, Debug)]
pub struct CommitmentKey([u8; Self::LENGTH]);

impl CommitmentKey {
    /// Bytes of the key.
    pub const LENGTH: usize = 32;

    /// The bytes as they stand in the header.
    pub fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl From<[u8; Self::LENGTH]> for CommitmentKey {
    fn from(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }
}

/// In constant time.
impl PartialEq for CommitmentKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for CommitmentKey {}
