//! Metrics by route template, and their exposition. Labels are bounded: methods that HTTP knows,
//! templates that the router has, statuses.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::exchange::{Exchange, UNMATCHED};
use crate::recent::{Answered, Recent};
use crate::route::{Route, Series};

/// Upper bounds in seconds, from a lookup in memory to a request that should have been a task.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// The process's metrics: those of the edge, and whatever else is registered.
#[derive(Debug)]
pub struct Metrics {
    registry: Mutex<Registry>,
    requests: Family<RequestLabels, Counter>,
    duration: Family<RouteLabels, Histogram>,
    in_flight: Gauge,
    /// The requests that no route matched.
    unmatched: Route,
    /// The last requests, where somebody asked to remember them.
    recent: OnceLock<Recent>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

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
        let (unmatched, recent) = (Route::new(UNMATCHED), OnceLock::new());
        Self { registry: Mutex::new(registry), requests, duration, in_flight, unmatched, recent }
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

    pub(crate) fn finish(&self, exchange: &Arc<Exchange>, status: u16, duration: Duration) {
        self.in_flight.dec();
        let (route, method) = (exchange.matched().unwrap_or(&self.unmatched), exchange.method());
        route.count(method, status, duration.as_secs_f64(), || self.series(method, route.template(), status));
        if let Some(recent) = self.recent.get() {
            recent.note(exchange, status, duration);
        }
    }

    fn series(&self, method: &'static str, route: &str, status: u16) -> Series {
        let labels = RouteLabels { method, route: route.to_owned() };
        let duration = self.duration.get_or_create(&labels).clone();
        let labels = RequestLabels { method, route: route.to_owned(), status };
        let requests = self.requests.get_or_create(&labels).clone();
        Series { method, status, requests, duration }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}
