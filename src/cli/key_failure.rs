//! What keys that cannot be had mean to the one who asked: exit code and help.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::exit::Exit;
use super::failure::Failure;
use crate::keyring::{KeyringError, KmsFailure};
use crate::materials::MaterialsError;
use crate::message::Header;

/// A message whose data key could not be had.
#[derive(Debug, Error)]
#[error("failed to open {path:?}")]
struct Unopened {
    path: PathBuf,
    #[source]
    source: MaterialsError,
}

/// No data key for a new message.
pub(super) fn to_seal(error: &MaterialsError) -> Failure {
    let failure = Failure::new(exit(error), error.clone());
    match error.keyring().and_then(service_help) {
        Some(help) => failure.with_help(help),
        None => failure,
    }
}

/// No data key for this message: its header says under which keys it is wrapped.
pub(super) fn to_open(error: MaterialsError, path: &Path, header: &Header) -> Failure {
    let help = error.keyring().and_then(|keyring| match keyring {
        KeyringError::NothingUnwrapped => Some(format!(
            "the message is wrapped under {}: name one of these keys, or discovery=true for any in AWS KMS",
            wrapped_under(header)
        )),
        other => service_help(other).map(str::to_owned),
    });
    let failure = Failure::new(
        exit(&error),
        Unopened {
            path: path.to_owned(),
            source: error,
        },
    );
    match help {
        Some(help) => failure.with_help(help),
        None => failure,
    }
}

fn exit(error: &MaterialsError) -> Exit {
    let Some(keyring) = error.keyring() else {
        return Exit::Data;
    };
    match (keyring, keyring.kms().map(|kms| kms.failure)) {
        (_, Some(KmsFailure::AccessDenied)) => Exit::Permission,
        (_, Some(KmsFailure::WrongCiphertext)) => Exit::Data,
        (_, Some(_)) => Exit::Unavailable,
        (KeyringError::KeyFile(_) | KeyringError::Options(_) | KeyringError::CannotSeal(_), _) => {
            Exit::Config
        }
        (KeyringError::SensitiveBodiesLogged | KeyringError::CannotOpen, _) => Exit::Config,
        _ => Exit::Data,
    }
}

fn service_help(error: &KeyringError) -> Option<&'static str> {
    if matches!(error, KeyringError::CannotOpen) {
        return Some("the keyring has a public key only; messages are opened where the private key is");
    }
    match error.kms()?.failure {
        KmsFailure::Credentials => Some(
            "no AWS credentials were found or they have expired: set AWS_PROFILE or AWS_ACCESS_KEY_ID, \
             or give --wrapping-keys profile=NAME; `aws sts get-caller-identity` shows who you are",
        ),
        KmsFailure::NotFound => {
            Some("is it another region or account? an ARN names both; else give region=REGION")
        }
        KmsFailure::AccessDenied => {
            Some("encrypting needs kms:GenerateDataKey and kms:Encrypt on the key, decrypting kms:Decrypt")
        }
        KmsFailure::Unreachable | KmsFailure::TimedOut => {
            Some("is the region right? region=REGION or an ARN names it, and --endpoint-url another address")
        }
        KmsFailure::WrongCiphertext => {
            Some("the message was changed, or belongs to another key or another encryption context")
        }
        KmsFailure::ClockSkew => Some("set the clock"),
        _ => None,
    }
}

fn wrapped_under(header: &Header) -> String {
    let keys = header.encrypted_data_keys.iter().map(|key| {
        // A raw keyring's information has binary fields behind the name.
        let info = key
            .provider_info
            .split(|byte| *byte == 0)
            .next()
            .unwrap_or_default();
        format!("{} {:?}", key.provider_id, String::from_utf8_lossy(info))
    });
    keys.collect::<Vec<_>>().join(", ")
}
