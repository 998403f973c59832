//! The raw AES keyring: a wrapping key of our own (`framework/raw-aes-keyring`).

use std::fmt;
use std::path::PathBuf;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::aes::Aes192;
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm, Nonce};
use zeroize::Zeroizing;

use super::key_file::{KeyFileError, Protection, create_key_file, read_key_file};
use super::{GeneratedDataKey, KeyFingerprint, Keyring, KeyringError, KeyringFuture, LocalKey};
use crate::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, KeyError, PlaintextDataKey};

const IV_LENGTH: usize = 12;
const TAG_BITS: u32 = 128;
/// Tag length, IV length and IV behind the key's name in the provider info.
const INFO_SUFFIX: usize = 4 + 4 + IV_LENGTH;

/// What a raw AES keyring is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawAesOptions {
    /// The key namespace, the provider id in the header; not `aws-kms`.
    pub namespace: String,
    /// The key's name.
    pub name: String,
    /// 32 raw bytes (16 and 24 are read too).
    pub key_file: PathBuf,
    /// Whether the key is made at the first start.
    pub create: bool,
}

/// Wraps data keys with AES-GCM under a local key.
pub struct RawAesKeyring {
    namespace: String,
    name: String,
    cipher: Cipher,
    fingerprint: KeyFingerprint,
}

enum Cipher {
    Aes128(Box<Aes128Gcm>),
    Aes192(Box<AesGcm<Aes192, U12>>),
    Aes256(Box<Aes256Gcm>),
}

impl RawAesOptions {
    /// Makes the key if it is not there, `create` is set and `may_create` agrees: the caller says
    /// whether the output folder holds no message yet, as a message there would mean that its key is
    /// lost and a new one would hide it.
    pub fn ensure_key_file(
        &self,
        may_create: impl FnOnce() -> bool,
    ) -> Result<Option<KeyFingerprint>, KeyFileError> {
        match std::fs::symlink_metadata(&self.key_file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && self.create => {}
            _ => return Ok(None), // reading it says what is wrong
        }
        if !may_create() {
            let why = "it is missing, and the output folder holds messages that may need it; put it back";
            return Err(KeyFileError::refused(&self.key_file, why));
        }
        create_key_file(&self.key_file).map(Some)
    }
}

impl RawAesKeyring {
    /// Reads the wrapping key from its file.
    pub fn open(options: &RawAesOptions) -> Result<Self, KeyringError> {
        let key = read_key_file(&options.key_file, Protection::Secret)?;
        Self::new(&options.namespace, &options.name, &key).map_err(|error| match error {
            KeyringError::Options(why) => KeyFileError::refused(&options.key_file, why).into(),
            other => other,
        })
    }

    /// With a wrapping key of 16, 24 or 32 bytes; the caller wipes its own copy.
    pub fn new(namespace: &str, name: &str, key: &[u8]) -> Result<Self, KeyringError> {
        check_names(namespace, name)?;
        let cipher = Cipher::new(key).ok_or_else(|| {
            KeyringError::Options(format!("it has {} bytes, and a wrapping key has 32", key.len()))
        })?;
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            cipher,
            fingerprint: KeyFingerprint::of_secret(key),
        })
    }

    fn wrap_now(
        &self,
        data_key: &PlaintextDataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey, KeyringError> {
        let mut iv = [0; IV_LENGTH];
        getrandom::fill(&mut iv).map_err(|error| KeyringError::DataKey(KeyError::Random(error)))?;
        let aad = context.serialize().map_err(KeyringError::EncryptionContext)?;
        let ciphertext =
            self.cipher
                .encrypt(iv, &aad, data_key.expose())
                .ok_or_else(|| KeyringError::Wrap {
                    namespace: self.namespace.clone(),
                    name: self.name.clone(),
                })?;
        let mut provider_info = self.name.as_bytes().to_vec();
        provider_info.extend(TAG_BITS.to_be_bytes());
        provider_info.extend(12_u32.to_be_bytes());
        provider_info.extend(iv);
        Ok(EncryptedDataKey {
            provider_id: self.namespace.clone(),
            provider_info,
            ciphertext,
        })
    }

    /// The IV of a copy that is ours: same namespace, same name, the lengths we know
    /// (`raw-aes-keyring`, "On Decrypt").
    fn iv_of(&self, encrypted: &EncryptedDataKey) -> Option<[u8; IV_LENGTH]> {
        if encrypted.provider_id != self.namespace {
            return None;
        }
        let suffix = encrypted.provider_info.strip_prefix(self.name.as_bytes())?;
        let suffix: &[u8; INFO_SUFFIX] = suffix.try_into().ok()?;
        let (lengths, iv) = suffix.split_first_chunk::<8>()?;
        let expected = (u64::from(TAG_BITS) << 32) | IV_LENGTH as u64;
        (u64::from_be_bytes(*lengths) == expected)
            .then(|| iv.try_into().ok())
            .flatten()
    }

    fn unwrap_now(
        &self,
        suite: AlgorithmSuite,
        context: &EncryptionContext,
        encrypted: &[EncryptedDataKey],
    ) -> Result<PlaintextDataKey, KeyringError> {
        let aad = context.serialize().map_err(KeyringError::EncryptionContext)?;
        let mut failures = Vec::new();
        for (copy, iv) in encrypted
            .iter()
            .filter_map(|copy| Some((copy, self.iv_of(copy)?)))
        {
            match self.cipher.decrypt(iv, &aad, &copy.ciphertext) {
                None => failures.push(KeyringError::WrongKey {
                    namespace: self.namespace.clone(),
                    name: self.name.clone(),
                }),
                Some(bytes) => match PlaintextDataKey::from_bytes(suite, &bytes) {
                    Ok(data_key) => return Ok(data_key),
                    Err(error) => failures.push(KeyringError::DataKey(error)),
                },
            }
        }
        Err(KeyringError::of_attempts(failures))
    }
}

