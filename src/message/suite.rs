//! The algorithm suites (`framework/algorithm-suites`).

/// The layout of the header and the length of the message id (`message-header`, "Version").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageVersion {
    /// Version 1: 16-byte message id, header IV on the wire.
    V1,
    /// Version 2: 32-byte message id, commitment key in the header.
    V2,
}

impl MessageVersion {
    /// The header's first byte.
    pub const fn number(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }
}

/// How the data key becomes the key that encrypts (`algorithm-suites`, "Key Derivation Algorithm").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyDerivation {
    /// The data key is used as it is; such a key may never be cached.
    Identity,
    /// HKDF (RFC 5869) with SHA-256.
    HkdfSha256,
    /// HKDF with SHA-384.
    HkdfSha384,
    /// HKDF with SHA-512, which also yields the commitment key.
    HkdfSha512,
}

/// The signature over the whole message (`algorithm-suites`, "Signature Algorithm").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureScheme {
    /// ECDSA on P-256 with SHA-256.
    EcdsaP256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaP384,
}

/// The eleven suites of the AWS Encryption SDK. All are AES-GCM with a 12-byte IV and a 16-byte tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlgorithmSuite {
    /// 0014
    Aes128GcmIv12Tag16,
    /// 0046
    Aes192GcmIv12Tag16,
    /// 0078
    Aes256GcmIv12Tag16,
    /// 0114
    Aes128GcmIv12Tag16HkdfSha256,
    /// 0146
    Aes192GcmIv12Tag16HkdfSha256,
    /// 0178
    Aes256GcmIv12Tag16HkdfSha256,
    /// 0214
    Aes128GcmIv12Tag16HkdfSha256EcdsaP256,
    /// 0346
    Aes192GcmIv12Tag16HkdfSha384EcdsaP384,
    /// 0378
    Aes256GcmIv12Tag16HkdfSha384EcdsaP384,
    /// 0478: key commitment, no signature; the daemon's default.
    Aes256GcmHkdfSha512CommitKey,
    /// 0578: key commitment and signature; the default of every official SDK.
    Aes256GcmHkdfSha512CommitKeyEcdsaP384,
}

impl AlgorithmSuite {
    /// Every suite, in the order of their ids.
    pub const ALL: [Self; 11] = [
        Self::Aes128GcmIv12Tag16,
        Self::Aes192GcmIv12Tag16,
        Self::Aes256GcmIv12Tag16,
        Self::Aes128GcmIv12Tag16HkdfSha256,
        Self::Aes192GcmIv12Tag16HkdfSha256,
        Self::Aes256GcmIv12Tag16HkdfSha256,
        Self::Aes128GcmIv12Tag16HkdfSha256EcdsaP256,
        Self::Aes192GcmIv12Tag16HkdfSha384EcdsaP384,
        Self::Aes256GcmIv12Tag16HkdfSha384EcdsaP384,
        Self::Aes256GcmHkdfSha512CommitKey,
        Self::Aes256GcmHkdfSha512CommitKeyEcdsaP384,
    ];

    /// The two bytes that name the suite on the wire.
    pub const fn id(self) -> u16 {
        match self {
            Self::Aes128GcmIv12Tag16 => 0x0014,
            Self::Aes192GcmIv12Tag16 => 0x0046,
            Self::Aes256GcmIv12Tag16 => 0x0078,
            Self::Aes128GcmIv12Tag16HkdfSha256 => 0x0114,
            Self::Aes192GcmIv12Tag16HkdfSha256 => 0x0146,
            Self::Aes256GcmIv12Tag16HkdfSha256 => 0x0178,
            Self::Aes128GcmIv12Tag16HkdfSha256EcdsaP256 => 0x0214,
            Self::Aes192GcmIv12Tag16HkdfSha384EcdsaP384 => 0x0346,
            Self::Aes256GcmIv12Tag16HkdfSha384EcdsaP384 => 0x0378,
            Self::Aes256GcmHkdfSha512CommitKey => 0x0478,
            Self::Aes256GcmHkdfSha512CommitKeyEcdsaP384 => 0x0578,
        }
    }

    /// The suite with this id, if it is one of the AWS Encryption SDK's.
    pub fn from_id(id: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.id() == id)
    }

    /// The name aws-encryption-cli prints and takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aes128GcmIv12Tag16 => "AES_128_GCM_IV12_TAG16",
            Self::Aes192GcmIv12Tag16 => "AES_192_GCM_IV12_TAG16",
            Self::Aes256GcmIv12Tag16 => "AES_256_GCM_IV12_TAG16",
            Self::Aes128GcmIv12Tag16HkdfSha256 => "AES_128_GCM_IV12_TAG16_HKDF_SHA256",
            Self::Aes192GcmIv12Tag16HkdfSha256 => "AES_192_GCM_IV12_TAG16_HKDF_SHA256",
            Self::Aes256GcmIv12Tag16HkdfSha256 => "AES_256_GCM_IV12_TAG16_HKDF_SHA256",
            Self::Aes128GcmIv12Tag16HkdfSha256EcdsaP256 => "AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256",
            Self::Aes192GcmIv12Tag16HkdfSha384EcdsaP384 => "AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
            Self::Aes256GcmIv12Tag16HkdfSha384EcdsaP384 => "AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384",
            Self::Aes256GcmHkdfSha512CommitKey => "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
            Self::Aes256GcmHkdfSha512CommitKeyEcdsaP384 => "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384",
        }
    }

    /// The suite with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// The header version the suite belongs to.
    pub const fn message_version(self) -> MessageVersion {
        if self.commits() {
            MessageVersion::V2
        } else {
            MessageVersion::V1
        }
    }

    /// Bytes of the data key, of the derived key, and of what KMS is asked for.
    pub const fn data_key_length(self) -> usize {
        match self.id() & 0x00ff {
            0x14 => 16,
            0x46 => 24,
            _ => 32,
        }
    }

    /// How the data key becomes the encrypting key.
    pub const fn key_derivation(self) -> KeyDerivation {
        match self.id() >> 8 {
            0x00 => KeyDerivation::Identity,
            0x01 | 0x02 => KeyDerivation::HkdfSha256,
            0x03 => KeyDerivation::HkdfSha384,
            _ => KeyDerivation::HkdfSha512,
        }
    }

    /// The signature, of the suites that sign.
    pub const fn signature(self) -> Option<SignatureScheme> {
        match self.id() >> 8 {
            0x02 => Some(SignatureScheme::EcdsaP256),
            0x03 | 0x05 => Some(SignatureScheme::EcdsaP384),
            _ => None,
        }
    }

    /// Whether the message commits to its data key.
    pub const fn commits(self) -> bool {
        matches!(self.id(), 0x0478 | 0x0578)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_suite_is_found_again_by_id_and_by_name() {
        for suite in AlgorithmSuite::ALL {
            assert_eq!(AlgorithmSuite::from_id(suite.id()), Some(suite));
            assert_eq!(AlgorithmSuite::from_name(suite.name()), Some(suite));
        }
    }

    #[test]
    fn ids_of_other_formats_are_not_suites() {
        for id in [0x0000, 0x0070, 0x0074, 0x6701, 0x0479] {
            assert_eq!(AlgorithmSuite::from_id(id), None);
        }
    }
}
