//! Clients of AWS KMS: made when they are first needed, one per region, with every time-out on purpose.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::Client;
use tokio::sync::OnceCell;

/// How the key service is reached. What is `None` is the SDK's default chain's to say: environment,
/// profile, then the instance's own role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KmsConnection {
    /// For keys whose name does not say it.
    pub region: Option<String>,
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// Another address than the region's; `AWS_ENDPOINT_URL_KMS` and `AWS_ENDPOINT_URL` come after it.
    pub endpoint_url: Option<String>,
    /// FIPS 140 endpoints.
    pub use_fips: Option<bool>,
    /// Endpoints that speak IPv6 too.
    pub use_dual_stack: Option<bool>,
    /// To a connection; a host that is gone must not cost an attempt.
    pub connect_timeout: Duration,
    /// To an answer, for each attempt.
    pub attempt_timeout: Duration,
    /// For the whole call: attempts, waits between them, credentials.
    pub operation_timeout: Duration,
    /// Attempts in one call; after it the file is held and tried again at its own pace.
    pub max_attempts: u32,
}

impl Default for KmsConnection {
    fn default() -> Self {
        Self {
            region: None,
            profile: None,
            endpoint_url: None,
            use_fips: None,
            use_dual_stack: None,
            connect_timeout: Duration::from_secs(2),
            attempt_timeout: Duration::from_secs(5),
            operation_timeout: Duration::from_secs(15),
            max_attempts: 3,
        }
    }
}

impl KmsConnection {
    fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder()
            .connect_timeout(self.connect_timeout)
            .read_timeout(self.attempt_timeout)
            .operation_attempt_timeout(self.attempt_timeout)
            .operation_timeout(self.operation_timeout)
            .build()
    }

    fn retries(&self) -> RetryConfig {
        RetryConfig::standard()
            .with_max_attempts(self.max_attempts.max(1))
            .with_initial_backoff(Duration::from_millis(100))
            .with_max_backoff(Duration::from_secs(2))
    }

    async fn load(&self, region: Option<&str>) -> SdkConfig {
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .timeout_config(self.timeouts())
            .retry_config(self.retries());
        if let Some(region) = region {
            // said here so that nobody asks the instance metadata service for it
            loader = loader.region(Region::new(region.to_owned()));
        }
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(use_fips) = self.use_fips {
            loader = loader.use_fips(use_fips);
        }
        if let Some(use_dual_stack) = self.use_dual_stack {
            loader = loader.use_dual_stack(use_dual_stack);
        }
        loader.load().await
    }
}

/// One keyring's clients.
pub(super) struct KmsClients {
    connection: KmsConnection,
    base: OnceCell<SdkConfig>,
    by_region: Mutex<HashMap<Option<String>, Client>>,
}

impl KmsClients {
    pub(super) fn new(connection: KmsConnection) -> Self {
        Self {
            connection,
            base: OnceCell::new(),
            by_region: Mutex::default(),
        }
    }

    /// With the caller's credentials and HTTP client.
    pub(super) fn with_base(connection: KmsConnection, base: SdkConfig) -> Self {
        let clients = Self::new(connection);
        let base = base
            .into_builder()
            .timeout_config(clients.connection.timeouts())
            .retry_config(clients.connection.retries())
            .build();
        Self {
            base: OnceCell::new_with(Some(base)),
            ..clients
        }
    }

    /// The region of keys that do not say theirs.
    pub(super) fn default_region(&self) -> Option<&str> {
        self.connection.region.as_deref()
    }

    /// The client of a region, of the keyring's own for `None`.
    pub(super) async fn client(&self, region: Option<&str>) -> Client {
        let region = region.or(self.default_region());
        let base = self.base.get_or_init(|| self.connection.load(region)).await;
        let mut by_region = self.by_region.lock().unwrap_or_else(PoisonError::into_inner);
        by_region
            .entry(region.map(str::to_owned))
            .or_insert_with(|| {
                let mut config = aws_sdk_kms::config::Builder::from(base);
                if let Some(region) = region {
                    config = config.region(Region::new(region.to_owned()));
                }
                if let Some(url) = &self.connection.endpoint_url {
                    config = config.endpoint_url(url);
                }
                Client::from_conf(config.build())
            })
            .clone()
    }
}

impl fmt::Debug for KmsClients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connection.fmt(f)
    }
}
