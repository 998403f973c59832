//! A proxy between the real SDK and the emulator: every fault has its kind, its words and an end.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sealdrop::keyring::{
    AwsKmsKeyring, AwsKmsOptions, IgnoreKeyEvents, Keyring as _, KeyringError, KmsFailure, KmsOperation,
    Severity,
};
use sealdrop::materials::MaterialsManager;

use crate::fault_proxy::{Fault, FaultProxy};
use crate::kms::KmsEmulator;
use crate::support::{
    Heard, SUITE, by_messages, context, hex, keyring, kms_options, observed_keyring, sdk_config,
};

struct Service {
    emulator: KmsEmulator,
    proxy: FaultProxy,
    options: AwsKmsOptions,
}

/// With little patience, so that the tests need little.
fn service(attempts: u32) -> Option<Service> {
    let emulator = KmsEmulator::start()?;
    let proxy = FaultProxy::start(&emulator.endpoint);
    let mut options = kms_options(&proxy.endpoint, &[&emulator.create_key()]);
    options.connection.connect_timeout = Duration::from_secs(1);
    options.connection.attempt_timeout = Duration::from_millis(700);
    options.connection.operation_timeout = Duration::from_secs(3);
    options.connection.max_attempts = attempts;
    Some(Service {
        emulator,
        proxy,
        options,
    })
}

fn failure(error: &KeyringError) -> KmsFailure {
    error.kms().expect("the key service's failure").failure
}

