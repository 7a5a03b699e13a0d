//! W3C Trace Context: where a request stands in a distributed trace.

use std::fmt;

use axum::extract::FromRequestParts;
use http::header::HeaderName;
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use mainstay_kernel::{Sampler, TraceParent};

use crate::error::ApiError;
use crate::exchange::Exchange;

/// The header that names trace, span and flags.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header that carries what tracing systems add for one another.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

const MAX_STATE_BYTES: usize = 512;

/// The trace a request belongs to and the span that answering it is. An extractor; handlers pass
/// [`TraceContext::traceparent`] and [`TraceContext::tracestate`] on to the services they call.
///
/// Source: W3C Trace Context, level 2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext {
    here: TraceParent,
    parent_id: Option<u64>,
    state: Option<HeaderValue>,
}

impl TraceContext {
    /// Continues the caller's trace in a new span, or starts a trace when the caller sent none, an
    /// invalid one, or several. Whether it is recorded is the sampler's to say.
    #[must_use]
    pub fn of(headers: &HeaderMap, sampler: Sampler) -> Self {
        match inbound(headers) {
            Some(parent) => {
                Self { here: parent.child(sampler), parent_id: Some(parent.span_id()), state: state(headers) }
            }
            None => Self { here: TraceParent::begin(sampler), parent_id: None, state: None },
        }
    }

    /// The span that answering this request is.
    #[must_use]
    pub const fn here(&self) -> TraceParent {
        self.here
    }

    /// The trace's id, 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn trace_id(&self) -> String {
        format!("{:032x}", self.here.trace_id())
    }

    /// The id of the span that answering this request is, 16 lower-case hexadecimal digits.
    #[must_use]
    pub fn span_id(&self) -> String {
        format!("{:016x}", self.here.span_id())
    }

    /// The caller's span, 16 lower-case hexadecimal digits; `None` when the trace starts here.
    #[must_use]
    pub fn parent_id(&self) -> Option<String> {
        self.parent_id.map(|id| format!("{id:016x}"))
    }

    /// The caller's span; `None` when the trace starts here.
    pub(crate) const fn parent(&self) -> Option<u64> {
        self.parent_id
    }

    /// Whether this trace is recorded: by the caller, or by this process where it records traces itself.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.here.is_sampled()
    }

    /// The value of `traceparent` for the answer and for calls made on behalf of this request.
    #[must_use]
    pub fn traceparent(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.here.text()).expect("hexadecimal digits and dashes are a header value")
    }

    /// The value of `tracestate`, as it came.
    #[must_use]
    pub const fn tracestate(&self) -> Option<&HeaderValue> {
        self.state.as_ref()
    }
}

impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.here.fmt(f)
    }
}

impl<S: Sync> FromRequestParts<S> for TraceContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Exchange::of(&parts.extensions).map(|exchange| exchange.trace().clone())
    }
}

fn inbound(headers: &HeaderMap) -> Option<TraceParent> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let first = values.next()?;
    if values.next().is_some() {
        return None;
    }
    TraceParent::parse(first.as_bytes())
}

fn state(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut values = headers.get_all(TRACESTATE).iter();
    let first = values.next()?;
    let joined = match values.next() {
        None => first.clone(),
        Some(second) => {
            let lists: Vec<&[u8]> =
                [first, second].into_iter().chain(values).map(HeaderValue::as_bytes).collect();
            HeaderValue::from_bytes(&lists.join(&b',')).ok()?
        }
    };
    (!joined.is_empty() && joined.len() <= MAX_STATE_BYTES && joined.to_str().is_ok()).then_some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_valid_parent_is_continued_in_a_new_span() {
        let mut headers = HeaderMap::new();
        headers.insert(TRACEPARENT, HeaderValue::from_static(VALID));
        headers.append(TRACESTATE, HeaderValue::from_static("a=1"));
        headers.append(TRACESTATE, HeaderValue::from_static("b=2"));
        let context = TraceContext::of(&headers, Sampler::default());
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.parent_id().as_deref(), Some("00f067aa0ba902b7"));
        assert_ne!(context.span_id(), "00f067aa0ba902b7");
        assert!(context.is_sampled());
        assert_eq!(context.traceparent(), context.to_string().as_str());
        assert_eq!(context.tracestate(), Some(&HeaderValue::from_static("a=1,b=2")));
    }

    #[test]
    fn what_the_recommendation_refuses_starts_a_new_trace() {
        let mut headers = HeaderMap::new();
        headers.insert(
            TRACEPARENT,
            HeaderValue::from_static("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        );
        let context = TraceContext::of(&headers, Sampler::default());
        assert_ne!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!((context.parent_id(), context.is_sampled()), (None, false));
    }

    #[test]
    fn two_parents_are_none() {
        let mut headers = HeaderMap::new();
        headers.append(TRACEPARENT, HeaderValue::from_static(VALID));
        headers.append(TRACEPARENT, HeaderValue::from_static(VALID));
        assert_eq!(TraceContext::of(&headers, Sampler::default()).parent_id(), None);
    }
}
