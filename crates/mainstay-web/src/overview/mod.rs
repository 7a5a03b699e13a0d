//! The page at `/` for developers: what the application is made of and what it was asked last.

mod page;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{HeaderMap, HeaderName};
use mainstay_model::ModelEntry;
use ring::digest::{SHA256, digest};

use crate::RouteEntry;
use crate::error::ApiError;
use crate::health::OperatorAccess;
use crate::http_metrics::Metrics;

const STYLE: &str = include_str!("../../assets/overview.css");

/// The path of the page.
pub const PATH: &str = "/";

/// What the page shows.
pub struct Overview {
    /// The application's name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its routes, sorted by path.
    pub routes: Vec<RouteEntry>,
    /// Its models.
    pub models: Vec<&'static ModelEntry>,
    /// What its configuration leaves to be wished for.
    pub notices: Vec<String>,
}

/// Shows the page to those who may see the inside. To everybody else there is nothing.
pub fn router(overview: Overview, metrics: Arc<Metrics>, access: OperatorAccess) -> Router {
    let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let shown = Arc::new(Shown { overview, metrics, access, policy });
    Router::new().route(PATH, get(show)).with_state(shown)
}

struct Shown {
    overview: Overview,
    metrics: Arc<Metrics>,
    access: OperatorAccess,
    policy: String,
}

async fn show(State(shown): State<Arc<Shown>>, headers: HeaderMap) -> Result<Response, ApiError> {
    shown.access.admit(&headers).map_err(|_| ApiError::not_found("no route for GET /"))?;
    let page = page::render(&shown.overview, &shown.metrics.recent(), STYLE);
    let head = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, &shown.policy),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
    ];
    Ok((head, page).into_response())
}
