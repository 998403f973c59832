//! Random producers: create, append, rewrite, rename, replace, link, delete, mkdir, slow writes, and folders renamed
//! with files in them. Every session of writing leaves a token; at the end each token that was not destroyed by its
//! producer is in exactly one message, whole.
//!
//! `SEALDROP_LONG=1`: three minutes, else some seconds. `SEALDROP_SEED` repeats a run as far as the machine allows.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::support::{Daemon, files_below, long};

#[derive(Default)]
struct Account {
    kept: BTreeSet<String>,
    gone: BTreeSet<String>,
    unknown: BTreeSet<String>,
    actions: u64,
}

#[test]
fn random_producers_lose_nothing_and_get_nothing_torn() {
    let seconds = if long() { 180 } else { 6 };
    let seed = seed();
    eprintln!("SEALDROP_SEED={seed}");
    let root = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(root.path(), "recursive = true");
    let producers: Vec<_> = ["a", "b", "c"]
        .iter()
        .zip(seed..)
        .map(|(prefix, seed)| {
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/intake/random_producer.py");
            Command::new("python3")
                .args([script, &seconds.to_string(), &seed.to_string(), prefix])
                .current_dir(daemon.input())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut account = Account::default();
    for producer in producers {
        let output = producer.wait_with_output().unwrap();
        assert!(output.status.success(), "a producer failed");
        account.add(&output.stdout);
    }
    daemon.wait_long_for("everything to be sealed", Duration::from_mins(2), |daemon| {
        let claims = std::fs::read_dir(daemon.input().join(".sealdrop")).unwrap();
        files_below(&daemon.input()).is_empty() && claims.count() == 0
    });
    let sealed = tokens(&daemon);
    daemon.stop();

    let twice: Vec<_> = sealed.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "sealed more than once: {twice:?}");
    let sealed: BTreeSet<String> = sealed.into_keys().collect();
    let lost: Vec<_> = account.kept.difference(&sealed).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    let back: Vec<_> = account.gone.intersection(&sealed).collect();
    assert!(
        back.is_empty(),
        "sealed though its producer destroyed it: {back:?}"
    );
    let known: BTreeSet<_> = account.kept.union(&account.unknown).cloned().collect();
    let strange: Vec<_> = sealed.difference(&known).collect();
    assert!(strange.is_empty(), "sealed, and nobody's: {strange:?}");
    eprintln!(
        "{} actions: {} tokens sealed once, {} destroyed in time, {} overtaken",
        account.actions,
        account.kept.len(),
        account.gone.len(),
        account.unknown.len()
    );
}

impl Account {
    fn add(&mut self, said: &[u8]) {
        let said: serde_json::Value = serde_json::from_slice(said).unwrap();
        let set = |key: &str| -> Vec<String> { serde_json::from_value(said[key].clone()).unwrap() };
        self.kept.extend(set("kept"));
        self.gone.extend(set("gone"));
        self.unknown.extend(set("unknown"));
        self.actions += said["actions"].as_u64().unwrap();
    }
}

/// The tokens of all messages, and how often each is there. A message with half a session is torn.
fn tokens(daemon: &Daemon) -> BTreeMap<String, u32> {
    let mut found = BTreeMap::new();
    daemon.for_each_opened(|opened| {
        let text = std::str::from_utf8(&opened.content).unwrap();
        let mut rest = text;
        while !rest.is_empty() {
            let session = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
            let Some((session, after)) = session else {
                panic!(
                    "{:?} is torn: it ends in {:?}",
                    opened.message,
                    &rest[..rest.len().min(40)]
                );
            };
            let (first, last) = (
                session.split(':').next().unwrap(),
                session.rsplit(':').next().unwrap(),
            );
            assert_eq!(first, last, "{:?} is torn", opened.message);
            *found.entry(first.to_owned()).or_default() += 1;
            rest = after;
        }
    });
    found
}

fn seed() -> u64 {
    match std::env::var("SEALDROP_SEED") {
        Ok(seed) => seed.parse().unwrap(),
        Err(_) => SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    }
}
