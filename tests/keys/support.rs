//! A keyring that counts and may be slow, and the things every test here starts from.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sealdrop::keyring::{GeneratedDataKey, Keyring, KeyringFuture, RawAesKeyring};
use sealdrop::materials::CacheLimits;
use sealdrop::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

pub(crate) const SUITE: AlgorithmSuite = AlgorithmSuite::Aes256GcmHkdfSha512CommitKey;

/// A raw AES keyring that counts what it is asked, and takes its time.
#[derive(Debug)]
pub(crate) struct CountingKeyring {
    inner: RawAesKeyring,
    latency: Duration,
    pub(crate) generated: AtomicU64,
    pub(crate) unwrapped: AtomicU64,
}

impl CountingKeyring {
    pub(crate) fn new(latency: Duration) -> Arc<Self> {
        Arc::new(Self {
            inner: RawAesKeyring::new("tests", "counting", &[7; 32]).unwrap(),
            latency,
            generated: AtomicU64::new(0),
            unwrapped: AtomicU64::new(0),
        })
    }

    pub(crate) fn generated(&self) -> u64 {
        self.generated.load(Ordering::SeqCst)
    }

    #[allow(dead_code, reason = "for opening")]
    pub(crate) fn unwrapped(&self) -> u64 {
        self.unwrapped.load(Ordering::SeqCst)
    }
}

impl Keyring for CountingKeyring {
    fn generate<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, GeneratedDataKey> {
        Box::pin(async move {
            self.generated.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(self.latency).await;
            self.inner.generate(suite, context).await
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
        Box::pin(async move {
            self.unwrapped.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(self.latency).await;
            self.inner.unwrap(suite, context, encrypted).await
        })
    }
}

pub(crate) fn context() -> EncryptionContext {
    EncryptionContext::from_pairs([("purpose".to_owned(), "tests".to_owned())]).unwrap()
}

/// One key at a time, limited by messages and an age that no test reaches.
pub(crate) fn by_messages(max_messages: u64) -> CacheLimits {
    CacheLimits {
        max_messages,
        ..CacheLimits::by_age(Duration::from_mins(10))
    }
}
