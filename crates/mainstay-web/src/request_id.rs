//! `x-request-id`: the name of one request in answers and in logs.

use std::fmt;

use axum::extract::FromRequestParts;
use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use mainstay_kernel::entropy::random_u128;
use mainstay_kernel::{Clock, Timestamp};

use crate::error::ApiError;
use crate::exchange::Exchange;

/// The header that carries the request id, in both directions.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_BYTES: usize = 128;
const PREFIX: &[u8] = b"req_";

/// The id of one request: the caller's own when it is 1–128 printable ASCII characters, else a new
/// `req_<uuidv7>`. An extractor, and on every response.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestId(Text);

/// A new id needs no allocation until it becomes a header.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Text {
    New([u8; PREFIX.len() + 36]),
    Kept(HeaderValue),
}

impl RequestId {
    /// A new id, `req_` and a UUIDv7 (RFC 9562).
    #[must_use]
    pub fn new() -> Self {
        Self::made(Clock::system().now())
    }

    fn made(at: Timestamp) -> Self {
        let mut text = [0_u8; PREFIX.len() + 36];
        let (prefix, id) = text.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX);
        uuid_v7(at).hyphenated().encode_lower(id);
        Self(Text::New(text))
    }

    /// The id a request brought along, or a new one when it brought none that can be kept.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        Self::arrived(headers, Clock::system().now())
    }

    /// [`RequestId::of`] a request that came at this time.
    pub(crate) fn arrived(headers: &HeaderMap, at: Timestamp) -> Self {
        match headers.get(X_REQUEST_ID) {
            Some(value) if can_be_kept(value.as_bytes()) => Self(Text::Kept(value.clone())),
            Some(_) | None => Self::made(at),
        }
    }

    /// The id of the request that the current task is answering; `None` outside of one, and in
    /// tasks that it started.
    #[must_use]
    pub fn current() -> Option<Self> {
        Exchange::current().map(|exchange| exchange.request_id().clone())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The id as bytes, which are printable ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Text::New(text) => text,
            Text::Kept(value) => value.as_bytes(),
        }
    }

    pub(crate) fn header(&self) -> HeaderValue {
        match &self.0 {
            Text::New(text) => HeaderValue::from_bytes(text).expect("a UUID is printable ASCII"),
            Text::Kept(value) => value.clone(),
        }
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Exchange::of(&parts.extensions).map(|exchange| exchange.request_id().clone())
    }
}

fn can_be_kept(value: &[u8]) -> bool {
    (1..=MAX_BYTES).contains(&value.len()) && value.iter().all(|byte| (0x20..=0x7e).contains(byte))
}

fn uuid_v7(at: Timestamp) -> uuid::Uuid {
    let milliseconds = u64::try_from(at.as_millis()).unwrap_or(0);
    let mut random = [0_u8; 10];
    random.copy_from_slice(&random_u128().to_ne_bytes()[..10]);
    uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &[u8]) -> RequestId {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_bytes(value).expect("a header value"));
        RequestId::of(&headers)
    }

    #[test]
    fn a_new_id_is_a_prefixed_uuid_of_version_7() {
        let id = RequestId::new();
        let uuid =
            uuid::Uuid::parse_str(id.as_str().strip_prefix("req_").expect("the prefix")).expect("a UUID");
        assert_eq!(uuid.get_version_num(), 7);
        assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
        assert_ne!(id, RequestId::new());
    }

    #[test]
    fn one_to_128_printable_characters_are_kept_and_nothing_else() {
        assert_eq!(of(b"a").as_str(), "a");
        assert_eq!(of(&[b'~'; 128]).as_str(), "~".repeat(128));
        for refused in [&b""[..], &[b'a'; 129][..], b"a\tb", b"caf\xc3\xa9"] {
            assert!(of(refused).as_str().starts_with("req_"), "{refused:?}");
        }
    }
}
