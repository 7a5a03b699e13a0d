//! One request and its answer: what the edge knows about it, for handlers, logs and metrics.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Extensions, HeaderMap, Method};
use mainstay_kernel::{Clock, Sampler, TRACE, Timestamp};
use tokio::time::Instant;
use tracing::Span;

use crate::error::ApiError;
use crate::request_id::RequestId;
use crate::route::Route;
use crate::trace_context::TraceContext;

tokio::task_local! {
    static CURRENT: Arc<Exchange>;
}

/// The route template of a request that no route matched.
pub const UNMATCHED: &str = "<unmatched>";

/// What is known about a request while it is answered. In the request's extensions as
/// `Arc<Exchange>`, and task-local as [`Exchange::current`].
#[derive(Debug)]
pub struct Exchange {
    request_id: RequestId,
    trace: TraceContext,
    /// Where its trace is recorded.
    span: Option<Box<Span>>,
    method: &'static str,
    began: Timestamp,
    started: Instant,
    route: OnceLock<Arc<Route>>,
    caller: OnceLock<CallerId>,
    body: AtomicU8,
}

/// Who sent the request, for the access log: an id, never a name or an address. `None` when anonymous.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallerId(pub Option<String>);

/// What became of the request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFate {
    /// Read in full, in part, or not at all: within the limits so far.
    Admitted,
    /// Longer than the limit.
    TooLarge,
    /// Not complete in time.
    TooSlow,
}

impl Exchange {
    pub(crate) fn begin(method: &Method, headers: &HeaderMap, sampler: Sampler) -> Arc<Self> {
        let (method, began, started) = (label(method), Clock::system().now(), Instant::now());
        let trace = TraceContext::of(headers, sampler);
        let is_recorded = sampler.is_recording() && trace.is_sampled();
        Arc::new(Self {
            request_id: RequestId::arrived(headers, began),
            span: is_recorded.then(|| Box::new(span(&trace, method))),
            trace,
            method,
            began,
            started,
            route: OnceLock::new(),
            caller: OnceLock::new(),
            body: AtomicU8::new(BodyFate::Admitted as u8),
        })
    }

    /// The exchange that the current task works on; `None` outside of one and in spawned tasks,
    /// unless they run in [`Exchange::scope`].
    #[must_use]
    pub fn current() -> Option<Arc<Self>> {
        CURRENT.try_with(Arc::clone).ok()
    }

    /// The exchange of the request with these extensions.
    ///
    /// # Errors
    /// `internal_error` when the router is served without [`Edge::wrap`](crate::Edge::wrap).
    pub fn of(extensions: &Extensions) -> Result<&Arc<Self>, ApiError> {
        extensions.get().ok_or_else(|| {
            ApiError::internal("the request did not come through the edge: serve `Edge::wrap(router)`")
        })
    }

    /// Runs `work` as part of this exchange, so that its log lines carry the request id: for tasks
    /// started on the request's behalf. Spans that it opens are children of the request's.
    pub async fn scope<F: Future>(self: Arc<Self>, work: F) -> F::Output {
        let exchange = Arc::clone(&self);
        CURRENT.scope(self, Spanned { exchange, work }).await
    }

    /// The request's id.
    #[must_use]
    pub const fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// Where the request stands in its distributed trace.
    #[must_use]
    pub const fn trace(&self) -> &TraceContext {
        &self.trace
    }

    /// The method, `other` for one that HTTP does not define.
    #[must_use]
    pub const fn method(&self) -> &'static str {
        self.method
    }

    /// The template of the route that matched, such as `/v1/posts/{id}`; [`UNMATCHED`] for none.
    #[must_use]
    pub fn route(&self) -> &str {
        self.matched().map_or(UNMATCHED, Route::template)
    }

    /// Who sent the request, once somebody has found out.
    #[must_use]
    pub fn caller(&self) -> Option<&str> {
        self.caller.get().and_then(|caller| caller.0.as_deref())
    }

    /// Tells the access log who the caller is. The first answer stands.
    pub fn set_caller(&self, caller: CallerId) {
        let _first = self.caller.set(caller);
    }

    /// The time since the request's head was read.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// When the request's head was read, by the machine's clock.
    pub(crate) const fn began(&self) -> Timestamp {
        self.began
    }

    /// Ends the request's span, where its trace is recorded.
    pub(crate) fn end_span(&self, status: u16) {
        let Some(span) = &self.span else { return };
        span.record("http.route", self.route());
        span.record("http.response.status_code", status);
        span.record("mainstay.request_id", self.request_id.as_str());
        if status >= 500 {
            span.record("otel.status_code", "error");
        }
        span.record("otel.name", format_args!("{} {}", self.method, self.route()));
        span.record("ended", true);
    }

    pub(crate) const fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn matched(&self) -> Option<&Route> {
        self.route.get().map(|route| &**route)
    }

    pub(crate) fn set_route(&self, route: &Arc<Route>) {
        self.route.get_or_init(|| Arc::clone(route));
    }

    pub(crate) fn body_fate(&self) -> BodyFate {
        match self.body.load(Ordering::Acquire) {
            fate if fate == BodyFate::TooLarge as u8 => BodyFate::TooLarge,
            fate if fate == BodyFate::TooSlow as u8 => BodyFate::TooSlow,
            _ => BodyFate::Admitted,
        }
    }

    pub(crate) fn set_body_fate(&self, fate: BodyFate) {
        self.body.store(fate as u8, Ordering::Release);
    }
}

pin_project_lite::pin_project! {
    /// Work within the span of its exchange, if it has one: most have none, and pay but for the look.
    struct Spanned<F> {
        exchange: Arc<Exchange>,
        #[pin]
        work: F,
    }
}

impl<F: Future> Future for Spanned<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _entered = this.exchange.span.as_ref().map(|span| span.enter());
        this.work.poll(cx)
    }
}

/// A request's span. It may outlive the request, whose exchange is looked at later: its end is recorded.
fn span(trace: &TraceContext, method: &'static str) -> Span {
    use tracing::field::Empty;
    tracing::trace_span!(
        target: TRACE,
        "request",
        otel.kind = "server",
        otel.name = Empty,
        otel.status_code = Empty,
        trace_id = trace.here().trace_id(),
        span_id = trace.here().span_id(),
        parent_id = trace.parent(),
        http.request.method = method,
        http.route = Empty,
        http.response.status_code = Empty,
        mainstay.request_id = Empty,
        ended = Empty,
    )
}

/// Methods are the client's to choose; labels and log fields are not.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "other",
    }
}
