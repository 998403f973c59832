//! The AWS KMS keyring against the emulator: ARNs, aliases, ids, several keys, discovery, replicas.

use std::sync::Arc;

use sealdrop::keyring::{
    AwsKmsOptions, Discovery, KeyArn, Keyring as _, KeyringError, KmsFailure, KmsOperation, Severity,
};
use sealdrop::materials::MaterialsManager;
use sealdrop::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};

use crate::kms::{KmsEmulator, REGION};
use crate::support::{Heard, SUITE, by_messages, context, keyring, kms_options, observed_keyring};

const ELSEWHERE: &str = "eu-west-1";

fn arns(copies: &[EncryptedDataKey]) -> Vec<&str> {
    copies
        .iter()
        .map(|copy| {
            assert_eq!(copy.provider_id, "aws-kms");
            std::str::from_utf8(&copy.provider_info).unwrap()
        })
        .collect()
}

fn discovery(emulator: &KmsEmulator, filter: Discovery, region: Option<&str>) -> AwsKmsOptions {
    let mut options = kms_options(&emulator.endpoint, &[]);
    options.discovery = Some(filter);
    options.connection.region = region.map(str::to_owned);
    options
}

fn failure(error: &KeyringError) -> KmsFailure {
    error.kms().expect("the key service's failure").failure
}

