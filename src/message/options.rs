//! What a reader accepts: the commitment policy and the bounds on hostile input.

use super::AlgorithmSuite;

/// Which suites may be written and read (`commitment-policy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitmentPolicy {
    /// Writes without key commitment, reads everything.
    ForbidEncryptAllowDecrypt,
    /// Writes with key commitment, reads everything.
    RequireEncryptAllowDecrypt,
    /// Writes and reads with key commitment only.
    #[default]
    RequireEncryptRequireDecrypt,
}

impl CommitmentPolicy {
    /// Every policy.
    pub const ALL: [Self; 3] = [
        Self::ForbidEncryptAllowDecrypt,
        Self::RequireEncryptAllowDecrypt,
        Self::RequireEncryptRequireDecrypt,
    ];

    /// The name aws-encryption-cli takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ForbidEncryptAllowDecrypt => "forbid-encrypt-allow-decrypt",
            Self::RequireEncryptAllowDecrypt => "require-encrypt-allow-decrypt",
            Self::RequireEncryptRequireDecrypt => "require-encrypt-require-decrypt",
        }
    }

    /// The policy with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == name)
    }

    /// Whether a message of this suite may be read.
    pub const fn allows_decrypt(self, suite: AlgorithmSuite) -> bool {
        suite.commits() || !matches!(self, Self::RequireEncryptRequireDecrypt)
    }

    /// Whether the policy lets a message of this suite be written.
    pub const fn allows_encrypt(self, suite: AlgorithmSuite) -> bool {
        suite.commits() != matches!(self, Self::ForbidEncryptAllowDecrypt)
    }
}

/// How a message may be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecryptOptions {
    /// Which suites are accepted.
    pub commitment_policy: CommitmentPolicy,
    /// The most encrypted data keys, each of which may cost a call to a key service.
    pub max_encrypted_data_keys: Option<usize>,
    /// The longest header in bytes, which bounds the memory that an unproven header can take.
    pub max_header_length: usize,
    /// The longest frame, or non-framed body, in bytes: as much is held in memory before its tag is
    /// checked. `None` for no bound but the format's.
    pub max_length: Option<u64>,
}

impl Default for DecryptOptions {
    fn default() -> Self {
        Self {
            commitment_policy: CommitmentPolicy::default(),
            max_encrypted_data_keys: None,
            max_header_length: 1 << 20,
            max_length: Some(1 << 28),
        }
    }
}

impl DecryptOptions {
    /// For looking at a header without opening the message: any suite, any frame length.
    pub fn inspect() -> Self {
        Self {
            commitment_policy: CommitmentPolicy::RequireEncryptAllowDecrypt,
            max_length: None,
            ..Self::default()
        }
    }
}
