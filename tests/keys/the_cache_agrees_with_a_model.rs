//! Random files, sizes, delays and failures at once, on a clock that only moves when all wait; what
//! happened is then held against the rules.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::prelude::*;
use sealdrop::keyring::{GeneratedDataKey, Keyring, KeyringError, KeyringFuture, RawAesKeyring};
use sealdrop::materials::{CacheLimits, MaterialsManager, Waiting};
use sealdrop::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};
use tokio::time::{Instant, sleep};

use crate::support::{SUITE, context};

/// What a worker does with one file.
#[derive(Clone, Debug)]
struct File {
    arrives: u64,
    size: u64,
    grows: u64,
    /// Between the reservation and the message's begin.
    dawdles: u64,
    fails: bool,
}

#[derive(Clone, Debug)]
struct Plan {
    limits: CacheLimits,
    latency: u64,
    /// Every so many fetches one fails; never for 0.
    failing: usize,
    files: Vec<File>,
}

fn plan(failures: bool) -> impl Strategy<Value = Plan> {
    let file = (0..200_u64, 0..60_u64, 0..40_u64, 0..30_u64, any::<bool>()).prop_map(
        move |(arrives, size, grows, dawdles, fails)| File {
            arrives,
            size,
            grows: if failures { grows.saturating_sub(20) } else { 0 },
            dawdles,
            fails: fails && failures,
        },
    );
    let limits = (1..4_u64, 20..300_u64, 1..8_u64, 50..200_u64).prop_map(
        |(capacity, max_age, max_messages, max_bytes)| CacheLimits {
            capacity,
            max_age: Duration::from_millis(max_age),
            max_messages,
            max_bytes,
        },
    );
    let failing = if failures { 0..4_usize } else { 0..1 };
    (limits, 0..40_u64, failing, prop::collection::vec(file, 1..60)).prop_map(
        |(limits, latency, failing, files)| Plan {
            limits,
            latency,
            failing,
            files,
        },
    )
}

/// What the rules are held against.
#[derive(Debug, Default)]
struct Record {
    fetches: usize,
    under_way: usize,
    oversized_waiting: usize,
    most_under_way_beyond_oversized: usize,
    born: HashMap<Vec<u8>, Instant>,
    /// By key: when each message began and how long it was.
    begun: HashMap<Vec<u8>, Vec<(Instant, u64)>>,
    reserved: HashSet<Vec<u8>>,
}

#[derive(Debug)]
struct Recorder {
    inner: RawAesKeyring,
    latency: Duration,
    failing: usize,
    record: Mutex<Record>,
}

impl Keyring for Recorder {
    fn generate<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, GeneratedDataKey> {
        Box::pin(async move {
            let number = {
                let mut record = self.record.lock().unwrap();
                record.fetches += 1;
                record.under_way += 1;
                let beyond = record.under_way.saturating_sub(record.oversized_waiting);
                record.most_under_way_beyond_oversized = record.most_under_way_beyond_oversized.max(beyond);
                record.fetches
            };
            sleep(self.latency).await;
            let made = self.inner.generate(suite, context).await?;
            let mut record = self.record.lock().unwrap();
            record.under_way -= 1;
            if self.failing > 1 && number % self.failing == 0 {
                return Err(KeyringError::CannotSeal("just now"));
            }
            record
                .born
                .insert(made.encrypted[0].ciphertext.clone(), Instant::now());
            Ok(made)
        })
    }

    fn wrap<'a>(
        &'a self,
        data_key: &'a PlaintextDataKey,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, Vec<EncryptedDataKey>> {
        self.inner.wrap(data_key, context)
    }

    fn unwrap<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
        encrypted: &'a [EncryptedDataKey],
    ) -> KeyringFuture<'a, PlaintextDataKey> {
        self.inner.unwrap(suite, context, encrypted)
    }
}

