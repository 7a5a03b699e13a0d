//! The API's description for those who may see the inside: `/openapi.json`, and the page at `/docs`.

use std::io::Read as _;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

use crate::compression;
use crate::error::ApiError;
use crate::error_page::escape;
use crate::health::OperatorAccess;
use crate::openapi::Document;

/// The version of Scalar in `assets/scalar`.
const VERSION: &str = "1.46.4";
const SCALAR: &[u8] = include_bytes!("../assets/scalar/standalone.js.gz");
const SCRIPT: &str = include_str!("../assets/reference.js");
const PAGE: &str = include_str!("../assets/reference.html");

/// Nothing from elsewhere. Scalar writes its styles into the page, and its icons are data.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data: blob:; \
    font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";
const JAVASCRIPT: &str = "application/javascript; charset=utf-8";

/// Makes a document, once somebody asks for it.
pub type Describe = Box<dyn Fn() -> Document + Send + Sync>;

/// A document that is served.
pub struct Described {
    path: String,
    title: String,
    describe: Describe,
    text: OnceLock<Bytes>,
}

#[derive(Clone)]
struct Reference {
    documents: Arc<[Described]>,
    access: OperatorAccess,
}

impl Described {
    /// A document served at `path`, shown as `title`.
    pub fn new(path: impl Into<String>, title: impl Into<String>, describe: Describe) -> Self {
        Self { path: path.into(), title: title.into(), describe, text: OnceLock::new() }
    }

    fn text(&self) -> Result<Bytes, ApiError> {
        if let Some(text) = self.text.get() {
            return Ok(text.clone());
        }
        let text = serde_json::to_vec(&(self.describe)()).map_err(ApiError::internal)?;
        Ok(self.text.get_or_init(|| text.into()).clone())
    }
}

/// The paths that [`router`] takes, besides those of the documents.
pub const PATHS: [&str; 3] = ["/docs", "/docs/reference.js", "/docs/scalar.js"];

/// The documents at their paths, and the page that shows them.
pub fn router(documents: Vec<Described>, access: OperatorAccess) -> Router {
    let documents: Arc<[Described]> = documents.into();
    let [page_path, script_path, scalar_path] = PATHS;
    let mut router = Router::new()
        .route(page_path, get(page))
        .route(script_path, get(|| async { ([(CONTENT_TYPE, JAVASCRIPT)], SCRIPT) }))
        .route(scalar_path, get(scalar));
    for (position, path) in documents.iter().map(|it| it.path.clone()).enumerate() {
        let one = move |State(all): State<Reference>, headers: HeaderMap| async move {
            all.document(position, &headers)
        };
        router = router.route(&path, get(one));
    }
    router.with_state(Reference { documents, access })
}

impl Reference {
    fn document(&self, position: usize, headers: &HeaderMap) -> Result<Response, ApiError> {
        self.access.admit(headers)?;
        let text = self.documents[position].text()?;
        Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")], text).into_response())
    }
}

async fn page(State(all): State<Reference>, headers: HeaderMap) -> Result<Response, ApiError> {
    all.access.admit(&headers)?;
    let sources: Vec<_> =
        all.documents.iter().map(|it| json!({ "title": it.title, "url": it.path })).collect();
    let sources = escape(&json!(sources).to_string());
    let page = PAGE.replace("{sources}", &sources).replace("{version}", VERSION);
    let head = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ];
    Ok((head, page).into_response())
}

/// Packed as it lies in the program, for whoever can unpack it.
async fn scalar(headers: HeaderMap) -> Result<Response, ApiError> {
    let head = [
        (CONTENT_TYPE, JAVASCRIPT),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (VARY, "accept-encoding"),
    ];
    if compression::is_asked_for(&headers) {
        let mut response = (head, SCALAR).into_response();
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        return Ok(response);
    }
    let mut script = Vec::new();
    GzDecoder::new(SCALAR).read_to_end(&mut script).map_err(ApiError::internal)?;
    Ok((head, script).into_response())
}
