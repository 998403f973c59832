//! The raw RSA keyring: a public key seals, and only the private one opens (`framework/raw-rsa-keyring`).

use std::fmt;
use std::path::{Path, PathBuf};

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, OaepPublicEncryptingKey, Pkcs1PrivateDecryptingKey,
    Pkcs1PublicEncryptingKey, PrivateDecryptingKey, PublicEncryptingKey,
};
use zeroize::Zeroizing;

use super::key_file::{KeyFileError, Protection, read_key_file};
use super::raw_aes::check_names;
use super::{GeneratedDataKey, KeyFingerprint, Keyring, KeyringError, KeyringFuture, LocalKey, pem};
use crate::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

/// How the data key is padded; the mask's hash is the padding's (`raw-rsa-keyring`, "Padding Scheme").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RsaPadding {
    /// PKCS#1 v1.5, for those who must; prefer OAEP.
    Pkcs1,
    /// OAEP with SHA-1.
    OaepSha1,
    /// OAEP with SHA-256.
    OaepSha256,
    /// OAEP with SHA-384.
    OaepSha384,
    /// OAEP with SHA-512.
    OaepSha512,
}

/// What a raw RSA keyring is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawRsaOptions {
    /// The key namespace, the provider id in the header; not `aws-kms`.
    pub namespace: String,
    /// The key's name, the provider info in the header.
    pub name: String,
    /// The padding, part of the agreement with the reader: the message does not say it.
    pub padding: RsaPadding,
    /// `BEGIN PUBLIC KEY`: enough to seal.
    pub public_key_file: Option<PathBuf>,
    /// `BEGIN PRIVATE KEY` (PKCS#8): opens, and does not seal.
    pub private_key_file: Option<PathBuf>,
}

/// Wraps data keys under an RSA public key. The encryption context is not bound to the copy; the
/// message's header tag still binds it.
pub struct RawRsaKeyring {
    namespace: String,
    name: String,
    seal: Option<Sealing>,
    open: Option<Opening>,
    fingerprint: KeyFingerprint,
}

enum Sealing {
    Pkcs1(Pkcs1PublicEncryptingKey),
    Oaep(OaepPublicEncryptingKey, &'static OaepAlgorithm),
}

enum Opening {
    Pkcs1(Pkcs1PrivateDecryptingKey),
    Oaep(OaepPrivateDecryptingKey, &'static OaepAlgorithm),
}

impl RsaPadding {
    /// Every padding.
    pub const ALL: [Self; 5] = [
        Self::Pkcs1,
        Self::OaepSha1,
        Self::OaepSha256,
        Self::OaepSha384,
        Self::OaepSha512,
    ];

    /// The configuration's word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pkcs1 => "pkcs1",
            Self::OaepSha1 => "oaep-sha1",
            Self::OaepSha256 => "oaep-sha256",
            Self::OaepSha384 => "oaep-sha384",
            Self::OaepSha512 => "oaep-sha512",
        }
    }

    /// The padding with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|padding| padding.name() == name)
    }

    fn oaep(self) -> Option<&'static OaepAlgorithm> {
        match self {
            Self::Pkcs1 => None,
            Self::OaepSha1 => Some(&OAEP_SHA1_MGF1SHA1),
            Self::OaepSha256 => Some(&OAEP_SHA256_MGF1SHA256),
            Self::OaepSha384 => Some(&OAEP_SHA384_MGF1SHA384),
            Self::OaepSha512 => Some(&OAEP_SHA512_MGF1SHA512),
        }
    }
}

