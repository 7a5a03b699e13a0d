//! Requests that may be repeated: the `Idempotency-Key` header, and what is kept for a repeat.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use mainstay_kernel::{Answer, Caller, Error, Request};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::site::Site;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Whether the client gave its request a key.
pub(crate) fn is_named(headers: &HeaderMap) -> bool {
    headers.contains_key(IDEMPOTENCY_KEY)
}

/// The request that the key names for this caller and route; `None` without a key.
pub(crate) fn request(
    site: &Site,
    headers: &HeaderMap,
    caller: &Caller,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Option<Request>, ApiError> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    // A tab is text to `to_str`, and not printable.
    let is_one = |key: &&str| (1..=255).contains(&key.len()) && !key.contains('\t');
    let key = key.to_str().ok().filter(is_one);
    let (Some(key), None) = (key, keys.next()) else {
        return Err(ApiError::bad_request(
            "`Idempotency-Key` must be given once, as 1 to 255 printable ASCII characters",
        ));
    };
    site.db().accept_key(key)?;
    Ok(Some(Request::keyed(key, &caller.label(), &format!("{method} {path}"), body)))
}

/// [`request`] of a call of an operation, whose key may be called `Request-Id` too.
pub(crate) fn operation(
    site: &Site,
    headers: &HeaderMap,
    caller: &Caller,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Option<Request>, ApiError> {
    let mut named = HeaderMap::new();
    let keys = if is_named(headers) { headers.get_all(IDEMPOTENCY_KEY) } else { headers.get_all(REQUEST_ID) };
    for key in keys {
        named.append(IDEMPOTENCY_KEY, key.clone());
    }
    request(site, &named, caller, method, path, body)
}

/// The answer that an error is, where it is one to be kept.
pub(crate) fn kept_error(error: &Error) -> Option<Answer> {
    error.is_answer().then(|| of_error(&ApiError::from(error.kind())))
}

/// An error as it is kept.
pub(crate) fn of_error(error: &ApiError) -> Answer {
    let body =
        json!({ "error": error.code(), "description": error.description(), "data": error.structure() });
    Answer { status: error.status().as_u16(), head: Vec::new(), body: body.to_string().into_bytes() }
}

/// An error that was kept.
pub(crate) fn error(status: StatusCode, body: &[u8]) -> ApiError {
    let kept: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| kept[key].as_str().unwrap_or_default().to_owned();
    let error = ApiError::new(status, text("error"), text("description"));
    if kept["data"].is_null() { error } else { error.data(kept["data"].clone()) }
}

/// Says that this is the answer of an earlier request.
pub(crate) fn mark(response: &mut Response) {
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
}
