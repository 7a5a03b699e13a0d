//! Judges a request's target before it is routed: percent escapes that no handler should meet.

use http::header::HOST;
use http::{HeaderMap, Uri};
use percent_encoding::percent_decode_str;

use crate::error::ApiError;

/// Refuses NUL and text that is not UTF-8, in the path and in the query, and in the path also what
/// is no escape at all. (Browsers leave a lone `%` in a query as it is, so it is text there.)
///
/// # Errors
/// 400 `bad_request`.
pub(crate) fn admit(uri: &Uri) -> Result<(), ApiError> {
    let path = uri.path();
    if path.contains('%') {
        if let Some(escape) = bad_escape(path) {
            return Err(ApiError::bad_request(format!(
                "the path holds `{escape}`, expected `%` and two hex digits"
            )));
        }
        decodable("path", path)?;
    }
    match uri.query() {
        Some(query) if query.contains('%') => decodable("query", query),
        Some(_) | None => Ok(()),
    }
}

/// Refuses a second `Host`: what stands in front of us may have believed the other one (RFC 9112, 3.2).
///
/// # Errors
/// 400 `bad_request`.
pub(crate) fn admit_host(headers: &HeaderMap) -> Result<(), ApiError> {
    let is_any_repeated = headers.len() > headers.keys_len();
    if is_any_repeated && headers.get_all(HOST).iter().nth(1).is_some() {
        return Err(ApiError::bad_request("the request has more than one `Host` header").and_close());
    }
    Ok(())
}

fn bad_escape(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_bad = |at: usize| {
        let digits = bytes.get(at + 1..at + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let at = (0..bytes.len()).find(|&at| bytes[at] == b'%' && is_bad(at))?;
    Some(text[at..].chars().take(3).collect())
}

fn decodable(part: &str, text: &str) -> Result<(), ApiError> {
    match percent_decode_str(text).decode_utf8() {
        Err(_) => Err(ApiError::bad_request(format!("the {part} is not UTF-8"))),
        Ok(decoded) if decoded.contains('\0') => {
            Err(ApiError::bad_request(format!("the {part} holds a NUL character, `%00`")))
        }
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(uri: &'static str) -> Result<(), String> {
        admit(&Uri::from_static(uri)).map_err(|error| error.description().to_owned())
    }

    #[test]
    fn a_second_host_is_refused() {
        let hosts = |hosts: &[&'static str]| -> HeaderMap {
            hosts.iter().map(|&host| (HOST, http::HeaderValue::from_static(host))).collect()
        };
        assert!(admit_host(&hosts(&[])).is_ok());
        assert!(admit_host(&hosts(&["a"])).is_ok());
        assert!(admit_host(&hosts(&["a", "a"])).is_err());
    }

    #[test]
    fn escapes_that_mean_no_text_are_refused() {
        assert_eq!(judged("/a%2Fb%20c/%E2%82%AC?q=100%&r=%zz"), Ok(()));
        assert_eq!(judged("/a%2500"), Ok(()));
        for (uri, reason) in [
            ("/a%00", "the path holds a NUL character, `%00`"),
            ("/a?b=%00", "the query holds a NUL character, `%00`"),
            ("/%FF", "the path is not UTF-8"),
            ("/%C0%80", "the path is not UTF-8"),
            ("/?a=%ED%A0%80", "the query is not UTF-8"),
            ("/100%", "the path holds `%`, expected `%` and two hex digits"),
            ("/%zz", "the path holds `%zz`, expected `%` and two hex digits"),
        ] {
            assert_eq!(judged(uri), Err(reason.to_owned()), "{uri}");
        }
    }
}
