//! Look-ahead on demand: a burst does not stop for the key service, and nothing is fetched in vain.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use sealdrop::materials::{CacheLimits, MaterialsManager, Waiting};
use tokio::time::{Instant, sleep};

use crate::support::{CountingKeyring, Heard, SUITE, by_messages, context};

const LATENCY: Duration = Duration::from_millis(20);

struct Burst {
    waited: Vec<Duration>,
    keys: u64,
    ahead: u64,
}

/// Files sealed one after the other, each in so long, and all announced before the first.
async fn burst(limits: CacheLimits, files: u64, each: Duration, tell: bool) -> Burst {
    let keyring = CountingKeyring::new(LATENCY);
    let heard = Arc::new(Heard::default());
    let manager =
        MaterialsManager::new(keyring.clone(), SUITE, context(), Some(limits)).with_observer(heard.clone());
    let mut waited = Vec::new();
    let announced = |_| {
        if tell {
            manager.waiting(1)
        } else {
            Waiting::default()
        }
    };
    for mut waiting in (0..files).map(announced).collect::<Vec<_>>() {
        let asked = Instant::now();
        let mut materials = manager.encryption_materials_for(&mut waiting, 1).await.unwrap();
        waited.push(asked.elapsed());
        assert!(materials.begin());
        sleep(each).await;
    }
    Burst {
        waited,
        keys: keyring.generated(),
        ahead: heard.ahead.load(Ordering::SeqCst),
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_first_file_of_a_burst_waits() {
    let burst = burst(by_messages(100), 1000, Duration::from_millis(2), true).await;
    let waits = burst.waited.iter().filter(|wait| !wait.is_zero()).count();
    assert_eq!((waits, burst.waited[0] >= LATENCY), (1, true));
    assert_eq!((burst.keys, burst.ahead), (10, 9));
}

#[tokio::test(start_paused = true)]
async fn by_bytes_and_by_age_too() {
    let by_bytes = CacheLimits {
        max_bytes: 100,
        ..by_messages(1 << 32)
    };
    let bytes = burst(by_bytes, 1000, Duration::from_millis(2), true).await;
    assert_eq!(bytes.waited.iter().filter(|wait| !wait.is_zero()).count(), 1);
    assert_eq!(bytes.keys, 10);

    let by_age = CacheLimits::by_age(Duration::from_secs(2));
    let age = burst(by_age, 1000, Duration::from_millis(10), true).await;
    assert_eq!(age.waited.iter().filter(|wait| !wait.is_zero()).count(), 1);
    assert!(age.keys <= 7, "{} keys for ten seconds at two each", age.keys);
}

#[tokio::test(start_paused = true)]
async fn without_demand_each_key_is_waited_for() {
    let burst = burst(by_messages(100), 1000, Duration::from_millis(2), false).await;
    assert_eq!(burst.waited.iter().filter(|wait| !wait.is_zero()).count(), 10);
    assert_eq!((burst.keys, burst.ahead), (10, 0));
}

#[tokio::test(start_paused = true)]
async fn files_that_the_current_key_still_bears_cost_no_other() {
    for files in [1, 99, 100] {
        let burst = burst(by_messages(100), files, Duration::from_millis(2), true).await;
        assert_eq!((burst.keys, burst.ahead), (1, 0), "{files} files");
    }
}

/// A key fetched ahead waits a while itself; that must not pass for a slow burst.
#[tokio::test(start_paused = true)]
async fn the_pace_counts_from_a_keys_first_use() {
    let keyring = CountingKeyring::new(LATENCY);
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(by_messages(100)));
    let mut waiting: Vec<_> = (0..300).map(|_| manager.waiting(1)).collect();
    for (index, waiting) in waiting.iter_mut().enumerate().take(140) {
        if index == 100 {
            assert_eq!(keyring.generated(), 2, "the next one is there, and waits");
            sleep(Duration::from_secs(10)).await;
        }
        let mut materials = manager.encryption_materials_for(waiting, 1).await.unwrap();
        assert!(materials.begin());
        sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(
        keyring.generated(),
        3,
        "60 messages are left, for an eighth of a second"
    );
}

#[tokio::test(start_paused = true)]
async fn slow_files_let_no_key_age_unused() {
    // 100 messages would take 500 s, and no key lives longer than 10: five files each
    let limits = CacheLimits {
        max_messages: 100,
        ..CacheLimits::by_age(Duration::from_secs(10))
    };
    let burst = burst(limits, 50, Duration::from_secs(2), true).await;
    assert!(burst.keys <= 11, "{} keys for 100 s at 10 s each", burst.keys);
}

#[tokio::test(start_paused = true)]
async fn files_that_wait_without_a_key_in_use_fetch_nothing() {
    let keyring = CountingKeyring::new(LATENCY);
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(by_messages(1)));
    let _waiting: Vec<_> = (0..1000).map(|_| manager.waiting(1)).collect();
    sleep(Duration::from_secs(1)).await;
    assert_eq!(keyring.generated(), 0);
}

#[tokio::test(start_paused = true)]
async fn never_more_than_one_ahead() {
    let keyring = CountingKeyring::new(LATENCY);
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(by_messages(2)));
    sleep(Duration::from_millis(1)).await;
    let mut first = manager.encryption_materials(1).await.unwrap();
    assert!(first.begin());
    sleep(Duration::from_millis(1)).await;
    let mut waiting = Vec::new();
    for _ in 0..10 {
        waiting.extend((0..100).map(|_| manager.waiting(1)));
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(keyring.generated(), 2);
}

#[tokio::test(start_paused = true)]
async fn files_that_went_away_are_waited_for_no_more() {
    let keyring = CountingKeyring::new(LATENCY);
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(by_messages(10)));
    let mut waiting: Vec<_> = (0..15).map(|_| manager.waiting(1)).collect();
    let mut first = waiting.pop().unwrap();
    drop(waiting.split_off(9)); // nine are left, and nine messages
    assert!(
        manager
            .encryption_materials_for(&mut first, 1)
            .await
            .unwrap()
            .begin()
    );
    for mut file in waiting {
        assert!(
            manager
                .encryption_materials_for(&mut file, 1)
                .await
                .unwrap()
                .begin()
        );
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(keyring.generated(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_takes_a_key_of_its_own_is_not_counted() {
    let keyring = CountingKeyring::new(LATENCY);
    let limits = CacheLimits {
        max_bytes: 100,
        ..by_messages(2)
    };
    let manager = MaterialsManager::new(keyring.clone(), SUITE, context(), Some(limits));
    let _oversized: Vec<_> = (0..10).map(|_| manager.waiting(100)).collect();
    for _ in 0..2 {
        assert!(manager.encryption_materials(1).await.unwrap().begin());
    }
    sleep(Duration::from_secs(1)).await;
    assert_eq!(keyring.generated(), 1);
}
