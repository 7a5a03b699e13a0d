//! What clients send: ids in paths, pairs in queries, objects in bodies.

use axum::extract::rejection::BytesRejection;
use axum::extract::{self, FromRequest};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, HeaderValue};
use mainstay_model::Input;
use mainstay_model::patch::Patch;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use uuid::Uuid;

use crate::error::ApiError;

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The headers of a request and its whole body. Taken out of it: each extractor for headers copies them all.
pub(super) struct Sent {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Sent {
    type Rejection = BytesRejection;

    async fn from_request(mut request: extract::Request, state: &S) -> Result<Self, BytesRejection> {
        let headers = std::mem::take(request.headers_mut());
        let body = Bytes::from_request(request, state).await?;
        Ok(Self { headers, body })
    }
}

/// The most parameters of a query.
const MAX_PAIRS: usize = 64;

/// An id from a path.
pub(super) fn id(text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| {
        let shown: String = text.chars().take(64).collect();
        ApiError::bad_request(format!("`{shown}` is not an id, expected a UUID"))
    })
}

/// The parameters of a query, decoded (WHATWG URL, application/x-www-form-urlencoded).
pub(crate) fn pairs(query: &str) -> Result<Vec<(String, String)>, ApiError> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pairs = parts.map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Ok((decode(name)?, decode(value)?))
    });
    let pairs = pairs.collect::<Result<Vec<_>, ApiError>>()?;
    if pairs.len() > MAX_PAIRS {
        return Err(ApiError::bad_request(format!(
            "a query has {} parameters, at most {MAX_PAIRS} are taken",
            pairs.len()
        )));
    }
    Ok(pairs)
}

fn decode(text: &str) -> Result<String, ApiError> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| ApiError::bad_request("the query is not UTF-8 once its percent signs are decoded"))
}

/// A JSON object from a body.
pub(crate) fn object(headers: &HeaderMap, body: &[u8]) -> Result<Input, ApiError> {
    must_be_json(headers)?;
    match json(body)? {
        Value::Object(input) => Ok(input),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(ApiError::bad_request("the body is JSON, but not an object: expected {\"field\": value, …}"))
        }
    }
}

/// Refuses a body that says it is something else than JSON.
pub(crate) fn must_be_json(headers: &HeaderMap) -> Result<(), ApiError> {
    if headers.get(CONTENT_TYPE).is_some_and(|it| it == JSON) && !is_coded(headers) {
        return Ok(());
    }
    let media = media(headers);
    let is_json = media.starts_with("application/") && (media == JSON || media.ends_with("+json"));
    if !is_json || is_coded(headers) {
        let got = if is_coded(headers) { "a coded one".to_owned() } else { format!("`{media:.100}`") };
        return Err(ApiError::unsupported_media_type(format!(
            "application/json, without a content coding, got {got}: send `Content-Type: application/json`"
        )));
    }
    Ok(())
}

const JSON: &str = "application/json";
const JSON_PATCH: &str = "application/json-patch+json";
const MERGE_PATCH: &str = "application/merge-patch+json";

/// A patch from a body; its media type says of which kind.
pub(crate) fn patch(headers: &HeaderMap, body: &[u8]) -> Result<Patch, ApiError> {
    let media = media(headers);
    if is_coded(headers) || ![JSON, JSON_PATCH, MERGE_PATCH].contains(&media.as_str()) {
        let accepted = format!("{JSON_PATCH}, {MERGE_PATCH}, {JSON}");
        let refusal = ApiError::unsupported_media_type(format!("{accepted}, without a content coding"));
        // RFC 5789, section 2.2.
        let accepted = HeaderValue::try_from(accepted).map_err(ApiError::internal)?;
        return Err(refusal.header(ACCEPT_PATCH, accepted));
    }
    let json = json(body)?;
    let patch = if media == MERGE_PATCH { Patch::merge(json) } else { Patch::operations(json) };
    Ok(patch?)
}

fn json(body: &[u8]) -> Result<Value, ApiError> {
    if body.is_empty() {
        return Err(ApiError::bad_request("the body is empty, expected JSON"));
    }
    serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format!("the body is not JSON: {error}")))
}

fn is_coded(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_ENCODING).is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// The media type of a body without its parameters, in lower case; JSON where none is given.
fn media(headers: &HeaderMap) -> String {
    let Some(value) = headers.get(CONTENT_TYPE) else { return JSON.to_owned() };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}
