//! One line per request, and its metrics. Never a body, a token or a query value.

use std::sync::Arc;

use http::StatusCode;

use crate::exchange::Exchange;
use crate::http_metrics::Metrics;

/// The target of the access log's lines.
pub const ACCESS_LOG: &str = "mainstay::access";

/// The status that is logged when the client went away before its answer (nginx's number).
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// A request's entry. Written when it is finished, or when it is dropped because the client hung up.
pub(crate) struct Entry {
    exchange: Arc<Exchange>,
    metrics: Arc<Metrics>,
    status: u16,
}

impl Entry {
    pub(crate) fn begin(exchange: Arc<Exchange>, metrics: Arc<Metrics>) -> Self {
        metrics.begin();
        Self { exchange, metrics, status: CLIENT_CLOSED_REQUEST }
    }

    pub(crate) fn finish(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let exchange = &self.exchange;
        let duration = exchange.elapsed();
        self.metrics.finish(exchange, self.status, duration);
        tracing::info!(
            target: ACCESS_LOG,
            method = exchange.method(),
            route = exchange.route(),
            status = self.status,
            duration_ms = duration.as_secs_f64() * 1000.0,
            request_id = exchange.request_id().as_str(),
            caller_id = exchange.caller(),
        );
    }
}
