//! The AWS KMS keyring: strict with configured keys, or discovery for opening
//! (`framework/aws-kms/aws-kms-mrk-keyring`, `aws-kms-discovery-keyring`).

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_config::SdkConfig;
use futures_util::future::try_join_all;

use super::aws_kms_call::{KmsCalls, PROVIDER_ID};
use super::aws_kms_client::{KmsClients, KmsConnection};
use super::{
    GeneratedDataKey, KeyArn, KeyObserver, Keyring, KeyringError, KeyringFuture, KmsKeyId, ResourceType,
};
use crate::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

/// What an AWS KMS keyring is made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsKmsOptions {
    /// The first generates and wraps, the others wrap too; each of them opens.
    pub keys: Vec<KmsKeyId>,
    /// Opens with the key that the message names; no `keys` then, and nothing is sealed.
    pub discovery: Option<Discovery>,
    /// Sent with every call.
    pub grant_tokens: Vec<String>,
    /// How the service is reached.
    pub connection: KmsConnection,
}

/// Whose keys a message may name in discovery; all where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Discovery {
    /// The partition, `aws` as a rule.
    pub partition: Option<String>,
    /// The accounts.
    pub accounts: BTreeSet<String>,
}

/// Wraps data keys with AWS KMS.
#[derive(Debug)]
pub struct AwsKmsKeyring {
    keys: Vec<KmsKeyId>,
    discovery: Option<Discovery>,
    calls: KmsCalls,
}

impl AwsKmsOptions {
    /// What is wrong with the options, if anything, for a configuration that reports all its faults.
    pub fn fault(&self) -> Option<String> {
        match (&self.discovery, self.keys.is_empty()) {
            (None, true) => return Some("at least one key is needed, or discovery".into()),
            (Some(_), false) => return Some("discovery finds the keys itself; give none".into()),
            (Some(filter), true) if filter.partition.is_some() == filter.accounts.is_empty() => {
                return Some("a discovery filter has both a partition and accounts".into());
            }
            _ => {}
        }
        let mut seen = Vec::<&KmsKeyId>::new();
        for key in &self.keys {
            let again = |other: &&KmsKeyId| match (key, *other) {
                (KmsKeyId::Arn(a), KmsKeyId::Arn(b)) => a.same_key(b),
                (a, b) => a == b,
            };
            if seen.iter().any(again) {
                return Some(format!("key {key} is given twice"));
            }
            seen.push(key);
        }
        None
    }
}

impl AwsKmsKeyring {
    /// With the SDK's default credential chain; nothing is loaded or asked before the first call.
    pub fn new(options: &AwsKmsOptions, observer: Arc<dyn KeyObserver>) -> Result<Self, KeyringError> {
        Self::with_clients(options, KmsClients::new(options.connection.clone()), observer)
    }

    /// With the caller's credentials and HTTP client.
    pub fn with_sdk_config(
        options: &AwsKmsOptions,
        base: SdkConfig,
        observer: Arc<dyn KeyObserver>,
    ) -> Result<Self, KeyringError> {
        let clients = KmsClients::with_base(options.connection.clone(), base);
        Self::with_clients(options, clients, observer)
    }

    fn with_clients(
        options: &AwsKmsOptions,
        clients: KmsClients,
        observer: Arc<dyn KeyObserver>,
    ) -> Result<Self, KeyringError> {
        if let Some(fault) = options.fault() {
            return Err(KeyringError::Options(fault));
        }
        if std::env::var("LOG_SENSITIVE_BODIES").is_ok_and(|value| value.eq_ignore_ascii_case("true")) {
            return Err(KeyringError::SensitiveBodiesLogged);
        }
        Ok(Self {
            keys: options.keys.clone(),
            discovery: options.discovery.clone(),
            calls: KmsCalls {
                clients,
                grant_tokens: options.grant_tokens.clone(),
                observer,
            },
        })
    }

    async fn wrap_under(
        &self,
        keys: &[KmsKeyId],
        data_key: &PlaintextDataKey,
        context: &EncryptionContext,
    ) -> Result<Vec<EncryptedDataKey>, KeyringError> {
        let copies = keys.iter().map(|key| self.calls.encrypt(key, data_key, context));
        Ok(try_join_all(copies).await?)
    }

    /// The keys to ask for a copy wrapped under `arn`, and where: at most one in discovery, else each
    /// configured key that may be it.
    fn candidates(&self, arn: &KeyArn) -> Vec<(KmsKeyId, Option<String>)> {
        let Some(discovery) = &self.discovery else {
            let fits = self.keys.iter().filter(|key| key.may_open(arn));
            return fits
                .map(|key| (key.clone(), key.region().map(str::to_owned)))
                .collect();
        };
        if !discovery.admits(arn) {
            return Vec::new();
        }
        // A replica in our own region is nearer, and the key's home may be down.
        let arn = match self.calls.clients.default_region() {
            Some(region) if arn.is_multi_region() => arn.in_region(region),
            _ => arn.clone(),
        };
        let region = Some(arn.region().to_owned());
        vec![(KmsKeyId::Arn(arn), region)]
    }
}

impl Discovery {
    fn admits(&self, arn: &KeyArn) -> bool {
        self.partition
            .as_deref()
            .is_none_or(|partition| partition == arn.partition())
            && (self.accounts.is_empty() || self.accounts.contains(arn.account()))
    }
}

/// The key ARN of a copy that AWS KMS wrapped; another form is not ours to guess.
fn wrapped_under(copy: &EncryptedDataKey) -> Option<KeyArn> {
    if copy.provider_id != PROVIDER_ID {
        return None;
    }
    let arn: KeyArn = std::str::from_utf8(&copy.provider_info).ok()?.parse().ok()?;
    (arn.resource() == ResourceType::Key).then_some(arn)
}

impl Keyring for AwsKmsKeyring {
    fn generate<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, GeneratedDataKey> {
        Box::pin(async move {
            let (first, others) = self
                .keys
                .split_first()
                .ok_or(KeyringError::CannotSeal("discovery only opens"))?;
            let mut generated = self.calls.generate(first, suite, context).await?;
            let copies = self.wrap_under(others, &generated.plaintext, context).await?;
            generated.encrypted.extend(copies);
            Ok(generated)
        })
    }

    fn wrap<'a>(
        &'a self,
        data_key: &'a PlaintextDataKey,
        context: &'a EncryptionContext,
    ) -> KeyringFuture<'a, Vec<EncryptedDataKey>> {
        Box::pin(async move {
            if self.keys.is_empty() {
                return Err(KeyringError::CannotSeal("discovery only opens"));
            }
            self.wrap_under(&self.keys, data_key, context).await
        })
    }

    fn unwrap<'a>(
        &'a self,
        suite: AlgorithmSuite,
        context: &'a EncryptionContext,
        encrypted: &'a [EncryptedDataKey],
    ) -> KeyringFuture<'a, PlaintextDataKey> {
        Box::pin(async move {
            let mut failures = Vec::new();
            for copy in encrypted {
                let Some(arn) = wrapped_under(copy) else { continue };
                for (key, region) in self.candidates(&arn) {
                    let opened =
                        self.calls
                            .decrypt(&key, &arn, region.as_deref(), &copy.ciphertext, suite, context);
                    match opened.await {
                        Ok(data_key) => return Ok(data_key),
                        Err(error) => failures.push(error.into()),
                    }
                }
            }
            Err(KeyringError::of_attempts(failures))
        })
    }
}