/// A namespace of AWS KMS's would make readers ask KMS (`raw-aes-keyring`, "Key Namespace").
pub(super) fn check_names(namespace: &str, name: &str) -> Result<(), KeyringError> {
    if namespace.is_empty() || namespace.starts_with("aws-kms") {
        let why =
            format!("a local key's namespace must not be empty or start with aws-kms, as {namespace:?}");
        return Err(KeyringError::Options(why));
    }
    if name.is_empty() {
        return Err(KeyringError::Options("a local key needs a name".into()));
    }
    Ok(())
}

impl Cipher {
    fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            16 => Aes128Gcm::new_from_slice(key)
                .ok()
                .map(|cipher| Self::Aes128(Box::new(cipher))),
            24 => AesGcm::new_from_slice(key)
                .ok()
                .map(|cipher| Self::Aes192(Box::new(cipher))),
            32 => Aes256Gcm::new_from_slice(key)
                .ok()
                .map(|cipher| Self::Aes256(Box::new(cipher))),
            _ => None,
        }
    }

    fn encrypt(&self, iv: [u8; IV_LENGTH], aad: &[u8], msg: &[u8]) -> Option<Vec<u8>> {
        let (iv, payload) = (Nonce::from(iv), Payload { msg, aad });
        match self {
            Self::Aes128(cipher) => cipher.encrypt(&iv, payload),
            Self::Aes192(cipher) => cipher.encrypt(&iv, payload),
            Self::Aes256(cipher) => cipher.encrypt(&iv, payload),
        }
        .ok()
    }

    fn decrypt(&self, iv: [u8; IV_LENGTH], aad: &[u8], msg: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (iv, payload) = (Nonce::from(iv), Payload { msg, aad });
        match self {
            Self::Aes128(cipher) => cipher.decrypt(&iv, payload),
            Self::Aes192(cipher) => cipher.decrypt(&iv, payload),
            Self::Aes256(cipher) => cipher.decrypt(&iv, payload),
        }
        .ok()
        .map(Zeroizing::new)
    }
}

impl Keyring for RawAesKeyring {
    fn generate<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, GeneratedDataKey> {
        Box::pin(async move {
            let plaintext = PlaintextDataKey::generate(suite).map_err(KeyringError::DataKey)?;
            let encrypted = vec![self.wrap_now(&plaintext, context)?];
            Ok(GeneratedDataKey { plaintext, encrypted })
        })
    }

    fn wrap<'a>(
        &'a self,
        data_key: &'a PlaintextDataKey,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, Vec<EncryptedDataKey>> {
        Box::pin(async move { Ok(vec![self.wrap_now(data_key, context)?]) })
    }

    fn unwrap<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
        encrypted: &'a [EncryptedDataKey],
    ) -> KeyringFuture<'a, PlaintextDataKey> {
        Box::pin(async move { self.unwrap_now(suite, context, encrypted) })
    }

    fn local_keys(&self) -> Vec<LocalKey> {
        vec![LocalKey {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            fingerprint: self.fingerprint,
            opens: true,
        }]
    }
}

impl fmt::Debug for RawAesKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAesKeyring")
            .field("namespace", &self.namespace)
            .field("name", &self.name)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}