async fn seal(
    file: File,
    mut waiting: Waiting,
    manager: Arc<MaterialsManager>,
    recorder: Arc<Recorder>,
    limits: CacheLimits,
) {
    sleep(Duration::from_millis(file.arrives)).await;
    let mut size = file.size;
    loop {
        let oversized = usize::from(size >= limits.max_bytes);
        recorder.record.lock().unwrap().oversized_waiting += oversized;
        let materials = manager.encryption_materials_for(&mut waiting, size).await;
        recorder.record.lock().unwrap().oversized_waiting -= oversized;
        let Ok(mut materials) = materials else {
            sleep(Duration::from_millis(7)).await;
            continue;
        };
        let key = materials.encrypted_data_keys[0].ciphertext.clone();
        recorder.record.lock().unwrap().reserved.insert(key.clone());
        sleep(Duration::from_millis(file.dawdles)).await;
        if file.fails {
            return;
        }
        size = file.size + file.grows;
        if !materials.cover(size) || !materials.begin() {
            sleep(Duration::from_millis(1)).await;
            if Duration::from_millis(file.dawdles) >= limits.max_age {
                return; // no key lives as long as this file takes to begin
            }
            continue;
        }
        let mut record = recorder.record.lock().unwrap();
        record.begun.entry(key).or_default().push((Instant::now(), size));
        return;
    }
}

fn run(plan: &Plan, announced: bool) -> Record {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let recorder = Arc::new(Recorder {
        inner: RawAesKeyring::new("tests", "model", &[1; 32]).unwrap(),
        latency: Duration::from_millis(plan.latency),
        failing: plan.failing,
        record: Mutex::default(),
    });
    runtime.block_on(async {
        let manager = MaterialsManager::new(recorder.clone(), SUITE, context(), Some(plan.limits));
        let manager = Arc::new(manager);
        let mut tasks = tokio::task::JoinSet::new();
        for file in plan.files.clone() {
            let waiting = if announced {
                manager.waiting(file.size)
            } else {
                Waiting::default()
            };
            tasks.spawn(seal(
                file,
                waiting,
                manager.clone(),
                recorder.clone(),
                plan.limits,
            ));
        }
        tasks.join_all().await;
    });
    drop(runtime);
    Arc::into_inner(recorder).unwrap().record.into_inner().unwrap()
}

fn hold_to_the_limits(plan: &Plan, record: &Record) {
    for (key, messages) in &record.begun {
        let born = record.born[key];
        assert!(messages.len() as u64 <= plan.limits.max_messages, "messages");
        let bytes: u64 = messages.iter().map(|(_, size)| size).sum();
        assert!(bytes <= plan.limits.max_bytes || messages.len() == 1, "bytes");
        for (began, _) in messages {
            assert!(*began - born < plan.limits.max_age || messages.len() == 1, "age");
        }
    }
    assert!(
        record.most_under_way_beyond_oversized <= 1,
        "a miss was fetched twice"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn no_limit_is_passed_no_miss_is_fetched_twice_and_nothing_is_fetched_in_vain(plan in plan(true)) {
        let record = run(&plan, false);
        hold_to_the_limits(&plan, &record);
        for key in record.born.keys() {
            prop_assert!(record.reserved.contains(key), "a key nobody asked for");
        }
    }

    #[test]
    fn with_look_ahead_the_limits_hold_as_well(plan in plan(true)) {
        let record = run(&plan, true);
        hold_to_the_limits(&plan, &record);
    }

    #[test]
    fn look_ahead_costs_no_key_when_all_files_are_sealed_in_time(mut plan in plan(false)) {
        plan.limits.max_age = Duration::from_secs(1000);
        plan.limits.max_bytes = 1 << 40;
        let record = run(&plan, true);
        hold_to_the_limits(&plan, &record);
        let files = plan.files.len() as u64;
        prop_assert_eq!(record.fetches as u64, files.div_ceil(plan.limits.max_messages));
        prop_assert_eq!(record.begun.len(), record.fetches);
    }
}
