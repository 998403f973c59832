//! The certificates that a key service is trusted by: without any, no connection to it comes about.

use std::path::Path;

use super::environment::kms_endpoint;
use crate::keyring::KeyringOptions;

/// Where distributions keep them, as rustls-native-certs looks for them.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Whether a keyring speaks TLS and there is nothing to trust its other end by.
pub(super) fn are_missing_for(options: &KeyringOptions) -> bool {
    needs_them(options) && !are_there()
}

fn needs_them(options: &KeyringOptions) -> bool {
    match options {
        KeyringOptions::AwsKms(options) => {
            kms_endpoint(options).is_none_or(|url| url.starts_with("https://"))
        }
        KeyringOptions::Multi(options) => {
            needs_them(&options.generator) || options.children.iter().any(needs_them)
        }
        KeyringOptions::RawAes(_) | KeyringOptions::RawRsa(_) => false,
    }
}

fn are_there() -> bool {
    let named = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(std::env::var_os);
    if named.iter().any(Option::is_some) {
        return named.iter().flatten().any(|path| Path::new(path).exists());
    }
    BUNDLES.iter().any(|path| Path::new(path).exists())
}
