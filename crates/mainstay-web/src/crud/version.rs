//! Versions of rows as entity tags (RFC 9110, 8.8.3 and 13.1).

use http::HeaderMap;
use http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use crate::error::ApiError;

/// The strong entity tag of a version.
pub(super) fn tag(version: Option<i64>) -> Option<String> {
    version.map(|version| format!("\"{version}\""))
}

/// The versions that `If-Match` admits; `None` when any will do. A tag that is none of ours, or a
/// weak one, admits nothing.
pub(crate) fn wanted(headers: &HeaderMap) -> Result<Option<Vec<i64>>, ApiError> {
    if !headers.contains_key(IF_MATCH) {
        return Ok(None);
    }
    let tags = tags(headers, &IF_MATCH)?;
    if tags.is_empty() {
        // Taken for no condition, it would let the lost update through that it was sent against.
        return Err(ApiError::bad_request("`if-match` names no entity tag"));
    }
    if tags.contains(&"*") {
        return Ok(None);
    }
    Ok(Some(tags.into_iter().filter_map(version).collect()))
}

/// Whether `If-None-Match` names this version, weakly compared.
pub(crate) fn is_known(headers: &HeaderMap, current: Option<i64>) -> bool {
    let Ok(tags) = tags(headers, &IF_NONE_MATCH) else { return false };
    tags.into_iter().any(|tag| {
        tag == "*" || current.is_some() && version(tag.strip_prefix("W/").unwrap_or(tag)) == current
    })
}

fn version(tag: &str) -> Option<i64> {
    let text = tag.strip_prefix('"')?.strip_suffix('"')?;
    // A tag is compared character by character: `"01"` is none of ours.
    text.parse().ok().filter(|version: &i64| version.to_string() == text)
}

fn tags<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Vec<&'a str>, ApiError> {
    let mut tags = Vec::new();
    for value in headers.get_all(name) {
        let text = value
            .to_str()
            .map_err(|_| ApiError::bad_request(format!("`{name}` is not a list of entity tags")))?;
        tags.extend(text.split(',').map(str::trim).filter(|tag| !tag.is_empty()));
    }
    Ok(tags)
}
