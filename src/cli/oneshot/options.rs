//! Options that the one-shot commands share, under aws-encryption-cli's names wherever it has one.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};
use clap_complete::engine::ArgValueCompleter;

use super::pairs::{pair, unique_pairs};
use super::wrapping_keys::WrappingKeys;
use crate::cli::completions::keyring_names;
use crate::cli::failure::Failure;
use crate::materials::CacheLimits;
use crate::message::EncryptionContext;

/// Which files, and where to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Files")]
pub(in crate::cli) struct Files {
    /// Files, folders (with -r) and patterns; "-" is stdin
    #[arg(short, long, value_name = "PATH", required = true, num_args = 1..)]
    pub(super) input: Vec<PathBuf>,
    /// Go into folders, and make the same folders below the output
    #[arg(short, short_alias = 'R', long)]
    pub(super) recursive: bool,
    /// In folders, read what symbolic links lead to; without this they are left out
    #[arg(short = 'L', long)]
    pub(super) follow_symlinks: bool,
    /// The input is base64
    #[arg(long)]
    pub(in crate::cli) decode: bool,
}

/// Which keys wrap or unwrap the data keys.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub(in crate::cli) struct KeyOptions {
    #[command(flatten)]
    pub(super) wrapping_keys: WrappingKeys,
    /// A configuration file whose keyring is used
    #[arg(long, value_name = "FILE", requires = "keyring")]
    pub(super) config: Option<PathBuf>,
    /// The keyring's name in that file
    #[arg(long, value_name = "NAME", requires = "config", add = ArgValueCompleter::new(keyring_names))]
    pub(super) keyring: Option<String>,
    /// Reach AWS KMS at another address
    #[arg(long, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
    /// At most this many wrapped copies of the data key
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(in crate::cli) max_encrypted_data_keys: Option<u16>,
}

const CACHING: &str = "Use data keys for several files: capacity=N max_age=SECONDS, and optionally \
                       max_messages_encrypted=N and max_bytes_encrypted=N";

/// How long a data key is used.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keys")]
pub(in crate::cli) struct CacheOption {
    #[arg(long, value_name = "LIMIT", num_args = 1.., value_parser = pair, help = CACHING)]
    caching: Vec<(String, String)>,
}

impl CacheOption {
    /// The limits, if there are any.
    pub(in crate::cli) fn limits(&self) -> Result<Option<CacheLimits>, Failure> {
        if self.caching.is_empty() {
            return Ok(None);
        }
        let pairs = unique_pairs(&self.caching, "--caching")?;
        let known = [
            "capacity",
            "max_age",
            "max_messages_encrypted",
            "max_bytes_encrypted",
        ];
        if let Some(key) = pairs.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(Failure::usage(format!("--caching has no {key:?}")).with_help(known.join(", ")));
        }
        let number = |key: &str, default: Option<u64>| match (pairs.get(key), default) {
            (Some(text), _) => text
                .parse()
                .map_err(|_| Failure::usage(format!("--caching {key}={text:?} is no whole number"))),
            (None, Some(default)) => Ok(default),
            (None, None) => Err(Failure::usage(format!("--caching needs {key}=..."))),
        };
        let age = pairs.get("max_age").map(|text| seconds(text));
        let max_age = age.ok_or_else(|| Failure::usage("--caching needs max_age=SECONDS"))?;
        let limits = CacheLimits {
            capacity: number("capacity", None)?,
            max_age: max_age.ok_or_else(|| Failure::usage("--caching max_age is no number of seconds"))?,
            max_messages: number("max_messages_encrypted", Some(CacheLimits::MOST_MESSAGES))?,
            max_bytes: number("max_bytes_encrypted", Some(CacheLimits::MOST_BYTES))?,
        };
        match limits.fault() {
            Some((key, why)) => Err(Failure::usage(format!("--caching {key} {why}"))),
            None => Ok(Some(limits)),
        }
    }
}

/// `10`, `0.5` and `10s`.
fn seconds(text: &str) -> Option<Duration> {
    match text.parse() {
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => humantime::parse_duration(text).ok(),
    }
}

