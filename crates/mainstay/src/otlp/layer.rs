//! Turns what `tracing` says of spans into spans of OTLP, and says what it has to be told.

use std::time::Instant;

use mainstay_kernel::entropy::random_u64;
use mainstay_kernel::{Clock, TRACE};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

use super::span::{Ids, Open, Told};
use super::spool::Spool;

/// Records the spans of traces that are sampled: those of the framework, which bring their ids along, and whatever is
/// opened below them.
pub(crate) struct Spans {
    spool: Spool,
    clock: Clock,
}

/// What [`Spans`] is told: the framework's own spans; below them those of the application, as far as `info`.
pub(crate) struct OfTraces;

impl Spans {
    pub(super) const fn new(spool: Spool, clock: Clock) -> Self {
        Self { spool, clock }
    }

    /// A span that begins now, if it belongs to a trace that is recorded.
    fn open(&self, told: Told, parent: Option<Ids>) -> Option<Open> {
        let (ids, parent_id) = match (told.trace_id, told.span_id, parent) {
            (Some(trace_id), Some(span_id), _) => (Ids { trace_id, span_id }, told.parent_id),
            (_, _, Some(Ids { trace_id, span_id })) => {
                (Ids { trace_id, span_id: random_u64().max(1) }, Some(span_id))
            }
            (_, _, None) => return None,
        };
        Some(Open { ids, parent_id, told, began: self.clock.now(), since: Instant::now() })
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, cx: Context<'_, S>) {
        let Some(span) = cx.span(id) else { return };
        let parent = span.parent().and_then(|it| it.extensions().get::<Ids>().copied());
        let mut told = Told::new(attributes.metadata().name());
        attributes.record(&mut told);
        if let Some(open) = self.open(told, parent) {
            let mut extensions = span.extensions_mut();
            extensions.insert(open.ids);
            extensions.insert(open);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, cx: Context<'_, S>) {
        let Some(span) = cx.span(id) else { return };
        let mut extensions = span.extensions_mut();
        let Some(open) = extensions.get_mut::<Open>() else { return };
        values.record(&mut open.told);
        if open.told.has_ended
            && let Some(open) = extensions.remove::<Open>()
        {
            self.spool.add(&open.end());
        }
    }

    /// An event of the framework's that stands for a span.
    fn on_event(&self, event: &Event<'_>, cx: Context<'_, S>) {
        let parent = cx.event_span(event).and_then(|it| it.extensions().get::<Ids>().copied());
        let Some(parent) = parent else { return };
        let mut told = Told::new(event.metadata().name());
        event.record(&mut told);
        let took = told.duration.unwrap_or_default();
        if let Some(mut open) = self.open(told, Some(parent)) {
            open.began = open.began.minus(took);
            self.spool.add(&open.end());
        }
    }

    fn on_close(&self, id: Id, cx: Context<'_, S>) {
        let open = cx.span(&id).and_then(|it| it.extensions_mut().remove::<Open>());
        if let Some(open) = open {
            self.spool.add(&open.end());
        }
    }
}

impl OfTraces {
    fn is_applications(metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && *metadata.level() <= Level::INFO
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Filter<S> for OfTraces {
    fn enabled(&self, metadata: &Metadata<'_>, cx: &Context<'_, S>) -> bool {
        metadata.target() == TRACE || (Self::is_applications(metadata) && cx.lookup_current().is_some())
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if metadata.target() == TRACE {
            Interest::always()
        } else if Self::is_applications(metadata) {
            Interest::sometimes()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::TRACE)
    }
}

#[cfg(test)]
mod tests {
    use mainstay_kernel::{Timestamp, TraceParent};
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    const CALLER: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// What is sent of what `work` says of itself: how many spans, and their bytes.
    fn sent(work: impl FnOnce()) -> (usize, Vec<u8>) {
        let spool = Spool::default();
        let spans = Spans::new(spool.clone(), Clock::manual(Timestamp::from_micros(5_000_000)));
        let subscriber = tracing_subscriber::registry().with(spans.with_filter(OfTraces));
        tracing::subscriber::with_default(subscriber, work);
        spool.take().map(|batch| (batch.count, batch.spans.into_bytes())).unwrap_or_default()
    }

    fn request(here: TraceParent) -> tracing::Span {
        let (trace_id, span_id) = (here.trace_id(), here.span_id());
        tracing::trace_span!(target: TRACE, "request", trace_id, span_id, ended = tracing::field::Empty)
    }

    /// Whether a field of this number with these bytes stands in there.
    fn has(spans: &[u8], field: u32, value: impl AsRef<[u8]>) -> bool {
        let mut wanted = super::super::message::Message::default();
        wanted.put(field, value);
        spans.windows(wanted.bytes().len()).any(|it| it == wanted.bytes())
    }

    #[test]
    fn a_span_of_the_applications_is_sent_below_the_frameworks() {
        let here = TraceParent::parse(CALLER.as_bytes()).unwrap();
        let (count, spans) = sent(|| {
            request(here).in_scope(|| {
                tracing::debug_span!("details").in_scope(|| {
                    tracing::info_span!("price", otel.kind = "client", cents = 250).in_scope(|| {
                        tracing::info!("an event is none");
                    });
                });
            });
        });
        assert_eq!(count, 2, "the detail is none, and what is below it is below the request");
        assert!(has(&spans, 5, "price") && has(&spans, 5, "request") && has(&spans, 1, "cents"));
        assert!(has(&spans, 4, here.span_id().to_be_bytes()), "the parent's id");
        assert_eq!(spans.windows(16).filter(|it| *it == here.trace_id().to_be_bytes()).count(), 2);
    }

    #[test]
    fn what_no_recorded_trace_holds_is_not_sent() {
        let (count, _) = sent(|| {
            tracing::info_span!("price").in_scope(|| {
                tracing::trace!(target: TRACE, duration = 1_u64, "a transaction of nobody's");
            });
        });
        assert_eq!(count, 0);
    }

    #[test]
    fn an_event_with_a_duration_is_a_span_that_ends_when_it_comes() {
        let here = TraceParent::parse(CALLER.as_bytes()).unwrap();
        let (count, spans) = sent(|| {
            request(here).in_scope(
                || tracing::trace!(name: "transaction", target: TRACE, duration = 2_000_000_000_u64),
            );
        });
        assert_eq!(count, 2);
        let fixed = |field: u8, nanos: u64| [&[field << 3 | 1][..], &nanos.to_le_bytes()].concat();
        for time in [fixed(7, 3_000_000_000), fixed(8, 5_000_000_000)] {
            assert!(spans.windows(9).any(|it| it == time));
        }
    }

    #[test]
    fn a_span_is_sent_when_its_end_is_told_and_once() {
        let here = TraceParent::parse(CALLER.as_bytes()).unwrap();
        let (count, spans) = sent(|| {
            let request = request(here);
            request.record("ended", true);
            request.in_scope(|| tracing::info_span!("late").in_scope(|| ()));
            drop(request);
        });
        assert_eq!(count, 2, "once, and what began later is below it still");
        assert!(has(&spans, 5, "late") && has(&spans, 4, here.span_id().to_be_bytes()));
    }

    #[test]
    fn those_whose_work_is_done_together_are_links() {
        let (here, other) =
            (TraceParent::parse(CALLER.as_bytes()).unwrap(), TraceParent::begin(Default::default()));
        let (trace_id, span_id, links) = (here.trace_id(), here.span_id(), format!("{other},nonsense"));
        let (_, spans) = sent(|| {
            tracing::trace_span!(target: TRACE, "attempt", trace_id, span_id, otel.links = links)
                .in_scope(|| ());
        });
        assert!(
            has(&spans, 1, other.trace_id().to_be_bytes()) && has(&spans, 2, other.span_id().to_be_bytes())
        );
    }
}
