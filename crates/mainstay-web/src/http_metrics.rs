//! Metrics by route template, and their exposition. Labels are bounded: methods that HTTP knows,
//! templates that the router has, statuses.

use std::hash::{Hash, Hasher};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use axum::extract::MatchedPath;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::exchange::{Exchange, UNMATCHED};
use crate::recent::{Answered, Recent};

/// Upper bounds in seconds, from a lookup in memory to a request that should have been a task.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// The process's metrics: those of the edge, and whatever else is registered.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    duration: Family<RouteLabels, Histogram>,
    in_flight: Gauge,
    /// The last requests, where somebody asked to remember them.
    recent: OnceLock<Recent>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: Route,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: Route,
}

#[derive(Clone, Debug)]
struct Route(Option<MatchedPath>);

impl Metrics {
    /// The edge's metrics, all zero.
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::default();
        let requests = Family::<RequestLabels, Counter>::default();
        let duration = Family::<RouteLabels, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS));
        let in_flight = Gauge::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register(
            "http_request_duration_seconds",
            "Time from a request's head to its answer's head",
            duration.clone(),
        );
        registry.register("http_requests_in_flight", "Requests being answered", in_flight.clone());
        Self { registry: Mutex::new(registry), requests, duration, in_flight, recent: OnceLock::new() }
    }

    /// Adds metrics of other parts of the process to the same exposition.
    pub fn register(&self, metrics: impl FnOnce(&mut Registry)) {
        metrics(&mut self.registry.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Every metric in OpenMetrics 1.0 text, which is also readable as Prometheus text 0.0.4.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        encode(&mut text, &registry).expect("writing to a string cannot fail");
        text
    }

    /// Remembers the last requests from now on, for the page that developers look at.
    pub fn keep_recent(&self) {
        self.recent.get_or_init(Recent::default);
    }

    /// The last requests, newest first.
    pub(crate) fn recent(&self) -> Vec<Answered> {
        self.recent.get().map(Recent::all).unwrap_or_default()
    }

    pub(crate) fn begin(&self) {
        self.in_flight.inc();
    }

    pub(crate) fn finish(&self, exchange: &Exchange, status: u16, duration: Duration) {
        self.in_flight.dec();
        let method = exchange.method();
        let route = Route(exchange.matched_path().cloned());
        self.duration
            .get_or_create(&RouteLabels { method, route: route.clone() })
            .observe(duration.as_secs_f64());
        self.requests.get_or_create(&RequestLabels { method, route, status }).inc();
        if let Some(recent) = self.recent.get() {
            recent.note(exchange, status, duration);
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Route {
    fn as_str(&self) -> &str {
        self.0.as_ref().map_or(UNMATCHED, MatchedPath::as_str)
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Route {}

impl Hash for Route {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl EncodeLabelValue for Route {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        self.as_str().encode(encoder)
    }
}
