//! Messages, bytes and age, with any number of workers, and never a key more than that takes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sealdrop::materials::{CacheLimits, CacheOutcome, MaterialsManager};
use sealdrop::message::AlgorithmSuite;

use crate::kms::KmsEmulator;
use crate::support::{CountingKeyring, SUITE, by_messages, context, keyring, kms_options};

/// Files sealed by so many workers: how often each encrypted data key was used.
async fn seal(
    manager: Arc<MaterialsManager>,
    files: u64,
    size: u64,
    workers: usize,
) -> HashMap<Vec<u8>, Vec<u64>> {
    let left = Arc::new(AtomicU64::new(files));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..workers {
        let (manager, left) = (Arc::clone(&manager), Arc::clone(&left));
        tasks.spawn(async move {
            let mut used = Vec::new();
            while left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                .is_ok()
            {
                let mut materials = manager.encryption_materials(size).await.unwrap();
                tokio::task::yield_now().await;
                assert!(materials.cover(size) && materials.begin());
                let wrapped = materials.encrypted_data_keys[0].ciphertext.clone();
                used.push((wrapped, materials.usage().message));
            }
            used
        });
    }
    let mut uses = HashMap::<_, Vec<u64>>::new();
    for (key, number) in tasks.join_all().await.into_iter().flatten() {
        uses.entry(key).or_default().push(number);
    }
    uses
}

#[tokio::test(flavor = "multi_thread")]
async fn by_messages_the_number_of_keys_is_exact() {
    for workers in [1, 2, 8, 32] {
        for (files, max_messages) in [(200, 100), (200, 1), (200, 7), (100, 100), (101, 100), (5, 1000)] {
            let keyring = CountingKeyring::new(Duration::from_millis(1));
            let limits = Some(by_messages(max_messages));
            let manager = Arc::new(MaterialsManager::new(keyring.clone(), SUITE, context(), limits));
            let uses = seal(manager, files, 4096, workers).await;
            let expected = files.div_ceil(max_messages);
            assert_eq!(
                keyring.generated(),
                expected,
                "{files} / {max_messages} / {workers}"
            );
            assert_eq!(uses.len() as u64, expected);
            for mut numbers in uses.into_values() {
                numbers.sort_unstable();
                let count = numbers.len() as u64;
                assert!(count <= max_messages);
                assert_eq!(numbers, (1..=count).collect::<Vec<_>>());
            }
        }
    }
}

