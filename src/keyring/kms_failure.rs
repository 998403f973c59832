//! What can go wrong between us and the key service, and what it means: the one place that sorts it.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::Severity;

/// The three operations a keyring calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KmsOperation {
    /// `kms:GenerateDataKey`
    GenerateDataKey,
    /// `kms:Encrypt`, for additional wrapping keys
    Encrypt,
    /// `kms:Decrypt`, never called by the daemon
    Decrypt,
}

impl KmsOperation {
    /// The operation's name in IAM policies and in the metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GenerateDataKey => "GenerateDataKey",
            Self::Encrypt => "Encrypt",
            Self::Decrypt => "Decrypt",
        }
    }
}

impl fmt::Display for KmsOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The kinds of failure, each with one consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KmsFailure {
    /// The account's request quota is used up, or a policy on the way slows us down.
    Throttled,
    /// The service says it is the one at fault (5xx), or that the key's material is away for a moment.
    Unavailable,
    /// No answer in time.
    TimedOut,
    /// No connection, or one that broke: refused, reset, DNS, TLS.
    Unreachable,
    /// No credentials, or expired ones: whoever renews them is late.
    Credentials,
    /// Our clock and the service's differ too much for a signature to hold.
    ClockSkew,
    /// IAM, the key's policy or a grant says no.
    AccessDenied,
    /// The key is disabled.
    KeyDisabled,
    /// The key is pending deletion, pending import or otherwise not usable.
    KeyState,
    /// No such key, alias or region for it.
    NotFound,
    /// The service does not take the request: key usage, grant token, validation.
    InvalidRequest,
    /// The service cannot open this ciphertext: another key, another encryption context, or damage.
    WrongCiphertext,
    /// The answer is not one that KMS gives: lengths, key id, or no KMS at all.
    BadAnswer,
}

impl KmsFailure {
    /// Every kind, for tables and tests.
    pub const ALL: [Self; 13] = [
        Self::Throttled,
        Self::Unavailable,
        Self::TimedOut,
        Self::Unreachable,
        Self::Credentials,
        Self::ClockSkew,
        Self::AccessDenied,
        Self::KeyDisabled,
        Self::KeyState,
        Self::NotFound,
        Self::InvalidRequest,
        Self::WrongCiphertext,
        Self::BadAnswer,
    ];

    /// A stable word for metrics, `status` and the log.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Throttled => "kms-throttled",
            Self::Unavailable => "kms-unavailable",
            Self::TimedOut => "kms-timeout",
            Self::Unreachable => "kms-unreachable",
            Self::Credentials => "kms-credentials",
            Self::ClockSkew => "kms-clock-skew",
            Self::AccessDenied => "kms-access-denied",
            Self::KeyDisabled => "kms-key-disabled",
            Self::KeyState => "kms-key-state",
            Self::NotFound => "kms-key-not-found",
            Self::InvalidRequest => "kms-invalid-request",
            Self::WrongCiphertext => "kms-wrong-ciphertext",
            Self::BadAnswer => "kms-bad-answer",
        }
    }

    /// What to do about it.
    pub const fn severity(self) -> Severity {
        match self {
            Self::Throttled | Self::Unavailable | Self::TimedOut | Self::Unreachable => Severity::RetrySoon,
            Self::Credentials | Self::ClockSkew => Severity::RetrySlowly,
            Self::AccessDenied
            | Self::KeyDisabled
            | Self::KeyState
            | Self::NotFound
            | Self::InvalidRequest
            | Self::WrongCiphertext
            | Self::BadAnswer => Severity::TellTheOperator,
        }
    }

    /// By the service's error code (`KMS API Reference`, "Common Errors" and each operation's).
    pub(super) fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "ThrottlingException"
            | "Throttling"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "SlowDown"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "LimitExceededException" => Self::Throttled,
            "KMSInternalException"
            | "DependencyTimeoutException"
            | "KeyUnavailableException"
            | "InternalFailure"
            | "InternalServerError"
            | "ServiceUnavailable"
            | "ServiceUnavailableException" => Self::Unavailable,
            "ExpiredTokenException" | "ExpiredToken" => Self::Credentials,
            "RequestExpired" | "RequestTimeTooSkewed" | "InvalidSignatureException" => Self::ClockSkew,
            "AccessDeniedException"
            | "AccessDenied"
            | "NotAuthorized"
            | "OptInRequired"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "IncompleteSignature"
            | "MissingAuthenticationToken" => Self::AccessDenied,
            "DisabledException" => Self::KeyDisabled,
            "KMSInvalidStateException" => Self::KeyState,
            "NotFoundException" => Self::NotFound,
            "InvalidKeyUsageException"
            | "InvalidGrantTokenException"
            | "InvalidArnException"
            | "ValidationException"
            | "ValidationError"
            | "DryRunOperationException"
            | "UnsupportedOperationException" => Self::InvalidRequest,
            "IncorrectKeyException" | "InvalidCiphertextException" => Self::WrongCiphertext,
            _ => return None,
        })
    }

    /// By HTTP status, of an answer whose code says nothing: a proxy's or a load balancer's.
    pub(super) fn from_status(status: u16) -> Self {
        match status {
            429 => Self::Throttled,
            408 => Self::TimedOut,
            500.. => Self::Unavailable,
            401 | 403 => Self::AccessDenied,
            400.. => Self::InvalidRequest,
            _ => Self::BadAnswer,
        }
    }
}

