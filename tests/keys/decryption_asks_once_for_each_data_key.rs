//! Two hundred messages under two data keys cost two calls, whoever comes first.

use std::sync::Arc;
use std::time::Duration;

use sealdrop::keyring::Keyring as _;
use sealdrop::materials::{CacheLimits, DecryptionManager};
use sealdrop::message::{AlgorithmSuite, EncryptionContext};

use crate::support::{CountingKeyring, SUITE, context};

fn limits(capacity: u64) -> CacheLimits {
    CacheLimits {
        capacity,
        ..CacheLimits::by_age(Duration::from_secs(100))
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_calls_as_distinct_data_keys() {
    let keyring = CountingKeyring::new(Duration::from_millis(5));
    let manager = Arc::new(DecryptionManager::new(keyring.clone(), Some(limits(100))));
    let mut tasks = tokio::task::JoinSet::new();
    let mut keys = Vec::new();
    for _ in 0..3 {
        keys.push(Arc::new(keyring.generate(SUITE, &context()).await.unwrap()));
    }
    for message in 0..201 {
        let (manager, key) = (Arc::clone(&manager), Arc::clone(&keys[message % 3]));
        tasks.spawn(async move {
            let opened = manager
                .decryption_materials(SUITE, &context(), &key.encrypted)
                .await
                .unwrap();
            assert_eq!(opened.plaintext_data_key.expose(), key.plaintext.expose());
        });
    }
    tasks.join_all().await;
    assert_eq!(keyring.unwrapped(), 3);
}

#[tokio::test(start_paused = true)]
async fn age_counts_and_an_expired_entry_is_asked_for_once_again() {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let manager = Arc::new(DecryptionManager::new(keyring.clone(), Some(limits(100))));
    let key = Arc::new(keyring.generate(SUITE, &context()).await.unwrap());
    for round in 1..=3 {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (manager, key) = (Arc::clone(&manager), Arc::clone(&key));
            tasks.spawn(async move {
                manager
                    .decryption_materials(SUITE, &context(), &key.encrypted)
                    .await
                    .unwrap();
            });
        }
        tasks.join_all().await;
        assert_eq!(keyring.unwrapped(), round);
        tokio::time::advance(Duration::from_secs(100)).await;
    }
}

#[tokio::test]
async fn another_context_or_copy_is_another_entry_and_a_failure_is_none() {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let manager = DecryptionManager::new(keyring.clone(), Some(limits(100)));
    let key = keyring.generate(SUITE, &context()).await.unwrap();
    let none = EncryptionContext::default();
    for calls in 1..=2 {
        let refused = manager.decryption_materials(SUITE, &none, &key.encrypted).await;
        assert_eq!(refused.unwrap_err().reason(), "wrong-key");
        assert_eq!(keyring.unwrapped(), calls);
    }
    manager
        .decryption_materials(SUITE, &context(), &key.encrypted)
        .await
        .unwrap();
    assert_eq!(keyring.unwrapped(), 3);
}

#[tokio::test]
async fn a_suite_without_key_derivation_is_asked_for_each_time() {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let manager = DecryptionManager::new(keyring.clone(), Some(limits(100)));
    let suite = AlgorithmSuite::Aes256GcmIv12Tag16;
    let key = keyring.generate(suite, &context()).await.unwrap();
    for _ in 0..3 {
        manager
            .decryption_materials(suite, &context(), &key.encrypted)
            .await
            .unwrap();
    }
    assert_eq!(keyring.unwrapped(), 3);
}