/// The seed's experiment at the key service: what it counts is what the limits say.
#[tokio::test(flavor = "multi_thread")]
async fn the_key_service_counts_the_same() {
    let Some(emulator) = KmsEmulator::start() else {
        return;
    };
    let keyring = keyring(&kms_options(&emulator.endpoint, &[&emulator.create_key()]));
    let mut expected = 0;
    for workers in [1, 2, 8, 32] {
        for (files, max_messages) in [(200, Some(100)), (200, Some(33)), (40, None)] {
            let limits = max_messages.map(by_messages);
            let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), limits);
            let uses = seal(Arc::new(manager), files, 5_120_000, workers).await;
            let keys = files.div_ceil(max_messages.unwrap_or(1));
            assert_eq!(uses.len() as u64, keys, "{files} / {max_messages:?} / {workers}");
            expected += keys;
            assert_eq!(emulator.calls("GenerateDataKey"), expected);
        }
    }
    assert_eq!((emulator.calls("Encrypt"), emulator.calls("Decrypt")), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn by_age_the_number_of_keys_is_exact() {
    const EACH: u64 = 100; // milliseconds for a file, whoever seals it
    const AGE: u64 = 10_000;
    for workers in [1_u64, 2, 8, 32] {
        let keyring = CountingKeyring::new(Duration::ZERO);
        let limits = CacheLimits::by_age(Duration::from_millis(AGE));
        let manager = Arc::new(MaterialsManager::new(
            keyring.clone(),
            SUITE,
            context(),
            Some(limits),
        ));
        let (mut expected, mut born) = (0, None::<u64>);
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..workers {
            let manager = Arc::clone(&manager);
            tasks.spawn(async move {
                for _ in 0..320 / workers {
                    assert!(manager.encryption_materials(1).await.unwrap().begin());
                    tokio::time::sleep(Duration::from_millis(workers * EACH)).await;
                }
            });
        }
        tasks.join_all().await;
        for round in 0..320 / workers {
            let now = round * workers * EACH;
            if born.is_none_or(|born| now >= born + AGE) {
                (expected, born) = (expected + 1, Some(now));
            }
        }
        assert_eq!(keyring.generated(), expected, "{workers} workers");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn by_bytes_the_number_of_keys_is_exact() {
    for workers in [1, 2, 8, 32] {
        let keyring = CountingKeyring::new(Duration::from_millis(1));
        let limits = CacheLimits {
            max_bytes: 1000,
            ..by_messages(1 << 32)
        };
        let manager = Arc::new(MaterialsManager::new(
            keyring.clone(),
            SUITE,
            context(),
            Some(limits),
        ));
        seal(manager, 200, 100, workers).await;
        assert_eq!(keyring.generated(), 20, "{workers} workers");
    }
}

#[tokio::test]
async fn without_a_cache_each_file_has_its_own_key() {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let manager = Arc::new(MaterialsManager::new(keyring.clone(), SUITE, context(), None));
    let uses = seal(manager, 20, 1, 8).await;
    assert_eq!((keyring.generated(), uses.len()), (20, 20));
}

#[tokio::test]
async fn a_suite_without_key_derivation_is_never_cached() {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let suite = AlgorithmSuite::Aes256GcmIv12Tag16;
    let manager = Arc::new(MaterialsManager::new(
        keyring.clone(),
        suite,
        context(),
        Some(by_messages(100)),
    ));
    seal(manager, 5, 1, 1).await;
    assert_eq!(keyring.generated(), 5);
}

#[tokio::test(start_paused = true)]
async fn age_is_judged_when_the_message_begins() {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let limits = CacheLimits::by_age(Duration::from_secs(10));
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(limits));

    let mut early = manager.encryption_materials(1).await.unwrap();
    let mut late = manager.encryption_materials(1).await.unwrap();
    assert_eq!(keyring.generated(), 1);
    tokio::time::advance(Duration::from_millis(9_999)).await;
    assert!(early.cover(1) && early.begin());
    assert_eq!(early.usage().age, Duration::from_millis(9_999));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert!(
        !late.cover(1) && !late.begin(),
        "reserved in time, begun too late"
    );

    let mut next = manager.encryption_materials(1).await.unwrap();
    assert!(next.begin());
    assert_eq!(keyring.generated(), 2);
    assert_eq!(next.usage().cache, CacheOutcome::Miss);
}

#[tokio::test]
async fn what_is_not_begun_goes_back() {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(by_messages(2)));
    for _ in 0..10 {
        drop(manager.encryption_materials(1).await.unwrap());
    }
    for _ in 0..2 {
        assert!(manager.encryption_materials(1).await.unwrap().begin());
    }
    assert_eq!(keyring.generated(), 1);
    assert!(manager.encryption_materials(1).await.unwrap().begin());
    assert_eq!(keyring.generated(), 2);
}

#[tokio::test]
async fn a_share_given_back_late_is_used_before_a_new_key_is() {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(by_messages(2)));
    assert!(manager.encryption_materials(1).await.unwrap().begin());
    let failing = manager.encryption_materials(1).await.unwrap();
    assert!(manager.encryption_materials(1).await.unwrap().begin());
    assert_eq!(keyring.generated(), 2);
    drop(failing);
    for _ in 0..2 {
        assert!(manager.encryption_materials(1).await.unwrap().begin());
    }
    assert_eq!(keyring.generated(), 2);
}

#[tokio::test]
async fn a_file_that_grew_is_covered_or_sent_for_another_key() {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let limits = CacheLimits {
        max_bytes: 100,
        ..by_messages(10)
    };
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(limits));
    let mut first = manager.encryption_materials(40).await.unwrap();
    let mut second = manager.encryption_materials(40).await.unwrap();
    assert!(first.cover(60) && first.begin());
    assert!(!second.cover(41), "the key has no byte left");
    assert!(second.cover(40) && second.begin(), "what was reserved stays");
    assert!(manager.encryption_materials(1).await.unwrap().begin());
    assert_eq!(keyring.generated(), 2);
}

/// Sizes and how many keys they took, one message at a time.
async fn keys_for(sizes: &[u64], capacity: u64) -> Vec<u64> {
    let keyring = CountingKeyring::new(Duration::ZERO);
    let limits = CacheLimits {
        capacity,
        max_bytes: 100,
        ..by_messages(10)
    };
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(limits));
    let mut calls = Vec::new();
    for &size in sizes {
        let before = keyring.generated();
        assert!(manager.encryption_materials(size).await.unwrap().begin());
        calls.push(keyring.generated() - before);
    }
    calls
}

#[tokio::test]
async fn large_files_do_not_cost_the_small_ones_their_key() {
    assert_eq!(keys_for(&[60, 40, 1, 99], 1).await, [1, 0, 1, 0]);
    assert_eq!(keys_for(&[60, 41, 30], 1).await, [1, 1, 0]);
    assert_eq!(keys_for(&[100, 100, 10, 100], 1).await, [1, 1, 1, 1]);
    // aws-encryption-cli asks a third time here: the oversized file has cost it the good key
    assert_eq!(keys_for(&[10, 100, 5], 1).await, [1, 1, 0]);
    assert_eq!(keys_for(&[10, 250, 5], 1).await, [1, 1, 0]);
    // the key with more left stays, and with room for two both do
    assert_eq!(keys_for(&[30, 90, 70], 1).await, [1, 1, 0]);
    assert_eq!(keys_for(&[60, 50, 50, 40], 1).await, [1, 1, 0, 1]);
    assert_eq!(keys_for(&[60, 50, 50, 40], 2).await, [1, 1, 0, 0]);
}
