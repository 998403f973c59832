//! A name for a local key that tells it from others and tells nothing about it.

use std::fmt;

use sha2::{Digest, Sha256};

/// The first half of a labelled SHA-256: of a random 256-bit key it reveals nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyFingerprint([u8; 16]);

/// A key that this host holds itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalKey {
    /// The keyring's namespace: the provider id in the header.
    pub namespace: String,
    /// The key's name.
    pub name: String,
    /// What tells it from another key of that name.
    pub fingerprint: KeyFingerprint,
    /// Whether it can open messages as well as seal them.
    pub opens: bool,
}

impl KeyFingerprint {
    pub(super) fn of_secret(key: &[u8]) -> Self {
        Self::of(b"sealdrop wrapping key fingerprint\0", key)
    }

    pub(super) fn of_public(der: &[u8]) -> Self {
        Self::of(b"sealdrop public key fingerprint\0", der)
    }

    fn of(label: &[u8], bytes: &[u8]) -> Self {
        let digest = Sha256::new().chain_update(label).chain_update(bytes).finalize();
        let mut half = [0; 16];
        half.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Self(half)
    }
}

impl fmt::Display for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyFingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