impl RawRsaKeyring {
    /// Reads the keys from their files; the two must be halves of one pair.
    pub fn open(options: &RawRsaOptions) -> Result<Self, KeyringError> {
        check_names(&options.namespace, &options.name)?;
        let public = options
            .public_key_file
            .as_deref()
            .map(|path| {
                let der = read_der(path, Protection::Public, "PUBLIC KEY")?;
                PublicEncryptingKey::from_der(&der).map_err(|error| no_rsa_key(path, &error))
            })
            .transpose()?;
        let private = options
            .private_key_file
            .as_deref()
            .map(|path| {
                let der = read_der(path, Protection::Secret, "PRIVATE KEY")?;
                PrivateDecryptingKey::from_pkcs8(&der).map_err(|error| no_rsa_key(path, &error))
            })
            .transpose()?;
        Self::new(
            &options.namespace,
            &options.name,
            options.padding,
            public,
            private,
        )
    }

    fn new(
        namespace: &str,
        name: &str,
        padding: RsaPadding,
        public: Option<PublicEncryptingKey>,
        private: Option<PrivateDecryptingKey>,
    ) -> Result<Self, KeyringError> {
        let unfit = |why: &str| KeyringError::Options(format!("key {name:?} of {namespace:?}: {why}"));
        let public_der = public.as_ref().map(fingerprint).transpose()?;
        let private_der = private
            .as_ref()
            .map(|key| fingerprint(&key.public_key()))
            .transpose()?;
        let fingerprint = match (public_der, private_der) {
            (Some(public), Some(private)) if public != private => {
                return Err(unfit("the public and the private key are not one pair"));
            }
            (Some(fingerprint), _) | (None, Some(fingerprint)) => fingerprint,
            (None, None) => return Err(unfit("a public_key_file or a private_key_file is needed")),
        };
        let refused = |_| unfit("the key does not fit the padding");
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            seal: public
                .map(|key| Sealing::new(key, padding))
                .transpose()
                .map_err(refused)?,
            open: private
                .map(|key| Opening::new(key, padding))
                .transpose()
                .map_err(refused)?,
            fingerprint,
        })
    }

    fn wrap_now(&self, data_key: &PlaintextDataKey) -> Result<EncryptedDataKey, KeyringError> {
        let seal = self
            .seal
            .as_ref()
            .ok_or(KeyringError::CannotSeal("only the private half is configured"))?;
        let ciphertext = seal
            .encrypt(data_key.expose())
            .ok_or_else(|| KeyringError::Wrap {
                namespace: self.namespace.clone(),
                name: self.name.clone(),
            })?;
        Ok(EncryptedDataKey {
            provider_id: self.namespace.clone(),
            provider_info: self.name.as_bytes().to_vec(),
            ciphertext,
        })
    }

    fn unwrap_now(
        &self,
        suite: AlgorithmSuite,
        encrypted: &[EncryptedDataKey],
    ) -> Result<PlaintextDataKey, KeyringError> {
        let ours = |copy: &&EncryptedDataKey| {
            copy.provider_id == self.namespace && copy.provider_info == self.name.as_bytes()
        };
        let mut failures = Vec::new();
        for copy in encrypted.iter().filter(ours) {
            let open = self.open.as_ref().ok_or(KeyringError::CannotOpen)?;
            // A wrong length is a wrong key: PKCS#1 v1.5 opens one forgery in thousands to something.
            match open
                .decrypt(&copy.ciphertext)
                .and_then(|bytes| PlaintextDataKey::from_bytes(suite, &bytes).ok())
            {
                Some(data_key) => return Ok(data_key),
                None => failures.push(KeyringError::WrongKey {
                    namespace: self.namespace.clone(),
                    name: self.name.clone(),
                }),
            }
        }
        Err(KeyringError::of_attempts(failures))
    }
}

fn read_der(path: &Path, protection: Protection, label: &str) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    let text = read_key_file(path, protection)?;
    pem::decode(&text, label).map_err(|why| KeyFileError::refused(path, why).into())
}

fn no_rsa_key(path: &Path, error: &aws_lc_rs::error::KeyRejected) -> KeyringError {
    let why = format!("it is no RSA key of 2048 to 8192 bits: {error}");
    KeyFileError::refused(path, why).into()
}

