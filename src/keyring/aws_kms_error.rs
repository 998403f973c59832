//! From the SDK's errors to ours: kind, request id, the wait asked for, and words; never a response.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::operation::RequestId;

use super::kms_failure::{KmsCause, KmsError, KmsFailure, KmsOperation};

/// Sorts a failed call.
pub(super) fn kms_error<E>(operation: KmsOperation, key: &str, error: &SdkError<E, HttpResponse>) -> KmsError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    KmsError {
        operation,
        key: key.to_owned(),
        failure: failure(error),
        request_id: error.request_id().map(str::to_owned),
        retry_after: error.raw_response().and_then(retry_after),
        cause: KmsCause(words(error)),
    }
}

/// An answer that came with success and still is none.
pub(super) fn bad_answer(
    operation: KmsOperation,
    key: &str,
    request_id: Option<&str>,
    why: &str,
) -> KmsError {
    KmsError {
        operation,
        key: key.to_owned(),
        failure: KmsFailure::BadAnswer,
        request_id: request_id.map(str::to_owned),
        retry_after: None,
        cause: KmsCause(why.to_owned()),
    }
}

fn failure<E>(error: &SdkError<E, HttpResponse>) -> KmsFailure
where
    E: Error + ProvideErrorMetadata + 'static,
{
    match error {
        _ if has_cause::<CredentialsError>(error) => KmsFailure::Credentials,
        SdkError::TimeoutError(_) => KmsFailure::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => KmsFailure::TimedOut,
        SdkError::DispatchFailure(_) => KmsFailure::Unreachable,
        SdkError::ResponseError(response) => match response.raw().status().as_u16() {
            200..300 if has_cause::<std::io::Error>(error) || broke_off(error) => KmsFailure::Unreachable,
            200..300 => KmsFailure::BadAnswer,
            status => KmsFailure::from_status(status),
        },
        SdkError::ServiceError(service) => service
            .err()
            .code()
            .and_then(KmsFailure::from_code)
            .unwrap_or_else(|| KmsFailure::from_status(service.raw().status().as_u16())),
        _ => KmsFailure::InvalidRequest,
    }
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn has_cause<T: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(<dyn Error>::is::<T>)
}

/// The body's end came before its length; the HTTP library's error types are not ours to name.
fn broke_off(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        let text = cause.to_string();
        text.contains("body") || text.contains("connection") || text.contains("end of file")
    })
}

/// The chain's texts without repetition. What could not be parsed is not repeated at all.
fn words<E>(error: &SdkError<E, HttpResponse>) -> String
where
    E: Error + ProvideErrorMetadata + 'static,
{
    match error {
        SdkError::ServiceError(service) => {
            let meta = service.err().meta();
            let code = meta.code().unwrap_or("no error code");
            match meta.message() {
                Some(message) => format!("{code}: {message}"),
                None => format!("{code}, HTTP status {}", service.raw().status().as_u16()),
            }
        }
        SdkError::ResponseError(response) => {
            format!(
                "unreadable answer with HTTP status {}",
                response.raw().status().as_u16()
            )
        }
        _ => {
            let mut texts: Vec<String> = causes(error).map(ToString::to_string).collect();
            texts.dedup();
            texts.join(": ")
        }
    }
}

/// `x-amz-retry-after` in milliseconds, `Retry-After` in seconds (RFC 9110, 10.2.3; its date form is
/// not used by load balancers and is left out).
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let number = |name| {
        response
            .headers()
            .get(name)
            .and_then(|value| value.trim().parse().ok())
    };
    number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}
