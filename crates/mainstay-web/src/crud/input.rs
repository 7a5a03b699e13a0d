//! What clients send: ids in paths, pairs in queries, objects in bodies.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use mainstay_model::Input;
use percent_encoding::percent_decode_str;
use serde_json::Value;
use uuid::Uuid;

use crate::error::ApiError;

/// The most parameters of a query.
const MAX_PAIRS: usize = 64;

/// An id from a path.
pub(super) fn id(text: &str) -> Result<Uuid, ApiError> {
    let shown: String = text.chars().take(64).collect();
    Uuid::try_parse(text)
        .map_err(|_| ApiError::bad_request(format!("`{shown}` is not an id, expected a UUID")))
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
    if !is_json(headers) {
        return Err(ApiError::unsupported_media_type("application/json"));
    }
    if headers
        .get(CONTENT_ENCODING)
        .is_some_and(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"))
    {
        return Err(ApiError::unsupported_media_type("application/json without a content coding"));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(input)) => Ok(input),
        Ok(_) => {
            Err(ApiError::bad_request("the body is JSON, but not an object: expected {\"field\": value, …}"))
        }
        Err(error) => Err(ApiError::bad_request(format!("the body is not JSON: {error}"))),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let Ok(value) = value.to_str() else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}
