//! Requests that may be repeated: the `Idempotency-Key` header.

use http::{HeaderMap, HeaderName, Method};
use mainstay_kernel::{Caller, Request};

use crate::error::ApiError;
use crate::site::Site;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request that the key names for this caller and route; `None` without a key.
pub(super) fn request(
    site: &Site,
    headers: &HeaderMap,
    caller: &Caller,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Option<Request>, ApiError> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = keys.next() else { return Ok(None) };
    let key = key.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    let (Some(key), None) = (key, keys.next()) else {
        return Err(ApiError::bad_request(
            "`Idempotency-Key` must be given once, as 1 to 255 printable ASCII characters",
        ));
    };
    site.db().accept_key(key)?;
    Ok(Some(Request::keyed(key, &caller.label(), &format!("{method} {path}"), body)))
}
