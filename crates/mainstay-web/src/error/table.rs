//! A constructor for each row of the contract's error table.

use std::fmt::Display;
use std::time::Duration;

use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use mainstay_kernel::Quota;
use serde::Serialize;
use serde_json::json;

use super::ApiError;
use crate::nearest::nearest;
use crate::rate_limit;
use crate::request_id::RequestId;

/// How soon a client may try again what failed because of the moment.
const SHORTLY: Duration = Duration::from_secs(1);

/// What the client sent is wrong: 4xx.
impl ApiError {
    /// 400 `bad_request`: a malformed body, path or query.
    pub fn bad_request(description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", description)
    }

    /// 400 `unknown_field`, naming the nearest of the known ones.
    pub fn unknown_field<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unknown_field", unknown("field", name, known))
    }

    /// 400 `unknown_operator`, naming the nearest of the known ones.
    pub fn unknown_operator<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "unknown_operator", unknown("operator", name, known))
    }

    /// 401 `unauthorized` with `WWW-Authenticate`: no credential, or a bad one.
    pub fn unauthorized(description: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", description)
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403 `forbidden`: the caller is known and may not.
    pub fn forbidden(description: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", description)
    }

    /// 404 `<model>_not_found`: no such row, or none the caller may see. `model` is singular and
    /// `snake_case`.
    pub fn row_not_found(model: &str, id: impl Display) -> Self {
        let description = format!("no {} with id `{id}`", model.replace('_', " "));
        Self::new(StatusCode::NOT_FOUND, format!("{model}_not_found"), description)
    }

    /// 404 `not_found`: no route.
    pub fn not_found(description: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", description)
    }

    /// 405 `method_not_allowed` with the methods that are, comma-separated.
    pub fn method_not_allowed(allow: HeaderValue) -> Self {
        let description = format!("this route answers {} only", allow.to_str().unwrap_or("other methods"));
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", description).header(ALLOW, allow)
    }

    /// 408 `request_timeout`: the body did not arrive within `limit`. Ends the connection.
    #[must_use]
    pub fn request_timeout(limit: Duration) -> Self {
        let description = format!("the body did not arrive within {} s", limit.as_secs_f64());
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", description).and_close()
    }

    /// 409 `unique_violation`; `fields` are objects of `field`, `code`, `message`.
    pub fn unique_violation<F: Serialize>(fields: &[F]) -> Self {
        let description = "another row has this value already";
        Self::new(StatusCode::CONFLICT, "unique_violation", description).data(json!({ "fields": fields }))
    }

    /// 409 `foreign_key_violation`; `fields` are objects of `field`, `code`, `message`.
    pub fn foreign_key_violation<F: Serialize>(fields: &[F]) -> Self {
        let description = "a reference names a row that is not there, or the row is still referenced";
        Self::new(StatusCode::CONFLICT, "foreign_key_violation", description)
            .data(json!({ "fields": fields }))
    }

    /// 409 `request_id_conflict`: the idempotency key was used for another request.
    #[must_use]
    pub fn request_id_conflict() -> Self {
        let description = "this idempotency key was used for another request, use a new one";
        Self::new(StatusCode::CONFLICT, "request_id_conflict", description)
    }

    /// 409 `request_in_progress` with `Retry-After`: the first request with this key still runs.
    #[must_use]
    pub fn request_in_progress(retry_after: Duration) -> Self {
        let description = "the first request with this idempotency key is still running";
        Self::new(StatusCode::CONFLICT, "request_in_progress", description).retry_after(retry_after)
    }

    /// 409 `already_done`: the request was answered, and its answer is not kept.
    #[must_use]
    pub fn already_done() -> Self {
        let description = "this request was done before, and its answer is not kept";
        Self::new(StatusCode::CONFLICT, "already_done", description)
    }

    /// 409 `patch_test_failed` with the JSON Pointer of the failed `test`.
    #[must_use]
    pub fn patch_test_failed(pointer: &str) -> Self {
        let description = format!("the value at `{pointer}` is not the one tested for");
        Self::new(StatusCode::CONFLICT, "patch_test_failed", description).data(json!({ "pointer": pointer }))
    }

    /// 412 `stale_version`: `If-Match` does not hold.
    #[must_use]
    pub fn stale_version() -> Self {
        let description = "the row has changed since that version was read, read it again";
        Self::new(StatusCode::PRECONDITION_FAILED, "stale_version", description)
    }

    /// 413 `payload_too_large`: the body is longer than `limit_bytes`. Ends the connection.
    #[must_use]
    pub fn payload_too_large(limit_bytes: u64) -> Self {
        let description = format!("the body is longer than {limit_bytes} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", description).and_close()
    }

    /// 415 `unsupported_media_type`, naming what is supported.
    pub fn unsupported_media_type(expected: impl Display) -> Self {
        let description = format!("expected a body of type {expected}");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", description)
    }

    /// 422 `validation_failed`; `fields` are objects of `field`, `code`, `message`.
    pub fn validation_failed<F: Serialize>(fields: &[F]) -> Self {
        let description = match fields.len() {
            1 => "a field is invalid".to_owned(),
            count => format!("{count} fields are invalid"),
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "validation_failed", description)
            .data(json!({ "fields": fields }))
    }

    /// 429 `rate_limited` with `Retry-After`, the `RateLimit` headers and `data.retryAfter` (seconds).
    #[must_use]
    pub fn rate_limited(quota: Quota) -> Self {
        let wait = quota.retry_after.as_secs() + u64::from(quota.retry_after.subsec_nanos() > 0);
        let mut error =
            Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "too many requests, slow down")
                .retry_after(quota.retry_after)
                .data(json!({ "retryAfter": wait }));
        rate_limit::put(&mut error.0.headers, quota);
        error
    }
}

/// The request was fine: 5xx. Causes are logged under the request id and never shown.
impl ApiError {
    /// 500 `internal_error`.
    pub fn internal(cause: impl Display) -> Self {
        log_cause("internal_error", &cause);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error", "something went wrong on our side")
    }

    /// 503 `unavailable` with `Retry-After`: something the answer needs is away.
    pub fn unavailable(cause: impl Display) -> Self {
        log_cause("unavailable", &cause);
        let description = "temporarily not available, nothing was changed, try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", description).retry_after(SHORTLY)
    }

    /// 503 `serialization_failure` with `Retry-After`: other transactions were in the way too often.
    #[must_use]
    pub fn serialization_failure() -> Self {
        let description = "too many others changed the same rows, nothing was changed, try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "serialization_failure", description).retry_after(SHORTLY)
    }

    /// 503 `outcome_unknown` with `Retry-After`: nobody can say whether the change was committed.
    #[must_use]
    pub fn outcome_unknown() -> Self {
        let description = "the connection to the database broke while committing: look before trying again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "outcome_unknown", description).retry_after(SHORTLY)
    }

    /// 503 `draining` with `Retry-After`: this process is about to stop. Ends the connection.
    #[must_use]
    pub fn draining() -> Self {
        let description = "this process is about to stop, try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "draining", description).retry_after(SHORTLY).and_close()
    }
}

fn unknown<'a>(what: &str, name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    match nearest(name, known) {
        Some(nearest) => format!("unknown {what} `{name}`, did you mean `{nearest}`?"),
        None => format!("unknown {what} `{name}`"),
    }
}

fn log_cause(code: &str, cause: &dyn Display) {
    match RequestId::current() {
        Some(request_id) => tracing::error!(%request_id, code, %cause, "request failed"),
        None => tracing::error!(code, %cause, "request failed"),
    }
}
