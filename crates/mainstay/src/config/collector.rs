//! The OpenTelemetry collector that spans are sent to.

use std::path::Path;

use axum::http::{HeaderName, HeaderValue, Uri};
use percent_encoding::percent_decode_str;
use secrecy::SecretString;

use super::network::Url;
use super::shape::{Shape, Wrong};

/// A URL below which the collector listens; some have a token in its path.
pub(super) struct Endpoint;

impl Endpoint {
    const URL: Url = Url { schemes: &["http", "https"] };
}

impl Shape for Endpoint {
    type Out = SecretString;

    fn expected(&self) -> String {
        Self::URL.expected()
    }

    fn read(&self, text: &str, root: &Path) -> Result<SecretString, Wrong> {
        let url = Self::URL.read(text, root)?;
        let uri: Uri = text.trim().parse().map_err(|_| Wrong::Shape)?;
        let has_user = uri.authority().is_some_and(|it| it.as_str().contains('@'));
        if has_user {
            return Err(Wrong::fix(
                "move the user and the password into OTEL_EXPORTER_OTLP_HEADERS: `authorization=Basic%20…`",
            ));
        }
        if uri.query().is_some() {
            return Err(Wrong::fix("remove what begins with `?`"));
        }
        Ok(url)
    }
}

/// `name=value`, any number of them, the values percent-encoded. An entry at fault is named by its place: all of it
/// may be the token.
pub(super) struct Headers;

impl Shape for Headers {
    type Out = Vec<(HeaderName, HeaderValue)>;

    fn expected(&self) -> String {
        "a list `name=value,name2=value2` of HTTP headers, the values percent-encoded".to_owned()
    }

    fn read(&self, text: &str, _: &Path) -> Result<Self::Out, Wrong> {
        let entries = (1..).zip(text.split(',').map(str::trim)).filter(|(_, entry)| !entry.is_empty());
        entries
            .map(|(place, entry)| {
                header(entry).ok_or_else(|| Wrong::fix(format!("entry {place} is not a header `name=value`")))
            })
            .collect()
    }
}

fn header(entry: &str) -> Option<(HeaderName, HeaderValue)> {
    let (name, value) = entry.split_once('=')?;
    let value: Vec<u8> = percent_decode_str(value.trim()).collect();
    let mut value = HeaderValue::from_bytes(&value).ok()?;
    value.set_sensitive(true);
    Some((name.trim().parse().ok()?, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url_without_a_password_or_a_question() {
        for good in ["http://localhost:4318", "https://otlp.example.org/a/token/", "http://[::1]:4318"] {
            assert!(Endpoint.read(good, Path::new("/")).is_ok(), "{good}");
        }
        for odd in ["localhost:4318", "grpc://localhost:4317", "http://", "http://a b"] {
            assert!(matches!(Endpoint.read(odd, Path::new("/")), Err(Wrong::Shape)), "{odd}");
        }
        for (odd, fix) in
            [("http://me:hunter2@a", "OTEL_EXPORTER_OTLP_HEADERS"), ("http://a/?key=hunter2", "`?`")]
        {
            let Err(Wrong::Fix(said)) = Endpoint.read(odd, Path::new("/")) else { panic!("{odd}") };
            assert!(said.contains(fix) && !said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn headers_are_percent_decoded_and_shown_to_nobody() {
        let headers =
            Headers.read("authorization=Bearer%20hunter2, X-Tenant = a=b,", Path::new("/")).unwrap();
        let text: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(text, [("authorization", "Bearer hunter2"), ("x-tenant", "a=b")]);
        assert!(!format!("{headers:?}").contains("hunter2"));
        assert_eq!(Headers.read("", Path::new("/")), Ok(Vec::new()));
    }

    #[test]
    fn a_header_at_fault_is_named_by_its_place_alone() {
        for odd in ["a=b,hunter2", "a=b,hun ter2=x", "a=b,x=hunter2%0d"] {
            let Err(Wrong::Fix(said)) = Headers.read(odd, Path::new("/")) else { panic!("{odd}") };
            assert!(said.starts_with("entry 2 ") && !said.contains("hun"), "{said}");
        }
    }
}
