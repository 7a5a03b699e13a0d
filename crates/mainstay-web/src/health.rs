//! Whether the process lives, whether it can take requests, and what it counts.

mod access;
mod check;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::future::join_all;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;
use tokio::time::Instant;

use check::Check;

pub use access::{OperatorAccess, TokenDigest};
pub use check::{CheckConfig, CheckResult};

use crate::error::ApiError;
use crate::http_metrics::Metrics;
use crate::shutdown::Shutdown;

const LIVENESS: [&str; 3] = ["/healthz", "/health", "/api/health"];
const READINESS: &str = "/readyz";
const METRICS: &str = "/metrics";

/// What this process is made of, as `/readyz` shows it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Manifest {
    /// The application's name.
    pub name: String,
    /// The application's version.
    pub version: String,
    /// `METHOD /template` of each route.
    pub routes: Vec<String>,
    /// The models' names.
    pub models: Vec<String>,
    /// The jobs' names.
    pub jobs: Vec<String>,
    /// What the deployment provides, such as `postgres`.
    pub capabilities: Vec<String>,
}

/// The process's health. Clones share one state.
#[derive(Clone)]
pub struct Health(Arc<Shared>);

struct Shared {
    boot: Mutex<BootPhase>,
    checks: Mutex<BTreeMap<String, Arc<Check>>>,
    access: OperatorAccess,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
    started: Instant,
}

enum BootPhase {
    Booting(Manifest),
    Ready(Manifest),
    Failed(Manifest),
}

/// The right to declare the process ready, once. Dropped without that, because something failed to
/// load, it makes the process report `error` for good.
#[must_use = "dropped, it reports that the start failed"]
pub struct Boot(Option<Health>);

/// `/readyz`'s four answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Readiness {
    /// Not everything is loaded yet.
    Booting,
    /// Everything is loaded and every check passes.
    Ready,
    /// About to stop.
    Draining,
    /// The start or a check failed.
    Error,
}

impl Health {
    /// A process that is starting. `manifest` needs the name and version; the rest is known when
    /// [`Boot::ready`] is called.
    pub fn booting(
        manifest: Manifest,
        access: OperatorAccess,
        metrics: Arc<Metrics>,
        shutdown: Shutdown,
    ) -> (Self, Boot) {
        let health = Self(Arc::new(Shared {
            boot: Mutex::new(BootPhase::Booting(manifest)),
            checks: Mutex::default(),
            access,
            metrics,
            shutdown,
            started: Instant::now(),
        }));
        let boot = Boot(Some(health.clone()));
        (health, boot)
    }

    /// Registers a check under `name`, replacing one of that name. The cause of a failure is
    /// logged; the answer only says that it failed.
    pub fn check<F, E>(
        &self,
        name: impl Into<String>,
        config: CheckConfig,
        run: impl Fn() -> F + Send + Sync + 'static,
    ) where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: std::fmt::Display,
    {
        let name = name.into();
        let check = Arc::new(Check::new(name.clone(), config, run));
        self.0.checks.lock().unwrap_or_else(PoisonError::into_inner).insert(name, check);
    }

    /// `/healthz`, `/health`, `/api/health`, `/readyz` and `/metrics`, to merge into the router.
    pub fn router(&self) -> Router {
        LIVENESS
            .iter()
            .fold(Router::new(), |router, path| router.route(path, get(alive)))
            .route(READINESS, get(readyz))
            .route(METRICS, get(metrics))
            .with_state(self.clone())
    }

    /// Who may see the process's inside.
    pub fn access(&self) -> &OperatorAccess {
        &self.0.access
    }

    /// Whether requests should be sent here, and what each check found.
    pub async fn readiness(&self) -> (Readiness, BTreeMap<String, CheckResult>) {
        let checks: Vec<(String, Arc<Check>)> = {
            let checks = self.0.checks.lock().unwrap_or_else(PoisonError::into_inner);
            checks.iter().map(|(name, check)| (name.clone(), Arc::clone(check))).collect()
        };
        let results = join_all(checks.iter().map(|(_, check)| check.result())).await;
        let passed = results.iter().all(CheckResult::passed);
        let readiness = if self.0.shutdown.is_draining() {
            Readiness::Draining
        } else {
            match &*self.0.boot.lock().unwrap_or_else(PoisonError::into_inner) {
                BootPhase::Booting(_) => Readiness::Booting,
                BootPhase::Failed(_) => Readiness::Error,
                BootPhase::Ready(_) if passed => Readiness::Ready,
                BootPhase::Ready(_) => Readiness::Error,
            }
        };
        (readiness, checks.into_iter().map(|(name, _)| name).zip(results).collect())
    }

    fn manifest(&self) -> Manifest {
        match &*self.0.boot.lock().unwrap_or_else(PoisonError::into_inner) {
            BootPhase::Booting(manifest) | BootPhase::Ready(manifest) | BootPhase::Failed(manifest) => {
                manifest.clone()
            }
        }
    }

    fn set_boot(&self, phase: BootPhase) {
        *self.0.boot.lock().unwrap_or_else(PoisonError::into_inner) = phase;
    }
}

impl Boot {
    /// Everything is loaded: the process is ready as soon as its checks pass.
    pub fn ready(mut self, manifest: Manifest) {
        if let Some(health) = self.0.take() {
            health.set_boot(BootPhase::Ready(manifest));
        }
    }
}

impl Drop for Boot {
    fn drop(&mut self) {
        if let Some(health) = self.0.take() {
            health.set_boot(BootPhase::Failed(health.manifest()));
        }
    }
}

/// Whether a path is for those who watch over the process; they are answered while it drains, too.
pub(crate) fn is_probe(path: &str) -> bool {
    LIVENESS.contains(&path) || path == READINESS || path == METRICS
}

async fn alive(State(health): State<Health>) -> Response {
    let uptime = health.0.started.elapsed().as_secs_f64();
    uncached(Json(json!({ "ok": true, "uptime": uptime })).into_response())
}

async fn readyz(State(health): State<Health>, headers: HeaderMap) -> Response {
    let (readiness, checks) = health.readiness().await;
    let status = match readiness {
        Readiness::Ready => StatusCode::OK,
        Readiness::Booting | Readiness::Draining | Readiness::Error => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = match health.0.access.admit(&headers) {
        Ok(()) => json!({ "status": readiness, "checks": checks, "manifest": health.manifest() }),
        Err(_) => json!({ "status": readiness }),
    };
    uncached((status, Json(body)).into_response())
}

async fn metrics(State(health): State<Health>, headers: HeaderMap) -> Result<Response, ApiError> {
    health.0.access.admit(&headers)?;
    let wants_open_metrics = headers
        .get_all(ACCEPT)
        .iter()
        .any(|accept| accept.to_str().is_ok_and(|accept| accept.contains("application/openmetrics-text")));
    let kind = if wants_open_metrics {
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    } else {
        "text/plain; version=0.0.4; charset=utf-8"
    };
    let body = ([(CONTENT_TYPE, HeaderValue::from_static(kind))], health.0.metrics.render());
    Ok(uncached(body.into_response()))
}

fn uncached(mut response: Response) -> Response {
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