#[tokio::test(flavor = "multi_thread")]
async fn an_arn_an_alias_and_an_id_name_the_same_key_and_the_message_says_its_arn() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let arn = emulator.create_key();
    emulator.create_alias("alias/claims", &arn);
    let parsed: KeyArn = arn.parse().unwrap();
    let alias_arn = arn.replace(&format!("key/{}", parsed.id()), "alias/claims");
    let names = [&arn, "alias/claims", parsed.id(), &alias_arn];
    for suite in [SUITE, AlgorithmSuite::Aes128GcmIv12Tag16HkdfSha256EcdsaP256] {
        for name in names {
            let made = keyring(&kms_options(&emulator.endpoint, &[name]))
                .generate(suite, &context())
                .await
                .unwrap();
            assert_eq!(arns(&made.encrypted), [&arn]);
            for name in names {
                let reader = keyring(&kms_options(&emulator.endpoint, &[name]));
                let opened = reader.unwrap(suite, &context(), &made.encrypted).await.unwrap();
                assert_eq!(opened.expose(), made.plaintext.expose());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_generates_the_others_wrap_and_any_one_opens() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let keys = [
        emulator.create_key(),
        emulator.create_key_in(ELSEWHERE, false),
        emulator.create_key(),
    ];
    let names: Vec<&str> = keys.iter().map(String::as_str).collect();
    let made = keyring(&kms_options(&emulator.endpoint, &names))
        .generate(SUITE, &context())
        .await
        .unwrap();
    assert_eq!(arns(&made.encrypted), names);
    assert_eq!(
        (emulator.calls("GenerateDataKey"), emulator.calls("Encrypt")),
        (1, 2)
    );
    for name in &names {
        let reader = keyring(&kms_options(&emulator.endpoint, &[name]));
        let opened = reader.unwrap(SUITE, &context(), &made.encrypted).await.unwrap();
        assert_eq!(opened.expose(), made.plaintext.expose());
        let other_context = EncryptionContext::default();
        let error = reader
            .unwrap(SUITE, &other_context, &made.encrypted)
            .await
            .unwrap_err();
        assert_eq!(failure(&error), KmsFailure::WrongCiphertext);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_keys_one_is_disabled_and_the_other_still_opens() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let (first, second) = (emulator.create_key(), emulator.create_key());
    let both = keyring(&kms_options(&emulator.endpoint, &[&first, &second]));
    let made = both.generate(SUITE, &context()).await.unwrap();
    emulator.disable(&first);
    assert!(both.unwrap(SUITE, &context(), &made.encrypted).await.is_ok());
    let error = both.generate(SUITE, &context()).await.unwrap_err();
    assert_eq!(failure(&error), KmsFailure::KeyDisabled);
    assert_eq!(error.severity(), Severity::TellTheOperator);
    assert!(error.request_id().is_some(), "to find the call in CloudTrail");

    emulator.enable(&first);
    emulator.schedule_deletion(&second);
    let error = both.generate(SUITE, &context()).await.unwrap_err();
    assert_eq!(failure(&error), KmsFailure::KeyState);
    assert!(both.unwrap(SUITE, &context(), &made.encrypted).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_there_or_not_ours_is_the_operators_business() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let arn = emulator.create_key();
    let missing = arn.rsplit_once('/').unwrap().0.to_owned() + "/12345678-1234-1234-1234-123456789012";
    let other_account = missing.replace("123456789012:", "210987654321:");
    for name in [missing.as_str(), &other_account, "alias/nobody"] {
        let error = keyring(&kms_options(&emulator.endpoint, &[name]))
            .generate(SUITE, &context())
            .await
            .unwrap_err();
        assert_eq!(failure(&error), KmsFailure::NotFound, "{name}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_keyring_asks_for_no_other_key() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let (ours, theirs) = (emulator.create_key(), emulator.create_key());
    let made = keyring(&kms_options(&emulator.endpoint, &[&theirs]))
        .generate(SUITE, &context())
        .await
        .unwrap();
    let error = keyring(&kms_options(&emulator.endpoint, &[&ours]))
        .unwrap(SUITE, &context(), &made.encrypted)
        .await
        .unwrap_err();
    assert!(matches!(error, KeyringError::NothingUnwrapped));
    assert_eq!(emulator.calls("Decrypt"), 0);
    // an alias is the service's to resolve: it asks, and is refused
    emulator.create_alias("alias/ours", &ours);
    let error = keyring(&kms_options(&emulator.endpoint, &["alias/ours"]))
        .unwrap(SUITE, &context(), &made.encrypted)
        .await
        .unwrap_err();
    assert_eq!(failure(&error), KmsFailure::WrongCiphertext);
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_opens_what_its_filter_admits_and_seals_nothing() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let arn = emulator.create_key_in(ELSEWHERE, false);
    let made = keyring(&kms_options(&emulator.endpoint, &[&arn]))
        .generate(SUITE, &context())
        .await
        .unwrap();
    let account = arn.split(':').nth(4).unwrap().to_owned();
    let filter = |partition: &str, account: &str| Discovery {
        partition: Some(partition.to_owned()),
        accounts: [account.to_owned()].into(),
    };
    for admits in [Discovery::default(), filter("aws", &account)] {
        let reader = keyring(&discovery(&emulator, admits, Some(REGION)));
        let opened = reader.unwrap(SUITE, &context(), &made.encrypted).await.unwrap();
        assert_eq!(opened.expose(), made.plaintext.expose());
        let error = reader.generate(SUITE, &context()).await.unwrap_err();
        assert!(matches!(error, KeyringError::CannotSeal(_)));
        assert!(reader.wrap(&opened, &context()).await.is_err());
    }
    let asked = emulator.calls("Decrypt");
    for refuses in [filter("aws", "210987654321"), filter("aws-cn", &account)] {
        let reader = keyring(&discovery(&emulator, refuses, None));
        let error = reader
            .unwrap(SUITE, &context(), &made.encrypted)
            .await
            .unwrap_err();
        assert!(matches!(error, KeyringError::NothingUnwrapped));
    }
    assert_eq!(emulator.calls("Decrypt"), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_multi_region_key_opens_with_its_replica() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let primary = emulator.create_key_in(REGION, true);
    let replica = emulator.replicate(&primary, ELSEWHERE);
    assert_ne!(primary, replica);
    for (seals, opens) in [(&primary, &replica), (&replica, &primary)] {
        let made = keyring(&kms_options(&emulator.endpoint, &[seals]))
            .generate(SUITE, &context())
            .await
            .unwrap();
        assert_eq!(arns(&made.encrypted), [seals]);
        let strict = keyring(&kms_options(&emulator.endpoint, &[opens]));
        let opened = strict.unwrap(SUITE, &context(), &made.encrypted).await.unwrap();
        assert_eq!(opened.expose(), made.plaintext.expose());
        // discovery takes the replica of its own region, and without one the message's
        for region in [Some(REGION), Some(ELSEWHERE), None] {
            let reader = keyring(&discovery(&emulator, Discovery::default(), region));
            assert!(reader.unwrap(SUITE, &context(), &made.encrypted).await.is_ok());
        }
    }
    // a single-Region key of the same id elsewhere is another key
    let single = emulator.create_key();
    let made = keyring(&kms_options(&emulator.endpoint, &[&single]))
        .generate(SUITE, &context())
        .await
        .unwrap();
    let moved = single.replace(REGION, ELSEWHERE);
    let strict = keyring(&kms_options(&emulator.endpoint, &[&moved]));
    let error = strict
        .unwrap(SUITE, &context(), &made.encrypted)
        .await
        .unwrap_err();
    assert!(matches!(error, KeyringError::NothingUnwrapped));
}

/// The least IAM policy: kms:GenerateDataKey on the first key, kms:Encrypt on the others.
#[tokio::test(flavor = "multi_thread")]
async fn sealing_calls_generate_data_key_and_encrypt_and_never_decrypt() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let (first, second) = (emulator.create_key(), emulator.create_key());
    let preparations = emulator.all_calls();
    let heard = Arc::new(Heard::default());
    let keyring = observed_keyring(
        &kms_options(&emulator.endpoint, &[&first, &second]),
        heard.clone(),
    );
    let manager =
        MaterialsManager::new(keyring, SUITE, context(), Some(by_messages(100))).with_observer(heard.clone());
    let manager = Arc::new(manager);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let manager = Arc::clone(&manager);
        tasks.spawn(async move {
            assert!(manager.encryption_materials(1).await.unwrap().begin());
        });
    }
    tasks.join_all().await;
    let mut calls = emulator.all_calls();
    calls.retain(|operation, _| !preparations.contains_key(operation));
    let expected = [("Encrypt".to_owned(), 2), ("GenerateDataKey".to_owned(), 2)];
    assert_eq!(calls.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(heard.requests(KmsOperation::GenerateDataKey, "ok"), 2);
    assert_eq!(heard.requests(KmsOperation::Encrypt, "ok"), 2);
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::SeqCst);
    assert_eq!((count(&heard.generated), count(&heard.used)), (2, 200));
}

#[test]
fn options_that_contradict_each_other_are_refused() {
    let key = "arn:aws:kms:us-east-1:123456789012:key/mrk-1";
    let fault = |keys: &[&str], discovery: Option<Discovery>| {
        let mut options = kms_options("http://127.0.0.1:1", keys);
        options.discovery = discovery;
        options.fault()
    };
    let half = Discovery {
        partition: Some("aws".into()),
        ..Discovery::default()
    };
    assert!(fault(&[key], None).is_none());
    assert!(fault(&[], None).is_some());
    assert!(fault(&[key], Some(Discovery::default())).is_some());
    assert!(fault(&[], Some(half)).is_some());
    assert!(fault(&[key, key], None).is_some());
    let replica = key.replace("us-east-1", "eu-west-1");
    assert!(fault(&[key, &replica], None).is_some(), "one key under two names");
}
