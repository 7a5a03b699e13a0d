//! An attempt as a span of the trace that its task is part of.

use mainstay_kernel::{Sampler, TRACE, TraceParent};
use tracing::Span;
use tracing::field::Empty;

use super::attempt::Ended;
use crate::worker::TaskCx;

/// Opens the span of an attempt of these tasks, where their trace is recorded: below whoever left the first of them
/// behind, and linked to whoever left the others. What the first leaves behind in turn comes below the attempt.
pub(super) fn begin(sampler: Sampler, seen: &mut [TaskCx]) -> Span {
    let (true, [first, others @ ..]) = (sampler.is_recording(), seen) else { return Span::none() };
    let left_by = first.meta.traceparent.as_deref().and_then(|it| TraceParent::parse(it.as_bytes()));
    let here = left_by.map_or_else(|| TraceParent::begin(sampler), |it| it.child(sampler));
    first.meta.traceparent = Some(here.to_string());
    if !here.is_sampled() {
        return Span::none();
    }
    let links: Vec<&str> = others.iter().filter_map(|it| it.meta.traceparent.as_deref()).collect();
    tracing::trace_span!(
        target: TRACE,
        "attempt",
        otel.kind = "consumer",
        otel.name = first.name,
        otel.status_code = Empty,
        otel.links = (!links.is_empty()).then(|| links.join(",")),
        trace_id = here.trace_id(),
        span_id = here.span_id(),
        parent_id = left_by.map(TraceParent::span_id),
        messaging.destination.name = first.queue,
        messaging.batch.message_count = (!others.is_empty()).then_some(others.len() + 1),
        mainstay.task.id = %first.id,
        mainstay.attempt = first.attempt,
        mainstay.outcome = Empty,
        ended = Empty,
    )
}

/// Ends it. What an attempt that failed said is the log's to tell: an error may quote what is nobody else's.
pub(super) fn end(span: &Span, ended: &Ended) {
    let (outcome, is_failure) = match ended {
        Ended::Committed => ("committed", false),
        Ended::Worked(_) => ("worked", false),
        Ended::Failed(..) => ("failed", true),
        Ended::Lost => ("lost", true),
    };
    span.record("mainstay.outcome", outcome);
    if is_failure {
        span.record("otel.status_code", "error");
    }
    span.record("ended", true);
}
