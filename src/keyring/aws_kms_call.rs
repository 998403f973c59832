//! The three calls a keyring makes, each measured, and its answer checked before it is believed.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use aws_sdk_kms::operation::RequestId;
use aws_sdk_kms::primitives::Blob;
use bytes::Bytes;
use zeroize::Zeroizing;

use super::aws_kms_client::KmsClients;
use super::aws_kms_error::{bad_answer, kms_error};
use super::{GeneratedDataKey, KeyArn, KeyObserver, KmsError, KmsKeyId, KmsOperation, ResourceType};
use crate::message::{AlgorithmSuite, EncryptedDataKey, EncryptionContext, PlaintextDataKey};

/// The provider id of every copy that AWS KMS wrapped.
pub(super) const PROVIDER_ID: &str = "aws-kms";

/// The key service as one keyring sees it.
pub(super) struct KmsCalls {
    pub(super) clients: KmsClients,
    pub(super) grant_tokens: Vec<String>,
    pub(super) observer: Arc<dyn KeyObserver>,
}

/// One call under way: what its errors name, and since when.
struct Call<'a> {
    operation: KmsOperation,
    key: String,
    since: Instant,
    observer: &'a dyn KeyObserver,
}

impl Call<'_> {
    fn bad(&self, request_id: Option<&str>, why: &str) -> KmsError {
        bad_answer(self.operation, &self.key, request_id, why)
    }

    /// Tells the observer how it ended.
    fn ended<T>(&self, result: Result<T, KmsError>) -> Result<T, KmsError> {
        let word = result
            .as_ref()
            .map_or_else(|error| error.failure.reason(), |_| "ok");
        self.observer
            .kms_request(self.operation, word, self.since.elapsed());
        result
    }

    /// The key ARN the service says it used: it becomes the provider info that every reader matches.
    fn used_key(
        &self,
        asked: &KmsKeyId,
        answered: Option<&str>,
        request_id: Option<&str>,
    ) -> Result<KeyArn, KmsError> {
        let arn: KeyArn = answered
            .and_then(|text| text.parse().ok())
            .filter(|arn: &KeyArn| arn.resource() == ResourceType::Key)
            .ok_or_else(|| self.bad(request_id, "the answer names no key ARN"))?;
        let fits = match asked {
            KmsKeyId::Arn(own) if own.resource() == ResourceType::Key => *own == arn,
            KmsKeyId::Arn(own) => own.region() == arn.region(),
            KmsKeyId::Id(id) => id == arn.id(),
            KmsKeyId::Alias(_) => true,
        };
        if fits {
            Ok(arn)
        } else {
            Err(self.bad(request_id, "the answer names another key than the one asked for"))
        }
    }

    fn copy(
        &self,
        asked: &KmsKeyId,
        answered: Option<&str>,
        ciphertext: Option<Blob>,
        request_id: Option<&str>,
    ) -> Result<EncryptedDataKey, KmsError> {
        let arn = self.used_key(asked, answered, request_id)?;
        let ciphertext = ciphertext.map(Blob::into_inner).unwrap_or_default();
        if ciphertext.is_empty() || ciphertext.len() > usize::from(u16::MAX) {
            return Err(self.bad(
                request_id,
                "the answer's encrypted data key has an impossible length",
            ));
        }
        Ok(EncryptedDataKey {
            provider_id: PROVIDER_ID.to_owned(),
            provider_info: arn.to_string().into_bytes(),
            ciphertext,
        })
    }

    /// Takes the key out of the SDK's hands, which do not wipe, at once.
    fn plaintext(
        &self,
        suite: AlgorithmSuite,
        plaintext: Option<Blob>,
        request_id: Option<&str>,
    ) -> Result<PlaintextDataKey, KmsError> {
        let bytes = Zeroizing::new(plaintext.map(Blob::into_inner).unwrap_or_default());
        PlaintextDataKey::from_bytes(suite, &bytes).map_err(|_| {
            self.bad(
                request_id,
                "the answer's data key has another length than asked for",
            )
        })
    }
}

