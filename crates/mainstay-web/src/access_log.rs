//! One line per request, and its metrics. Never a body, a token or a query value.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use mainstay_kernel::Timestamp;

use crate::exchange::Exchange;
use crate::http_metrics::Metrics;
use crate::request_id::RequestId;

/// The target of the access log's lines.
pub const ACCESS_LOG: &str = "mainstay::access";

/// The status that is logged when the client went away before its answer (nginx's number).
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// Where the access log goes.
#[derive(Clone, Default)]
pub enum AccessLog {
    /// To `tracing`, as events with the target [`ACCESS_LOG`].
    #[default]
    Events,
    /// To whoever writes lines and nothing else: an event's way through its subscriber costs more than the line.
    Lines(Arc<dyn AccessLines>),
    /// Nowhere.
    Off,
}

/// Writes the access log. It is called between a request and its answer, so it does not wait.
pub trait AccessLines: Send + Sync {
    /// Writes one request's line.
    fn write(&self, line: &AccessLine<'_>);
}

/// What the access log says of a request.
#[derive(Clone, Copy, Debug)]
pub struct AccessLine<'a> {
    /// The method, `other` for one that HTTP does not define.
    pub method: &'static str,
    /// The route's template, such as `/v1/posts/{id}`.
    pub route: &'a str,
    /// The status of the answer; 499 when the client went away before it.
    pub status: u16,
    /// When the request's head was read.
    pub began: Timestamp,
    /// From the request's head to its answer's.
    pub duration: Duration,
    /// The request's id.
    pub request_id: &'a RequestId,
    /// Who sent it, by id; `None` when anonymous, or when nobody has asked.
    pub caller_id: Option<&'a str>,
}

impl AccessLog {
    fn write(&self, line: &AccessLine<'_>) {
        match self {
            Self::Events => tracing::info!(
                target: ACCESS_LOG,
                method = line.method,
                route = line.route,
                status = line.status,
                duration_ms = line.duration.as_secs_f64() * 1000.0,
                request_id = line.request_id.as_str(),
                caller_id = line.caller_id,
            ),
            Self::Lines(lines) => lines.write(line),
            Self::Off => {}
        }
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Events => "Events",
            Self::Lines(_) => "Lines",
            Self::Off => "Off",
        })
    }
}

/// A request's entry. Written when it is finished, or when it is dropped because the client hung up.
pub(crate) struct Entry<'a> {
    exchange: &'a Arc<Exchange>,
    metrics: &'a Metrics,
    log: &'a AccessLog,
    status: u16,
}

impl<'a> Entry<'a> {
    pub(crate) fn begin(exchange: &'a Arc<Exchange>, metrics: &'a Metrics, log: &'a AccessLog) -> Self {
        metrics.begin();
        Self { exchange, metrics, log, status: CLIENT_CLOSED_REQUEST }
    }

    pub(crate) fn finish(mut self, status: StatusCode) {
        self.status = status.as_u16();
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        let exchange = self.exchange;
        let duration = exchange.elapsed();
        self.metrics.finish(exchange, self.status, duration);
        exchange.end_span(self.status);
        self.log.write(&AccessLine {
            method: exchange.method(),
            route: exchange.route(),
            status: self.status,
            began: exchange.began(),
            duration,
            request_id: exchange.request_id(),
            caller_id: exchange.caller(),
        });
    }
}
