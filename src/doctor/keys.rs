//! One real data key from each keyring in use, as the drops ask for it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::finding::{Finding, Trouble};
use super::roots;
use crate::config::{DropSettings, Settings};
use crate::keyring::{self, Keyring, KeyringError, KeyringOptions, KmsFailure};
use crate::materials::{MaterialsError, MaterialsManager};

/// Keys are bound to the drop's encryption context, which a key's policy may ask for: each pair is tried once.
pub(super) async fn findings(settings: &Settings, patience: Duration) -> Vec<Finding> {
    let mut tried: Vec<&DropSettings> = Vec::new();
    let mut findings = Vec::new();
    for drop in &settings.drops {
        let same = |other: &&DropSettings| {
            (&other.keyring, &other.encryption_context) == (&drop.keyring, &drop.encryption_context)
        };
        if tried.iter().any(same) {
            continue;
        }
        tried.push(drop);
        if let Some(options) = settings.keyring_options(&drop.keyring) {
            findings.push(one(drop, &options, patience).await);
        }
    }
    findings
}

async fn one(drop: &DropSettings, options: &KeyringOptions, patience: Duration) -> Finding {
    let about = format!("keyring {}", drop.keyring);
    if let Some(path) = to_be_made(options) {
        return Finding::ok(about, "data_key", format!("{path:?} will be made at first start"));
    }
    if roots::are_missing_for(options) {
        return Finding::problem(
            about,
            "data_key",
            Trouble::KeyService,
            "this host has no root certificates, so no key service can be trusted",
        )
        .advise("install ca-certificates, or name yours by SSL_CERT_FILE");
    }
    let keyring = match keyring::build(options) {
        Ok(keyring) => keyring,
        Err(error) => return refused(about, &error),
    };
    let context = drop.encryption_context.clone();
    let manager = MaterialsManager::new(Arc::clone(&keyring), drop.algorithm, context, None);
    let begun = Instant::now();
    let answer = tokio::time::timeout(patience, manager.encryption_materials(0)).await;
    let time = humantime::format_duration(Duration::from_micros(
        u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX),
    ));
    match answer {
        Err(_) => Finding::problem(
            about,
            "data_key",
            Trouble::KeyService,
            format!("no answer within {time}"),
        )
        .advise("look at the network and the key service"),
        Ok(Err(error)) => match &error {
            MaterialsError::Keyring(source) => refused(about, source),
            MaterialsError::Signature(_) => {
                Finding::problem(about, "data_key", Trouble::Configuration, chain(&error))
            }
        },
        Ok(Ok(_)) => given(about, &drop.name, keyring.as_ref(), &time.to_string()),
    }
}

fn given(about: String, drop: &str, keyring: &dyn Keyring, time: &str) -> Finding {
    let keys = keyring.local_keys();
    let local: Vec<String> = keys
        .iter()
        .map(|key| format!("{:?} {}", key.name, key.fingerprint))
        .collect();
    let kind = if local.is_empty() {
        String::new()
    } else {
        format!(", under {}", local.join(", "))
    };
    Finding::ok(
        about,
        "data_key",
        format!("one for the drop {drop} in {time}{kind}"),
    )
}

/// A local key that the first start will make.
fn to_be_made(options: &KeyringOptions) -> Option<&std::path::Path> {
    match options {
        KeyringOptions::RawAes(options) if options.create && !options.key_file.exists() => {
            Some(&options.key_file)
        }
        KeyringOptions::Multi(options) => {
            let parts = std::iter::once(options.generator.as_ref()).chain(&options.children);
            parts.into_iter().find_map(to_be_made)
        }
        _ => None,
    }
}

fn refused(about: String, error: &KeyringError) -> Finding {
    let failure = error.kms().map(|kms| kms.failure);
    let trouble = match (error, failure) {
        (_, Some(KmsFailure::AccessDenied)) => Trouble::Permission,
        (_, Some(_)) => Trouble::KeyService,
        (KeyringError::KeyFile(error), _) if is_denied(error) => Trouble::Permission,
        _ => Trouble::Configuration,
    };
    let finding = Finding::problem(about, "data_key", trouble, chain(error));
    match failure.and_then(advice) {
        Some(advice) => finding.advise(advice),
        None if trouble == Trouble::KeyService => finding.advise("look at the key service"),
        None => finding.advise(
            "look at the keyring's key files, which must be the daemon's user's; `sealdrop keygen FILE` makes a local key",
        ),
    }
}

fn is_denied(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(this) = next {
        let source = this.downcast_ref::<std::io::Error>();
        if source.is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied) {
            return true;
        }
        next = this.source();
    }
    false
}

fn advice(failure: KmsFailure) -> Option<&'static str> {
    Some(match failure {
        KmsFailure::AccessDenied => {
            "allow kms:GenerateDataKey on the key, and kms:Encrypt on each further one; a condition on the encryption context must fit the drop's"
        }
        KmsFailure::Credentials => {
            "give the daemon's user AWS credentials: an instance role, or AWS_SHARED_CREDENTIALS_FILE by LoadCredentialEncrypted (drop-in credentials.conf)"
        }
        KmsFailure::Unreachable | KmsFailure::TimedOut => {
            "look at DNS, routes, proxies and the region; files stay in place as plaintext until it answers"
        }
        KmsFailure::ClockSkew => "set the clock",
        KmsFailure::KeyDisabled | KmsFailure::KeyState => "enable the key, or name another one",
        KmsFailure::NotFound => "look at the key's id, region and account",
        KmsFailure::Throttled => {
            "raise the KMS request quota, or let data keys be used longer ([data_key_cache])"
        }
        _ => return None,
    })
}

/// An error and its causes; a cause that only repeats is left out.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut texts = Vec::new();
    let mut next = Some(error);
    while let Some(this) = next {
        texts.push(this.to_string());
        next = this.source();
    }
    texts.dedup();
    texts.join(": ")
}