impl KmsCalls {
    fn call(&self, operation: KmsOperation, key: &KmsKeyId) -> Call<'_> {
        Call {
            operation,
            key: key.to_string(),
            since: Instant::now(),
            observer: self.observer.as_ref(),
        }
    }

    fn tokens(&self) -> Option<Vec<String>> {
        (!self.grant_tokens.is_empty()).then(|| self.grant_tokens.clone())
    }

    /// `GenerateDataKey` (`aws-kms-keyring`, "On Encrypt").
    pub(super) async fn generate(
        &self,
        key: &KmsKeyId,
        suite: AlgorithmSuite,
        context: &EncryptionContext,
    ) -> Result<GeneratedDataKey, KmsError> {
        let call = self.call(KmsOperation::GenerateDataKey, key);
        let answer = self
            .clients
            .client(key.region())
            .await
            .generate_data_key()
            .key_id(key.to_string())
            .number_of_bytes(i32::try_from(suite.data_key_length()).unwrap_or(i32::MAX))
            .set_encryption_context(pairs(context))
            .set_grant_tokens(self.tokens())
            .send()
            .await
            .map_err(|error| kms_error(call.operation, &call.key, &error));
        call.ended(answer.and_then(|mut answer| {
            let id = answer.request_id().map(str::to_owned);
            let plaintext = call.plaintext(suite, answer.plaintext.take(), id.as_deref())?;
            let copy = call.copy(
                key,
                answer.key_id.as_deref(),
                answer.ciphertext_blob.take(),
                id.as_deref(),
            )?;
            Ok(GeneratedDataKey {
                plaintext,
                encrypted: vec![copy],
            })
        }))
    }

    /// `Encrypt`, of a data key that another key made.
    pub(super) async fn encrypt(
        &self,
        key: &KmsKeyId,
        data_key: &PlaintextDataKey,
        context: &EncryptionContext,
    ) -> Result<EncryptedDataKey, KmsError> {
        let call = self.call(KmsOperation::Encrypt, key);
        let wiped = Bytes::from_owner(Zeroizing::new(data_key.expose().to_vec()));
        let answer = self
            .clients
            .client(key.region())
            .await
            .encrypt()
            .key_id(key.to_string())
            .plaintext(Blob::from_maybe_shared(wiped))
            .set_encryption_context(pairs(context))
            .set_grant_tokens(self.tokens())
            .send()
            .await
            .map_err(|error| kms_error(call.operation, &call.key, &error));
        call.ended(answer.and_then(|mut answer| {
            let id = answer.request_id().map(str::to_owned);
            call.copy(
                key,
                answer.key_id.as_deref(),
                answer.ciphertext_blob.take(),
                id.as_deref(),
            )
        }))
    }

    /// `Decrypt` with `key`, of a copy that says it was wrapped under `arn` (or a replica of it).
    pub(super) async fn decrypt(
        &self,
        key: &KmsKeyId,
        arn: &KeyArn,
        region: Option<&str>,
        ciphertext: &[u8],
        suite: AlgorithmSuite,
        context: &EncryptionContext,
    ) -> Result<PlaintextDataKey, KmsError> {
        let call = self.call(KmsOperation::Decrypt, key);
        let answer = self
            .clients
            .client(region)
            .await
            .decrypt()
            .key_id(key.to_string())
            .ciphertext_blob(Blob::new(ciphertext))
            .set_encryption_context(pairs(context))
            .set_grant_tokens(self.tokens())
            .send()
            .await
            .map_err(|error| kms_error(call.operation, &call.key, &error));
        call.ended(answer.and_then(|mut answer| {
            let id = answer.request_id().map(str::to_owned);
            let plaintext = call.plaintext(suite, answer.plaintext.take(), id.as_deref())?;
            let used = call.used_key(key, answer.key_id.as_deref(), id.as_deref())?;
            if !used.same_key(arn) {
                return Err(call.bad(
                    id.as_deref(),
                    "the answer names another key than the message does",
                ));
            }
            Ok(plaintext)
        }))
    }
}

/// KMS takes no empty map for "none".
fn pairs(context: &EncryptionContext) -> Option<HashMap<String, String>> {
    let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
    (!context.is_empty()).then(|| context.iter().map(owned).collect())
}

impl fmt::Debug for KmsCalls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KmsCalls")
            .field("clients", &self.clients)
            .finish_non_exhaustive()
    }
}
