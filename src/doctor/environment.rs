//! What the environment and the endpoints change about keys.

use super::finding::{Finding, HOST, Trouble};
use crate::config::Settings;
use crate::keyring::{AwsKmsOptions, KeyringOptions};

/// Variables that send requests elsewhere.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL"];

pub(super) fn findings(settings: &Settings) -> Vec<Finding> {
    let services = kms_options(settings);
    let mut findings = vec![bodies(!services.is_empty())];
    let named = services
        .iter()
        .filter_map(|options| options.connection.endpoint_url.clone());
    let from_environment = ENDPOINTS.iter().filter_map(|name| std::env::var(name).ok());
    let bare = named
        .chain(from_environment.filter(|_| !services.is_empty()))
        .find(|url| is_in_clear(url));
    findings.extend(bare.map(|url| {
        Finding::warning(
            HOST,
            "endpoint",
            format!("{url} is not encrypted: data keys cross the network in clear"),
        )
        .advise("use https://")
    }));
    findings
}

/// Where a keyring's requests go if not to the region's own address.
pub(super) fn kms_endpoint(options: &AwsKmsOptions) -> Option<String> {
    let named = options.connection.endpoint_url.clone();
    named.or_else(|| ENDPOINTS.iter().find_map(|name| std::env::var(name).ok()))
}

/// What the SDK would write to the log.
fn bodies(uses_service: bool) -> Finding {
    match std::env::var_os("LOG_SENSITIVE_BODIES") {
        None => Finding::ok(
            HOST,
            "environment",
            "nothing that logs keys or changes the daemon's ways",
        ),
        Some(_) if uses_service => Finding::problem(
            HOST,
            "environment",
            Trouble::Configuration,
            "LOG_SENSITIVE_BODIES is set: the AWS SDK would log data keys, so aws-kms keyrings are refused",
        )
        .advise("unset it, in the unit too"),
        Some(_) => Finding::warning(HOST, "environment", "LOG_SENSITIVE_BODIES is set")
            .advise("unset it: with an aws-kms keyring the daemon would not start"),
    }
}

fn kms_options(settings: &Settings) -> Vec<AwsKmsOptions> {
    let mut found = Vec::new();
    for drop in &settings.drops {
        if let Some(options) = settings.keyring_options(&drop.keyring) {
            collect(&options, &mut found);
        }
    }
    found
}

fn collect(options: &KeyringOptions, found: &mut Vec<AwsKmsOptions>) {
    match options {
        KeyringOptions::AwsKms(options) => found.push(options.clone()),
        KeyringOptions::Multi(options) => {
            collect(&options.generator, found);
            options.children.iter().for_each(|child| collect(child, found));
        }
        KeyringOptions::RawAes(_) | KeyringOptions::RawRsa(_) => {}
    }
}

/// Plain HTTP to anywhere but this host.
fn is_in_clear(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else {
        return false;
    };
    let host = rest.split('/').next().unwrap_or_default();
    let is_local = ["127.", "localhost", "[::1]"]
        .iter()
        .any(|local| host.starts_with(local));
    !is_local
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_to_elsewhere_is_in_clear() {
        assert!(is_in_clear("http://kms.example:5005/x"));
        for url in [
            "https://kms.example",
            "http://127.0.0.1:5005",
            "http://localhost/",
            "http://[::1]:1",
        ] {
            assert!(!is_in_clear(url), "{url}");
        }
    }
}
