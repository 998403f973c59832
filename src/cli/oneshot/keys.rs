//! The keyring that the options name, with somebody who counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::options::KeyOptions;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::config;
use crate::keyring::{KeyObserver, Keyring, KeyringOptions, KmsOperation, build_observed};

/// Counts for the summary.
#[derive(Debug, Default)]
pub(in crate::cli) struct KeyCounts {
    pub(in crate::cli) data_keys: AtomicU64,
    pub(in crate::cli) calls: AtomicU64,
}

impl KeyObserver for KeyCounts {
    fn kms_request(&self, _: KmsOperation, _: &'static str, _: Duration) {
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    fn data_key_generated(&self, _: bool) {
        self.data_keys.fetch_add(1, Ordering::Relaxed);
    }

    fn data_key_awaited(&self) {}

    fn data_key_used(&self) {}
}

impl KeyOptions {
    /// The keyring to seal with, or to open with.
    pub(in crate::cli) fn keyring(
        &self,
        to_seal: bool,
        counts: &Arc<KeyCounts>,
    ) -> Result<Arc<dyn Keyring>, Failure> {
        let options = self.options(to_seal)?;
        let observer: Arc<dyn KeyObserver> = Arc::<KeyCounts>::clone(counts);
        build_observed(&options, observer).map_err(|error| {
            let exit = Exit::of_cause(&error).unwrap_or(Exit::Config);
            Failure::new(exit, error)
        })
    }

    fn options(&self, to_seal: bool) -> Result<KeyringOptions, Failure> {
        let endpoint_url = self.endpoint_url.as_deref();
        match (&self.config, &self.keyring) {
            (Some(file), Some(name)) if self.wrapping_keys.is_empty() => {
                let mut options = config::load_keyring(file, name)?;
                if let Some(url) = endpoint_url {
                    reach(&mut options, url);
                }
                Ok(options)
            }
            (Some(_), Some(_)) => Err(Failure::usage("--keyring and --wrapping-keys exclude each other")),
            _ if self.wrapping_keys.is_empty() => Err(Failure::usage("no key is named").with_help(
                "--wrapping-keys key=ARN for AWS KMS, or --config FILE --keyring NAME for a configured keyring",
            )),
            _ => self.wrapping_keys.options(endpoint_url, to_seal),
        }
    }
}

/// Sends all calls of a keyring to another address.
fn reach(options: &mut KeyringOptions, url: &str) {
    match options {
        KeyringOptions::AwsKms(options) => options.connection.endpoint_url = Some(url.to_owned()),
        KeyringOptions::Multi(options) => {
            reach(&mut options.generator, url);
            options.children.iter_mut().for_each(|child| reach(child, url));
        }
        KeyringOptions::RawAes(_) | KeyringOptions::RawRsa(_) => {}
    }
}
