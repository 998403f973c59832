use crate::daemon::{LOCAL_KEY, Site};
use crate::doctor::doctor_with;

/// A port that nobody listens on.
const KMS: &str = r#"
[keyring.main]
type = "aws-kms"
key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
endpoint_url = "http://127.0.0.1:9"
max_attempts = 1
"#;
const CREDENTIALS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];

#[test]
fn a_key_service_that_is_down_ends_with_69() {
    let site = Site::with(KMS, "");
    let examined = doctor_with(&site, &CREDENTIALS);
    examined.says("data_key", "problem", "GenerateDataKey");
    assert_eq!(examined.finding("data_key")["trouble"], "key_service");
    assert_eq!(examined.code, Some(69), "{:#}", examined.answer);
}

#[test]
fn a_host_without_root_certificates_ends_with_69() {
    let site = Site::with(&KMS.replace("http://127.0.0.1:9", "https://127.0.0.1:9"), "");
    let none = [("SSL_CERT_FILE", "/none"), ("SSL_CERT_DIR", "/none")];
    let examined = doctor_with(&site, &[CREDENTIALS, none].concat());
    examined.says("data_key", "problem", "no root certificates");
    assert_eq!(examined.code, Some(69), "{:#}", examined.answer);
}

#[test]
fn bodies_that_would_be_logged_end_with_78() {
    let site = Site::with(KMS, "");
    let examined = doctor_with(
        &site,
        &[CREDENTIALS[0], CREDENTIALS[1], ("LOG_SENSITIVE_BODIES", "1")],
    );
    examined.says("environment", "problem", "LOG_SENSITIVE_BODIES");
    assert_eq!(examined.code, Some(78));
    let local = Site::with(LOCAL_KEY, "");
    doctor_with(&local, &[("LOG_SENSITIVE_BODIES", "1")]).says(
        "environment",
        "warning",
        "LOG_SENSITIVE_BODIES",
    );
}

#[test]
fn a_key_in_clear_on_the_network_is_told() {
    let site = Site::with(&KMS.replace("http://127.0.0.1:9", "http://kms.invalid:9"), "");
    let examined = doctor_with(&site, &CREDENTIALS);
    examined.says("endpoint", "warning", "in clear");
}
