//! What opening is told.

use clap::Args;

use super::options::{CacheOption, ContextOption, KeyOptions, RequiredContext};
use super::pool::Existing;
use crate::cli::failure::Failure;
use crate::materials::CacheLimits;
use crate::message::{CommitmentPolicy, DecryptOptions};

/// How messages are to be read.
#[derive(Debug)]
pub(in crate::cli) struct OpenSettings {
    pub(super) cache: Option<CacheLimits>,
    pub(super) decrypt: DecryptOptions,
    pub(super) required: RequiredContext,
    pub(in crate::cli) decode: bool,
    pub(in crate::cli) encode: bool,
    pub(in crate::cli) existing: Existing,
}

/// What messages may be like.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(in crate::cli) struct Limits {
    /// Which suites may be read
    #[arg(
        long,
        value_name = "POLICY",
        default_value = "require-encrypt-require-decrypt"
    )]
    commitment_policy: String,
    /// The longest frame, or body without frames, in bytes
    #[arg(long, value_name = "N")]
    max_length: Option<u64>,
}

impl Limits {
    /// Of these and the other options.
    pub(in crate::cli) fn settings(
        &self,
        keys: &KeyOptions,
        context: &ContextOption,
        cache: &CacheOption,
    ) -> Result<OpenSettings, Failure> {
        let mut decrypt = DecryptOptions {
            commitment_policy: commitment_policy(&self.commitment_policy)?,
            max_encrypted_data_keys: keys.max_encrypted_data_keys.map(usize::from),
            ..DecryptOptions::default()
        };
        if self.max_length.is_some() {
            decrypt.max_length = self.max_length;
        }
        Ok(OpenSettings {
            cache: cache.limits()?,
            decrypt,
            required: context.to_read()?,
            decode: false,
            encode: false,
            existing: Existing::Replace,
        })
    }
}

/// The policy with this name.
pub(in crate::cli) fn commitment_policy(name: &str) -> Result<CommitmentPolicy, Failure> {
    CommitmentPolicy::from_name(name).ok_or_else(|| {
        Failure::usage(format!("there is no commitment policy {name:?}"))
            .with_help(CommitmentPolicy::ALL.map(CommitmentPolicy::name).join(", "))
    })
}
