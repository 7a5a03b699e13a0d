//! gzip for answers that gain from it: text of some size, for clients that ask.

use http::header::{ACCEPT_ENCODING, CONTENT_TYPE};
use http::{Extensions, HeaderMap, StatusCode, Version};
use tower_http::CompressionLevel;
use tower_http::compression::predicate::{And, SizeAbove};
use tower_http::compression::{CompressionLayer, Predicate};

/// Below this, the answer fits into a packet or two anyway.
const MIN_BYTES: u64 = 1024;

type IsText = fn(StatusCode, Version, &HeaderMap, &Extensions) -> bool;

/// Whether the client can read gzip.
pub(crate) fn is_asked_for(headers: &HeaderMap) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok()).any(|value| {
        value.split(',').any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused = weight.replace(' ', "").trim_start_matches("q=").parse::<f32>() == Ok(0.0);
            name.trim().eq_ignore_ascii_case("gzip") && !refused
        })
    })
}

pub(crate) fn layer() -> CompressionLayer<And<SizeAbove, IsText>> {
    let is_text: IsText =
        |_, _, headers, _| headers.get(CONTENT_TYPE).is_some_and(|kind| gains(kind.as_bytes()));
    CompressionLayer::new()
        .quality(CompressionLevel::Fastest)
        .compress_when(SizeAbove::new(MIN_BYTES).and(is_text))
}

/// Text that comes as a whole. Event streams and line-wise JSON must not wait in a compressor.
fn gains(content_type: &[u8]) -> bool {
    let kind = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
    match kind {
        b"text/event-stream" => false,
        b"application/json" | b"application/javascript" | b"application/xml" | b"application/wasm" => true,
        _ => kind.starts_with(b"text/") || kind.ends_with(b"+json") || kind.ends_with(b"+xml"),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn gzip_is_used_only_when_admitted() {
        for (value, asked) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("gzip;q=0", false),
            ("br", false),
            ("identity", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(value));
            assert_eq!(is_asked_for(&headers), asked, "{value}");
        }
        assert!(!is_asked_for(&HeaderMap::new()));
    }

    #[test]
    fn streams_and_packed_formats_are_left_alone() {
        for kind in
            ["application/json", "text/html; charset=utf-8", "image/svg+xml", "application/problem+json"]
        {
            assert!(gains(kind.as_bytes()), "{kind}");
        }
        for kind in ["text/event-stream", "image/png", "application/x-ndjson", "application/zip", ""] {
            assert!(!gains(kind.as_bytes()), "{kind}");
        }
    }
}
