//! Sends traces to a collector of OpenTelemetry's, over OTLP/HTTP.
//!
//! The framework says at the target [`TRACE`](mainstay_kernel::TRACE) what a span is; [`Spans`] listens, encodes each
//! span as it ends and leaves it in a spool of bounded size, which a task of its own empties.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/>

mod client;
mod layer;
mod message;
mod span;
mod spool;

use std::time::Duration;

use hyper::body::Bytes;
use mainstay_kernel::{Clock, Result};
use prometheus_client::registry::Registry;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::Layer as _;

use self::client::{Client, Refusal};
use self::layer::{OfTraces, Spans};
use self::message::Message;
use self::spool::{Batch, Spool};
use crate::config::Config;
use crate::log::Layer;

/// How long spans wait for company.
const WAIT: Duration = Duration::from_secs(2);
/// How long the last ones may take when the process ends.
const LAST: Duration = Duration::from_millis(900);
/// How often a batch is sent that the collector could not take.
const TRIES: u32 = 4;
/// How long to wait after the first time; after the next, longer.
const BACKOFF: Duration = Duration::from_secs(1);

/// Sends spans to the collector.
pub(crate) struct Exporter {
    spool: Spool,
    client: Client,
    /// A `Resource`: what sends.
    resource: Message,
}

/// What records spans and what sends them, where the configuration names a collector.
///
/// # Errors
/// Internal, when the collector cannot be spoken to at all.
pub(crate) fn begin(config: &Config) -> Result<Option<(Layer, Exporter)>> {
    let Some(collector) = &config.traces.collector else { return Ok(None) };
    let spool = Spool::default();
    let spans = Spans::new(spool.clone(), Clock::system()).with_filter(OfTraces).boxed();
    let client = Client::new(collector)?;
    Ok(Some((spans, Exporter { spool, client, resource: resource(&config.traces.service) })))
}

fn resource(service: &str) -> Message {
    let mut resource = Message::default();
    for (key, value) in [
        ("service.name", service),
        ("telemetry.sdk.name", "mainstay"),
        ("telemetry.sdk.language", "rust"),
        ("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ] {
        let (mut pair, mut any) = (Message::default(), Message::default());
        any.put(1, value);
        pair.put(1, key);
        pair.put(2, any);
        resource.put(1, pair);
    }
    resource
}

impl Exporter {
    /// Adds what is counted of spans to an exposition.
    pub(crate) fn register(&self, registry: &mut Registry) {
        self.spool.register(registry);
    }

    /// Sends what waits, again and again until `stopping`, and then the rest as far as there is time.
    pub(crate) async fn run(self, stopping: CancellationToken) {
        let late = async {
            stopping.cancelled().await;
            pause(LAST).await;
        };
        tokio::select! {
            () = self.empty(&stopping) => {}
            () = late => tracing::warn!("the collector of traces did not take the last spans in time"),
        }
    }

    async fn empty(&self, stopping: &CancellationToken) {
        while !stopping.is_cancelled() {
            tokio::select! {
                _ = timeout(WAIT, self.spool.many()) => {}
                () = stopping.cancelled() => {}
            }
            if let Some(batch) = self.spool.take() {
                self.send(&batch, stopping).await;
            }
        }
        if let Some(batch) = self.spool.take() {
            self.send(&batch, stopping).await;
        }
    }

    /// Sends a batch; a few times where the collector may take it yet, but once when the process ends.
    async fn send(&self, batch: &Batch, stopping: &CancellationToken) {
        let body = self.request(batch);
        for failed in 1.. {
            match self.client.send(body.clone()).await {
                Ok(()) => return self.spool.sent(batch.count),
                Err(Refusal::Refused(status)) => {
                    return self.give_up(batch, &format!("it answered {status}"));
                }
                Err(Refusal::Away(why)) if failed == TRIES || stopping.is_cancelled() => {
                    return self.give_up(batch, &why);
                }
                Err(Refusal::Away(_)) => {}
            }
            let _whatever_is_first = stopping.run_until_cancelled(pause(BACKOFF * failed)).await;
        }
    }

    fn give_up(&self, batch: &Batch, why: &str) {
        self.spool.dropped(batch.count);
        tracing::warn!(
            spans = batch.count,
            why,
            "the collector of traces did not take these spans: they are dropped"
        );
    }

    /// An `ExportTraceServiceRequest`.
    fn request(&self, batch: &Batch) -> Bytes {
        let (mut scope, mut of_scope) =
            (Message::default(), Message::with_capacity(batch.spans.bytes().len() + 64));
        scope.put(1, "mainstay");
        scope.put(2, env!("CARGO_PKG_VERSION"));
        of_scope.put(1, scope);
        of_scope.extend(batch.spans.bytes());
        let (mut of_resource, mut request) = (Message::default(), Message::default());
        of_resource.put(1, &self.resource);
        of_resource.put(2, of_scope);
        request.put(1, of_resource);
        request.into_bytes().into()
    }
}

#[expect(clippy::disallowed_methods, reason = "backing off is waiting")]
async fn pause(wait: Duration) {
    tokio::time::sleep(wait).await;
}
