//! Cross-origin requests: answered for trusted origins, and for nobody else.

use std::time::Duration;

use http::header::{AUTHORIZATION, ETAG, HeaderName, LOCATION, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, Uri};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use crate::request_id::X_REQUEST_ID;
use crate::trace_context::TRACEPARENT;

const PREFLIGHT_IS_GOOD_FOR: Duration = Duration::from_secs(600);

/// The origins whose pages may call us with the user's credentials. Empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedOrigins(Vec<HeaderValue>);

/// Why a text is no trusted origin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// A wildcard.
    #[error("`*` would trust every origin with the user's credentials, name each origin")]
    Wildcard,
    /// Not `scheme://host` or `scheme://host:port`.
    #[error(
        "`{0}` is not an origin, expected `scheme://host` or `scheme://host:port`, such as `https://app.example.com`"
    )]
    Shape(String),
    /// An origin with something after it.
    #[error("`{given}` is more than an origin, write `{origin}`")]
    Surplus {
        /// What was given.
        given: String,
        /// The origin in it.
        origin: String,
    },
}

impl TrustedOrigins {
    /// Reads exact origins, such as `https://app.example.com` or `http://localhost:5173`.
    ///
    /// # Errors
    /// The first text that is not an origin, and how to write it.
    pub fn parse<'a>(origins: impl IntoIterator<Item = &'a str>) -> Result<Self, OriginError> {
        origins.into_iter().map(str::trim).map(parse_one).collect::<Result<_, _>>().map(Self)
    }

    /// Whether no origin is trusted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the request comes from a page of a trusted origin.
    pub(crate) fn trust(&self, headers: &HeaderMap) -> bool {
        !self.0.is_empty() && headers.get(ORIGIN).is_some_and(|origin| self.0.contains(origin))
    }

    pub(crate) fn layer(&self) -> CorsLayer {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.0.iter().cloned()))
            .allow_credentials(true)
            .allow_methods([
                Method::GET,
                Method::HEAD,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(exposed())
            .max_age(PREFLIGHT_IS_GOOD_FOR)
    }
}

/// What scripts may read of an answer besides the few headers that are always theirs.
fn exposed() -> Vec<HeaderName> {
    let ours = ["idempotent-replayed", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    let standard = [X_REQUEST_ID, TRACEPARENT, AUTHORIZATION, ETAG, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE];
    standard.into_iter().chain(ours.map(HeaderName::from_static)).collect()
}

fn parse_one(text: &str) -> Result<HeaderValue, OriginError> {
    let shape = || OriginError::Shape(text.to_owned());
    if text == "*" {
        return Err(OriginError::Wildcard);
    }
    let uri: Uri = text.parse().map_err(|_| shape())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(shape());
    };
    let default_port = match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    let host = authority.host().to_ascii_lowercase();
    if host.is_empty() || host.contains('*') || authority.as_str().contains('@') {
        return Err(shape());
    }
    let origin = match authority.port_u16() {
        Some(port) if Some(port) != default_port => format!("{scheme}://{host}:{port}"),
        Some(_) | None => format!("{scheme}://{host}"),
    };
    if uri.path_and_query().is_some_and(|rest| rest.as_str() != "/") || text.ends_with('/') {
        return Err(OriginError::Surplus { given: text.to_owned(), origin });
    }
    HeaderValue::from_str(&origin).map_err(|_| shape())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, String> {
        let origins = TrustedOrigins::parse([text]).map_err(|error| error.to_string())?;
        Ok(origins.0[0].to_str().expect("an origin is ASCII").to_owned())
    }

    #[test]
    fn origins_are_kept_as_browsers_send_them() {
        assert_eq!(parsed("https://App.Example.com:443").as_deref(), Ok("https://app.example.com"));
        assert_eq!(parsed(" http://localhost:5173 ").as_deref(), Ok("http://localhost:5173"));
        assert_eq!(parsed("http://[::1]:3000").as_deref(), Ok("http://[::1]:3000"));
        assert_eq!(parsed("capacitor://localhost").as_deref(), Ok("capacitor://localhost"));
    }

    #[test]
    fn what_is_not_an_exact_origin_is_refused_with_its_fix() {
        assert_eq!(TrustedOrigins::parse(["*"]), Err(OriginError::Wildcard));
        let surplus = parsed("https://example.com/app?x").expect_err("a path");
        assert!(surplus.ends_with("write `https://example.com`"), "{surplus}");
        assert!(
            parsed("https://example.com/").expect_err("a slash").ends_with("write `https://example.com`")
        );
        for wrong in
            ["", "null", "example.com", "https://", "https://*.example.com", "https://me@example.com", "//x"]
        {
            assert!(matches!(TrustedOrigins::parse([wrong]), Err(OriginError::Shape(_))), "{wrong}");
        }
    }
}
