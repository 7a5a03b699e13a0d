//! Spans that wait to be sent.

use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use tokio::sync::Notify;

use super::message::Message;

/// How many spans wait at most. More are dropped, and counted: a collector that is away holds nobody up.
const MOST: usize = 4096;
/// How many are worth a request.
pub(super) const MANY: usize = 512;

/// Where spans wait. Clones share.
#[derive(Clone, Debug, Default)]
pub(super) struct Spool(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Batch>,
    many: Notify,
    sent: Counter,
    dropped: Counter,
}

/// Spans that are sent together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Each as a field of `ScopeSpans`.
    pub(super) spans: Message,
    pub(super) count: usize,
}

impl Spool {
    /// Adds a span, unless too many wait already.
    pub(super) fn add(&self, span: &Message) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.count >= MOST {
            self.0.dropped.inc();
            return;
        }
        waiting.spans.put(2, span);
        waiting.count += 1;
        if waiting.count == MANY {
            self.0.many.notify_one();
        }
    }

    /// Ends when many spans wait.
    pub(super) async fn many(&self) {
        self.0.many.notified().await;
    }

    /// All that wait; none when there are none.
    pub(super) fn take(&self) -> Option<Batch> {
        let batch = std::mem::take(&mut *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        (batch.count > 0).then_some(batch)
    }

    pub(super) fn sent(&self, count: usize) {
        self.0.sent.inc_by(count as u64);
    }

    pub(super) fn dropped(&self, count: usize) {
        self.0.dropped.inc_by(count as u64);
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("trace_spans_sent", "Spans that the collector took", self.0.sent.clone());
        registry.register(
            "trace_spans_dropped",
            "Spans that were given up, because too many waited or the collector did not take them",
            self.0.dropped.clone(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_bounded_and_what_is_dropped_is_counted() {
        let (spool, mut span) = (Spool::default(), Message::default());
        span.number(6, 1);
        for _ in 0..MOST + 3 {
            spool.add(&span);
        }
        let batch = spool.take().expect("spans wait");
        assert_eq!((batch.count, batch.spans.bytes().len()), (MOST, MOST * 4));
        assert_eq!(spool.0.dropped.get(), 3);
        assert!(spool.take().is_none());
    }
}
