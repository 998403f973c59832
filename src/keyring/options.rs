//! From validated options to keyrings.

use std::sync::Arc;

use super::{
    AwsKmsKeyring, AwsKmsOptions, IgnoreKeyEvents, KeyFileError, KeyFingerprint, KeyObserver, Keyring,
    KeyringError, MultiKeyring, MultiOptions, RawAesKeyring, RawAesOptions, RawRsaKeyring, RawRsaOptions,
};

/// One keyring's options, whatever its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyringOptions {
    /// `aws-kms`
    AwsKms(AwsKmsOptions),
    /// `raw-aes`
    RawAes(RawAesOptions),
    /// `raw-rsa`
    RawRsa(RawRsaOptions),
    /// `multi`, its parts resolved
    Multi(MultiOptions),
}

impl KeyringOptions {
    /// Makes the local keys that are missing and may be made, see [`RawAesOptions::ensure_key_file`];
    /// the fingerprints of those that were made. Call it before [`build`].
    pub fn ensure_key_files(
        &self,
        may_create: &dyn Fn() -> bool,
    ) -> Result<Vec<KeyFingerprint>, KeyFileError> {
        match self {
            Self::AwsKms(_) | Self::RawRsa(_) => Ok(Vec::new()),
            Self::RawAes(options) => Ok(options.ensure_key_file(may_create)?.into_iter().collect()),
            Self::Multi(options) => {
                let mut made = options.generator.ensure_key_files(may_create)?;
                for child in &options.children {
                    made.extend(child.ensure_key_files(may_create)?);
                }
                Ok(made)
            }
        }
    }
}

/// A keyring from its options: reads key files, asks nobody on the network.
pub fn build(options: &KeyringOptions) -> Result<Arc<dyn Keyring>, KeyringError> {
    build_observed(options, Arc::new(IgnoreKeyEvents))
}

/// Like [`build`], with somebody who counts the requests.
pub fn build_observed(
    options: &KeyringOptions,
    observer: Arc<dyn KeyObserver>,
) -> Result<Arc<dyn Keyring>, KeyringError> {
    Ok(match options {
        KeyringOptions::AwsKms(options) => Arc::new(AwsKmsKeyring::new(options, observer)?),
        KeyringOptions::RawAes(options) => Arc::new(RawAesKeyring::open(options)?),
        KeyringOptions::RawRsa(options) => Arc::new(RawRsaKeyring::open(options)?),
        KeyringOptions::Multi(options) => {
            let generator = build_observed(&options.generator, Arc::clone(&observer))?;
            let children = options
                .children
                .iter()
                .map(|child| build_observed(child, Arc::clone(&observer)))
                .collect::<Result<_, _>>()?;
            Arc::new(MultiKeyring::new(generator, children))
        }
    })
}