/// What messages are bound to.
#[derive(Debug, Args)]
#[command(next_help_heading = "Encryption context")]
pub(in crate::cli) struct ContextOption {
    /// Pairs to bind to the message, or that a message must have (then KEY alone will do too)
    #[arg(short = 'c', long, value_name = "KEY=VALUE", num_args = 1..)]
    encryption_context: Vec<String>,
    /// Keys whose pairs are authenticated but not stored in the message
    #[arg(long, value_name = "KEY", num_args = 1..)]
    required_encryption_context_keys: Vec<String>,
}

/// What a message's encryption context must have.
#[derive(Clone, Debug, Default)]
pub(super) struct RequiredContext {
    /// Keys that must be there, with any value.
    pub(super) keys: BTreeSet<String>,
    /// Pairs that must be there.
    pub(super) pairs: EncryptionContext,
    /// Pairs that are not stored in the message and are supplied here.
    pub(super) supplied: EncryptionContext,
}

impl ContextOption {
    /// For writing: the pairs, and the keys of those that are not stored.
    pub(in crate::cli) fn to_write(&self) -> Result<(EncryptionContext, BTreeSet<String>), Failure> {
        let pairs: Vec<(String, String)> = self
            .encryption_context
            .iter()
            .map(|text| pair(text).map_err(Failure::usage))
            .collect::<Result<_, _>>()?;
        let required: BTreeSet<String> = self.required_encryption_context_keys.iter().cloned().collect();
        let context = context(&pairs)?;
        match required.iter().find(|key| context.get(key).is_none()) {
            Some(key) => Err(Failure::usage(format!(
                "--required-encryption-context-keys {key:?} has no pair in --encryption-context"
            ))),
            None => Ok((context, required)),
        }
    }

    /// For reading.
    pub(super) fn to_read(&self) -> Result<RequiredContext, Failure> {
        let mut keys: BTreeSet<String> = BTreeSet::new();
        let (mut pairs, mut supplied) = (Vec::new(), Vec::new());
        for text in &self.encryption_context {
            match pair(text) {
                Ok((key, value)) if self.required_encryption_context_keys.contains(&key) => {
                    supplied.push((key, value));
                }
                Ok(pair) => pairs.push(pair),
                Err(_) if !text.is_empty() && !text.contains('=') => drop(keys.insert(text.clone())),
                Err(why) => return Err(Failure::usage(why)),
            }
        }
        for key in &self.required_encryption_context_keys {
            if !supplied.iter().any(|(supplied, _)| supplied == key) {
                keys.insert(key.clone());
            }
        }
        Ok(RequiredContext {
            keys,
            pairs: context(&pairs)?,
            supplied: context(&supplied)?,
        })
    }
}

fn context(pairs: &[(String, String)]) -> Result<EncryptionContext, Failure> {
    let unique = unique_pairs(pairs, "--encryption-context")?;
    EncryptionContext::from_pairs(unique).map_err(Failure::usage)
}

/// Where the metadata lines go.
#[derive(Debug, Args)]
#[command(next_help_heading = "Metadata")]
pub(in crate::cli) struct RecordOptions {
    /// Append a JSON line for each file; "-" is stdout
    #[arg(long, value_name = "FILE")]
    pub(super) metadata_output: Option<PathBuf>,
    /// Empty that file first
    #[arg(long, requires = "metadata_output")]
    pub(super) overwrite_metadata: bool,
    /// Write no metadata
    #[arg(short = 'S', long, conflicts_with = "metadata_output")]
    suppress_metadata: bool,
}

/// How much is said.
#[derive(Debug, Args)]
#[command(next_help_heading = "Messages")]
pub(in crate::cli) struct Talk {
    /// Say more; up to four times
    #[arg(short, long, action = ArgAction::Count)]
    pub(in crate::cli) verbose: u8,
    /// Only say what went wrong
    #[arg(short, long, conflicts_with = "verbose")]
    pub(in crate::cli) quiet: bool,
    /// Print the summary as JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