/// The error as a log line shows it.
fn words(error: &KeyringError) -> String {
    let chain = std::iter::successors(Some(error as &dyn Error), |&error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_has_its_kind_and_the_next_call_after_it_succeeds() {
    let Some(service) = service(1) else { return };
    let heard = Arc::new(Heard::default());
    let keyring = observed_keyring(&service.options, heard.clone());
    let html = "<html>a captive portal</html>".to_owned();
    for (fault, kind) in [
        (Fault::Refuse, KmsFailure::Unreachable),
        (Fault::Reset, KmsFailure::Unreachable),
        (Fault::HalfAnswer, KmsFailure::Unreachable),
        (Fault::Hang, KmsFailure::TimedOut),
        (Fault::Latency(Duration::from_secs(2)), KmsFailure::TimedOut),
        (Fault::service(400, "ThrottlingException"), KmsFailure::Throttled),
        (
            Fault::service(500, "KMSInternalException"),
            KmsFailure::Unavailable,
        ),
        (
            Fault::service(500, "DependencyTimeoutException"),
            KmsFailure::Unavailable,
        ),
        (
            Fault::service(500, "KeyUnavailableException"),
            KmsFailure::Unavailable,
        ),
        (Fault::Answer(503, "", html.clone()), KmsFailure::Unavailable),
        (Fault::Answer(429, "", String::new()), KmsFailure::Throttled),
        (
            Fault::service(400, "ExpiredTokenException"),
            KmsFailure::Credentials,
        ),
        (
            Fault::service(400, "AccessDeniedException"),
            KmsFailure::AccessDenied,
        ),
        (
            Fault::service(400, "UnrecognizedClientException"),
            KmsFailure::AccessDenied,
        ),
        (Fault::Answer(403, "", html.clone()), KmsFailure::AccessDenied),
        (Fault::service(400, "DisabledException"), KmsFailure::KeyDisabled),
        (
            Fault::service(400, "KMSInvalidStateException"),
            KmsFailure::KeyState,
        ),
        (Fault::service(400, "NotFoundException"), KmsFailure::NotFound),
        (
            Fault::service(400, "InvalidKeyUsageException"),
            KmsFailure::InvalidRequest,
        ),
        (Fault::Answer(200, "", html.clone()), KmsFailure::BadAnswer),
        (Fault::Answer(200, "", "{}".into()), KmsFailure::BadAnswer),
    ] {
        service.proxy.set(fault.clone());
        let before = heard.requests(KmsOperation::GenerateDataKey, kind.reason());
        let error = keyring.generate(SUITE, &context()).await.unwrap_err();
        assert_eq!(failure(&error), kind, "{fault:?}: {}", words(&error));
        assert_eq!(error.reason(), kind.reason());
        assert_eq!(
            heard.requests(KmsOperation::GenerateDataKey, kind.reason()),
            before + 1
        );
        service.proxy.set(Fault::None);
        let made = keyring.generate(SUITE, &context()).await;
        assert!(made.is_ok(), "after {fault:?}: {}", words(&made.unwrap_err()));
    }
    assert_eq!(service.emulator.calls("Decrypt"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_passes_within_a_call_is_never_seen() {
    let Some(service) = service(3) else { return };
    let heard = Arc::new(Heard::default());
    let keyring = observed_keyring(&service.options, heard.clone());
    for fault in [
        Fault::Reset,
        Fault::service(400, "ThrottlingException"),
        Fault::service(500, "KMSInternalException"),
        Fault::Answer(503, "", String::new()),
    ] {
        service.proxy.set(Fault::Times(2, Box::new(fault.clone())));
        let made = keyring.generate(SUITE, &context()).await;
        assert!(made.is_ok(), "{fault:?}: {}", words(&made.unwrap_err()));
        assert_eq!(service.proxy.requests(), 3, "{fault:?}");
    }
    assert_eq!(heard.requests(KmsOperation::GenerateDataKey, "ok"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_attempt_can_mend_is_asked_once() {
    let Some(service) = service(3) else { return };
    let keyring = keyring(&service.options);
    for code in ["AccessDeniedException", "DisabledException", "NotFoundException"] {
        service.proxy.set(Fault::service(400, code));
        let error = keyring.generate(SUITE, &context()).await.unwrap_err();
        assert_eq!(error.severity(), Severity::TellTheOperator);
        assert_eq!(service.proxy.requests(), 1, "{code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_that_the_service_asks_for_is_kept() {
    let Some(service) = service(1) else { return };
    let keyring = keyring(&service.options);
    let body = r#"{"__type":"ThrottlingException"}"#.to_owned();
    for (header, wait) in [
        ("x-amz-retry-after: 12000\r\n", Duration::from_secs(12)),
        ("Retry-After: 30\r\n", Duration::from_secs(30)),
    ] {
        service.proxy.set(Fault::Answer(400, header, body.clone()));
        let error = keyring.generate(SUITE, &context()).await.unwrap_err();
        assert_eq!(error.kms().unwrap().retry_after, Some(wait));
        assert_eq!(error.wait(1, u32::MAX), wait);
    }
    service
        .proxy
        .set(Fault::Answer(400, "Retry-After: 86400\r\n", body));
    let error = keyring.generate(SUITE, &context()).await.unwrap_err();
    assert_eq!(error.wait(1, 0), Duration::from_mins(1), "but not for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_does_not_resolve_and_missing_credentials_are_told_apart() {
    let Some(service) = service(1) else { return };
    let mut options = service.options.clone();
    options.connection.endpoint_url = Some("http://kms.invalid".into());
    let error = keyring(&options).generate(SUITE, &context()).await.unwrap_err();
    assert_eq!(failure(&error), KmsFailure::Unreachable, "{}", words(&error));

    let base = sdk_config()
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(NoCredentials))
        .build();
    let nobody = AwsKmsKeyring::with_sdk_config(&service.options, base, Arc::new(IgnoreKeyEvents)).unwrap();
    let error = nobody.generate(SUITE, &context()).await.unwrap_err();
    assert_eq!(failure(&error), KmsFailure::Credentials, "{}", words(&error));
    assert_eq!(error.severity(), Severity::RetrySlowly);
    assert_eq!(service.proxy.requests(), 0);
}

#[derive(Debug)]
struct NoCredentials;

impl aws_sdk_kms::config::ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> aws_credential_types::provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let refused = aws_credential_types::provider::error::CredentialsError::not_loaded("nobody here");
        aws_credential_types::provider::future::ProvideCredentials::ready(Err::<Credentials, _>(refused))
    }
}

/// An answer that looks like a data key and is none must not be believed, nor repeated.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_answer_is_refused_and_its_key_appears_in_no_error() {
    let Some(service) = service(1) else { return };
    let keyring = keyring(&service.options);
    let arn = service.options.keys[0].to_string();
    let other = arn.replace("key/", "key/0");
    let marker = b"0123456789abcdefghijklmnopqrstuv";
    let (key, short) = (STANDARD.encode(marker), STANDARD.encode(&marker[..31]));
    let answer = |key: &str, id: &str, copy: &str| {
        format!(r#"{{"CiphertextBlob":"{copy}","KeyId":"{id}","Plaintext":"{key}"}}"#)
    };
    for body in [
        answer(&key, &other, "AAAA"),
        answer(&key, "alias/claims", "AAAA"),
        answer(&key, "", "AAAA"),
        answer(&key, &arn, ""),
        answer(&short, &arn, "AAAA"),
        answer("", &arn, "AAAA"),
        format!("{{\"Plaintext\":\"{key}\",\"KeyId\":"),
        format!("{{\"Plaintext\":{key}}}"),
    ] {
        service.proxy.set(Fault::Answer(200, "", body.clone()));
        let error = keyring.generate(SUITE, &context()).await.unwrap_err();
        assert_eq!(failure(&error), KmsFailure::BadAnswer, "{body}");
        let text = format!("{} {error:?}", words(&error));
        for form in [&key[..12], "0123456789", "48, 49, 50", &hex(&marker[..8])] {
            assert!(!text.contains(form), "{text}");
        }
    }
    service
        .proxy
        .set(Fault::Answer(200, "", answer(&key, &arn, "AAAA")));
    assert!(keyring.generate(SUITE, &context()).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_who_wait_share_one_failing_call_and_nothing_spins() {
    let Some(service) = service(2) else { return };
    service.proxy.set(Fault::Hang);
    let keyring = keyring(&service.options);
    let manager = Arc::new(MaterialsManager::new(
        keyring,
        SUITE,
        context(),
        Some(by_messages(100)),
    ));
    let mut tasks = tokio::task::JoinSet::new();
    let since = Instant::now();
    for _ in 0..32 {
        let manager = Arc::clone(&manager);
        tasks.spawn(async move { manager.encryption_materials(1).await.unwrap_err() });
    }
    for error in tasks.join_all().await {
        assert_eq!(
            (error.reason(), error.severity()),
            ("kms-timeout", Severity::RetrySoon)
        );
    }
    assert!(
        since.elapsed() < Duration::from_secs(10),
        "one call's patience, not 32"
    );
    assert_eq!(service.proxy.requests(), 2, "the attempts of one call");
    service.proxy.set(Fault::None);
    assert!(
        manager.encryption_materials(1).await.unwrap().begin(),
        "an error is not kept"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_fails_in_the_background_holds_nothing_up() {
    let Some(service) = service(1) else { return };
    let keyring = keyring(&service.options);
    let manager = MaterialsManager::new(keyring, SUITE, context(), Some(by_messages(20)));
    assert!(manager.encryption_materials(1).await.unwrap().begin());
    service.proxy.set(Fault::service(400, "AccessDeniedException"));
    let _waiting: Vec<_> = (0..30).map(|_| manager.waiting(1)).collect();
    for _ in 1..20 {
        assert!(manager.encryption_materials(1).await.unwrap().begin());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // the look-ahead has failed once and waits; the file that needs the key is told
    assert_eq!(service.proxy.requests(), 1);
    let error = manager.encryption_materials(1).await.unwrap_err();
    assert_eq!(error.reason(), "kms-access-denied");
}