fn fingerprint(key: &PublicEncryptingKey) -> Result<KeyFingerprint, KeyringError> {
    use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
    let der: PublicKeyX509Der<'_> = key
        .as_der()
        .map_err(|_| KeyringError::Options("the RSA key cannot be written as DER".into()))?;
    Ok(KeyFingerprint::of_public(der.as_ref()))
}

impl Sealing {
    fn new(key: PublicEncryptingKey, padding: RsaPadding) -> Result<Self, aws_lc_rs::error::Unspecified> {
        match padding.oaep() {
            None => Pkcs1PublicEncryptingKey::new(key).map(Self::Pkcs1),
            Some(algorithm) => OaepPublicEncryptingKey::new(key).map(|key| Self::Oaep(key, algorithm)),
        }
    }

    fn encrypt(&self, plaintext: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Pkcs1(key) => {
                let mut ciphertext = vec![0; key.ciphertext_size()];
                let length = key.encrypt(plaintext, &mut ciphertext).ok()?.len();
                ciphertext.truncate(length);
                Some(ciphertext)
            }
            Self::Oaep(key, algorithm) => {
                let mut ciphertext = vec![0; key.ciphertext_size()];
                let length = key
                    .encrypt(algorithm, plaintext, &mut ciphertext, None)
                    .ok()?
                    .len();
                ciphertext.truncate(length);
                Some(ciphertext)
            }
        }
    }
}

impl Opening {
    fn new(key: PrivateDecryptingKey, padding: RsaPadding) -> Result<Self, aws_lc_rs::error::Unspecified> {
        match padding.oaep() {
            None => Pkcs1PrivateDecryptingKey::new(key).map(Self::Pkcs1),
            Some(algorithm) => OaepPrivateDecryptingKey::new(key).map(|key| Self::Oaep(key, algorithm)),
        }
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let mut plaintext = match self {
            Self::Pkcs1(key) => Zeroizing::new(vec![0; key.min_output_size()]),
            Self::Oaep(key, _) => Zeroizing::new(vec![0; key.min_output_size()]),
        };
        let length = match self {
            Self::Pkcs1(key) => key.decrypt(ciphertext, &mut plaintext).ok()?.len(),
            Self::Oaep(key, algorithm) => key
                .decrypt(algorithm, ciphertext, &mut plaintext, None)
                .ok()?
                .len(),
        };
        plaintext.truncate(length);
        Some(plaintext)
    }
}

impl Keyring for RawRsaKeyring {
    fn generate<'a>(
        &'a self,
        suite: AlgorithmSuite,
        _: &'a EncryptionContext,
    ) -> KeyringFuture<'a, GeneratedDataKey> {
        Box::pin(async move {
            let plaintext = PlaintextDataKey::generate(suite).map_err(KeyringError::DataKey)?;
            let encrypted = vec![self.wrap_now(&plaintext)?];
            Ok(GeneratedDataKey { plaintext, encrypted })
        })
    }

    fn wrap<'a>(
        &'a self,
        data_key: &'a PlaintextDataKey,
        _: &'a EncryptionContext,
    ) -> KeyringFuture<'a, Vec<EncryptedDataKey>> {
        Box::pin(async move { Ok(vec![self.wrap_now(data_key)?]) })
    }

    fn unwrap<'a>(
        &'a self,
        suite: AlgorithmSuite,
        _: &'a EncryptionContext,
        encrypted: &'a [EncryptedDataKey],
    ) -> KeyringFuture<'a, PlaintextDataKey> {
        Box::pin(async move { self.unwrap_now(suite, encrypted) })
    }

    fn local_keys(&self) -> Vec<LocalKey> {
        vec![LocalKey {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            fingerprint: self.fingerprint,
            opens: self.open.is_some(),
        }]
    }
}

impl fmt::Debug for RawRsaKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawRsaKeyring")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .field("fingerprint", &self.fingerprint)
            .field("opens", &self.open.is_some())
            .finish_non_exhaustive()
    }
}
