//! A keyring that counts and may be slow, and the things every test here starts from.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sealdrop::keyring::{
    AwsKmsKeyring, AwsKmsOptions, GeneratedDataKey, IgnoreKeyEvents, KeyObserver, Keyring, KeyringFuture,
    KmsConnection, KmsOperation, RawAesKeyring,
};
use sealdrop::materials::CacheLimits;
use sealdrop::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

use crate::kms::REGION;

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

/// Credentials that the emulator does not look at, and no environment.
pub(crate) fn sdk_config() -> aws_config::SdkConfig {
    use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
    let credentials = Credentials::new("testing", "testing", None, None, "tests");
    aws_config::SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .sleep_impl(aws_sdk_kms::config::SharedAsyncSleep::new(TokioSleep))
        .build()
}

#[derive(Debug)]
struct TokioSleep;

impl aws_sdk_kms::config::AsyncSleep for TokioSleep {
    fn sleep(&self, duration: Duration) -> aws_sdk_kms::config::Sleep {
        aws_sdk_kms::config::Sleep::new(tokio::time::sleep(duration))
    }
}

/// An AWS KMS keyring's options for this endpoint, in the emulator's region where a key says none.
pub(crate) fn kms_options(endpoint: &str, keys: &[&str]) -> AwsKmsOptions {
    AwsKmsOptions {
        keys: keys.iter().map(|key| key.parse().unwrap()).collect(),
        connection: KmsConnection {
            region: Some(REGION.to_owned()),
            endpoint_url: Some(endpoint.to_owned()),
            ..KmsConnection::default()
        },
        ..AwsKmsOptions::default()
    }
}

pub(crate) fn keyring(options: &AwsKmsOptions) -> Arc<AwsKmsKeyring> {
    observed_keyring(options, Arc::new(IgnoreKeyEvents))
}

pub(crate) fn observed_keyring(
    options: &AwsKmsOptions,
    observer: Arc<dyn KeyObserver>,
) -> Arc<AwsKmsKeyring> {
    Arc::new(AwsKmsKeyring::with_sdk_config(options, sdk_config(), observer).unwrap())
}

/// What an observer has heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    requests: Mutex<Vec<(KmsOperation, &'static str)>>,
    pub(crate) generated: AtomicU64,
    pub(crate) ahead: AtomicU64,
    pub(crate) awaited: AtomicU64,
    pub(crate) used: AtomicU64,
}

impl Heard {
    /// How many requests ended so.
    pub(crate) fn requests(&self, operation: KmsOperation, result: &str) -> usize {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|request| **request == (operation, result))
            .count()
    }
}

impl KeyObserver for Heard {
    fn kms_request(&self, operation: KmsOperation, result: &'static str, _: Duration) {
        self.requests.lock().unwrap().push((operation, result));
    }

    fn data_key_generated(&self, ahead: bool) {
        self.generated.fetch_add(1, Ordering::SeqCst);
        self.ahead.fetch_add(u64::from(ahead), Ordering::SeqCst);
    }

    fn data_key_awaited(&self) {
        self.awaited.fetch_add(1, Ordering::SeqCst);
    }

    fn data_key_used(&self) {
        self.used.fetch_add(1, Ordering::SeqCst);
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap())
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
