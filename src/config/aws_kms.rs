//! `[keyring.NAME]` of type `aws-kms`.

use std::time::Duration;

use super::table::Table;
use super::units::OneOrMore;
use crate::keyring::{AwsKmsOptions, KmsConnection, KmsKeyId};

/// The keys that it takes.
pub(super) const KEYS: &[&str] = &[
    "type",
    "key",
    "region",
    "endpoint_url",
    "profile",
    "grant_tokens",
    "use_fips",
    "use_dual_stack",
    "connect_timeout",
    "attempt_timeout",
    "operation_timeout",
    "max_attempts",
];

pub(super) fn read(table: Table<'_>) -> Option<AwsKmsOptions> {
    let connection = connection(table);
    let names = table.required("key").map(|OneOrMore(names): OneOrMore| names)?;
    let mut keys = Vec::<KmsKeyId>::new();
    for name in &names {
        match name.parse::<KmsKeyId>() {
            Err(error) => table.fault("key", &error.to_string()),
            Ok(key) => {
                if let (Some(own), Some(region)) = (key.region(), &connection.region)
                    && own != region
                {
                    table.fault("region", &format!("is not the region of the key's ARN, {own:?}"));
                }
                keys.push(key);
            }
        }
    }
    let options = AwsKmsOptions {
        keys,
        grant_tokens: table.or("grant_tokens", Vec::new()),
        connection,
        ..AwsKmsOptions::default()
    };
    if options.keys.len() == names.len()
        && let Some(why) = options.fault()
    {
        table.fault("key", &why);
    }
    Some(options)
}

fn connection(table: Table<'_>) -> KmsConnection {
    let default = KmsConnection::default();
    let endpoint_url: Option<String> = table.read("endpoint_url");
    let is_url = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if endpoint_url.as_ref().is_some_and(|url| !is_url(url)) {
        table.fault("endpoint_url", "must start with http:// or https://");
    }
    let time = |key, default: Duration| {
        let time = table.or(key, default);
        if time.is_zero() {
            table.fault(key, "must be longer than nothing");
        }
        time
    };
    let connection = KmsConnection {
        region: table.read("region"),
        profile: table.read("profile"),
        endpoint_url,
        use_fips: table.read("use_fips"),
        use_dual_stack: table.read("use_dual_stack"),
        connect_timeout: time("connect_timeout", default.connect_timeout),
        attempt_timeout: time("attempt_timeout", default.attempt_timeout),
        operation_timeout: time("operation_timeout", default.operation_timeout),
        max_attempts: attempts(table, default.max_attempts),
    };
    if connection.operation_timeout < connection.attempt_timeout {
        table.fault("operation_timeout", "is shorter than one attempt may take");
    }
    connection
}

fn attempts(table: Table<'_>, default: u32) -> u32 {
    let attempts: u64 = table.or("max_attempts", u64::from(default));
    if let Ok(attempts @ 1..=10) = u32::try_from(attempts) {
        return attempts;
    }
    table.fault("max_attempts", "must be from 1 to 10");
    default
}