impl fmt::Display for KmsFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "the key service throttles us",
            Self::Unavailable => "the key service is unavailable",
            Self::TimedOut => "the key service did not answer in time",
            Self::Unreachable => "the key service cannot be reached",
            Self::Credentials => "there are no valid credentials",
            Self::ClockSkew => "the request's signature or its time does not hold; check the clock",
            Self::AccessDenied => "access denied",
            Self::KeyDisabled => "the key is disabled",
            Self::KeyState => "the key is in a state that forbids its use",
            Self::NotFound => "there is no such key",
            Self::InvalidRequest => "the key service refuses the request",
            Self::WrongCiphertext => "the key service cannot open the encrypted data key",
            Self::BadAnswer => "the answer is not one of the key service's",
        })
    }
}

/// A call to the key service that failed after all its attempts.
#[derive(Debug, Error)]
#[error("failed to call kms:{operation} with key {key:?}: {failure}")]
pub struct KmsError {
    /// The call.
    pub operation: KmsOperation,
    /// The key it was about, as we named it.
    pub key: String,
    /// What kind of failure.
    pub failure: KmsFailure,
    /// The request's id, to find the call in `CloudTrail`.
    pub request_id: Option<String>,
    /// How long the service asked us to wait.
    pub retry_after: Option<Duration>,
    /// What the service or the connection said.
    #[source]
    pub(super) cause: KmsCause,
}

/// The words of a failure and nothing else: the SDK's own error values hold whole responses, and
/// those may hold keys.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct KmsCause(pub(super) String);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_has_a_reason_of_its_own() {
        let reasons: HashSet<_> = KmsFailure::ALL.iter().map(|failure| failure.reason()).collect();
        assert_eq!(reasons.len(), KmsFailure::ALL.len());
    }

    #[test]
    fn the_services_codes_are_sorted_by_consequence() {
        for (code, severity) in [
            ("ThrottlingException", Severity::RetrySoon),
            ("KMSInternalException", Severity::RetrySoon),
            ("DependencyTimeoutException", Severity::RetrySoon),
            ("KeyUnavailableException", Severity::RetrySoon),
            ("ExpiredTokenException", Severity::RetrySlowly),
            ("AccessDeniedException", Severity::TellTheOperator),
            ("DisabledException", Severity::TellTheOperator),
            ("KMSInvalidStateException", Severity::TellTheOperator),
            ("NotFoundException", Severity::TellTheOperator),
            ("InvalidKeyUsageException", Severity::TellTheOperator),
        ] {
            let failure = KmsFailure::from_code(code).unwrap();
            assert_eq!(failure.severity(), severity, "{code}");
        }
        assert_eq!(KmsFailure::from_code("SomethingNew"), None);
        assert_eq!(KmsFailure::from_status(503).severity(), Severity::RetrySoon);
    }
}
