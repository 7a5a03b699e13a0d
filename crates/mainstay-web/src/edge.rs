//! The edge in front of a router: what happens to every request, in order, in one future.

use std::any::Any;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{ORIGIN, VARY};
use http::{HeaderMap, HeaderValue, Request};
use tower::{Layer, Service, ServiceExt};
use tower_http::cors::CorsLayer;

use crate::access_log::Entry;
use crate::body_limit::{BodyLimit, LimitedBody};
use crate::compression;
use crate::cors::TrustedOrigins;
use crate::envelope::{self, Audience};
use crate::error::ApiError;
use crate::exchange::Exchange;
use crate::health::is_probe;
use crate::http_metrics::Metrics;
use crate::request_id::X_REQUEST_ID;
use crate::route_template::RecordRoute;
use crate::shutdown::Shutdown;
use crate::target;
use crate::trace_context::{TRACEPARENT, TRACESTATE};

/// What the edge is told by configuration.
#[derive(Clone, Debug, Default)]
pub struct EdgeConfig {
    /// Limits on request bodies. Default: 1 MiB within 30 s.
    pub body_limit: BodyLimit,
    /// Origins whose pages may call with credentials. Default: none.
    pub trusted_origins: TrustedOrigins,
    /// Whether answers are compressed for clients that ask. Default: gzip.
    pub compression: Compression,
}

/// Whether answers are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// gzip for text of 1 KiB and more; never event streams.
    #[default]
    Gzip,
    /// Never: something in front of us does it.
    Off,
}

/// What stands between the socket and the router.
#[derive(Clone, Debug, Default)]
pub struct Edge {
    /// What it was told by configuration.
    pub config: EdgeConfig,
    /// Where it counts; share it with [`Health`](crate::Health), which shows it.
    pub metrics: Arc<Metrics>,
    /// The order to stop; share it with [`Health`](crate::Health) and keep a clone to give it.
    pub shutdown: Shutdown,
}

/// A router behind the edge: serve it with [`Server`](crate::Server), or call it as a tower service.
#[derive(Clone)]
pub struct EdgeService(Arc<Shared>);

struct Shared {
    router: Router,
    config: EdgeConfig,
    cors: CorsLayer,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
}

impl Edge {
    /// An edge with metrics and a shutdown of its own.
    #[must_use]
    pub fn new(config: EdgeConfig) -> Self {
        Self { config, ..Self::default() }
    }

    /// Puts the edge in front of `router`, which must be complete: routes added later are not seen.
    #[must_use]
    pub fn wrap(self, router: Router) -> EdgeService {
        let Self { config, metrics, shutdown } = self;
        let cors = config.trusted_origins.layer();
        EdgeService(Arc::new(Shared { router: router.layer(RecordRoute), config, cors, metrics, shutdown }))
    }
}

impl EdgeService {
    /// Answers one request: names it, lets the router answer, turns errors into the envelope, and
    /// writes the access log. Dropped before it is done, it logs that the client went away.
    pub async fn answer<B>(&self, request: Request<B>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let exchange = Exchange::begin(request.method(), request.headers());
        let entry = Entry::begin(Arc::clone(&exchange), Arc::clone(&self.0.metrics));
        let audience = Audience::of(&request);
        let work = async {
            let response = self.across_origins(request, &exchange).await;
            if is_error(&response) {
                return Box::pin(envelope::seal(response, &audience, &exchange)).await;
            }
            response
        };
        let mut response = Arc::clone(&exchange).scope(work).await;
        stamp(&exchange, response.headers_mut());
        entry.finish(response.status());
        response
    }

    /// The order to stop that this edge follows.
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// Answers preflights of trusted origins and lets their pages read what they are answered.
    async fn across_origins<B>(&self, request: Request<B>, exchange: &Arc<Exchange>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let origins = &self.0.config.trusted_origins;
        if origins.trust(request.headers()) {
            let inner =
                tower::service_fn(async |request| Ok::<_, Infallible>(self.admit(request, exchange).await));
            let Ok(response) = self.0.cors.layer(inner).oneshot(request).await;
            return response;
        }
        let mut response = self.admit(request, exchange).await;
        if !origins.is_empty() {
            response.headers_mut().append(VARY, HeaderValue::from(ORIGIN));
        }
        response
    }

    /// Refuses what no handler should see; bounds the body, and catches the panics, of the rest.
    async fn admit<B>(&self, request: Request<B>, exchange: &Arc<Exchange>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let limit = self.0.config.body_limit;
        if let Err(refusal) = self.judge(&request) {
            return refusal.into_response();
        }
        let request = bounded(request, limit, exchange);
        let response = match AssertUnwindSafe(self.route(request)).catch_unwind().await {
            Ok(response) => response,
            Err(panic) => ApiError::internal(panic_message(&*panic)).into_response(),
        };
        match limit.refusal(exchange.body_fate()) {
            Some(refusal) if is_error(&response) => refusal.into_response(),
            Some(_) | None => response,
        }
    }

    fn judge<B>(&self, request: &Request<B>) -> Result<(), ApiError> {
        if self.0.shutdown.is_draining() && !is_probe(request.uri().path()) {
            return Err(ApiError::draining());
        }
        target::admit(request.uri())?;
        self.0.config.body_limit.admit(request.headers())
    }

    async fn route(&self, request: Request<Body>) -> Response {
        let mut router = self.0.router.clone();
        if self.0.config.compression == Compression::Gzip && compression::is_asked_for(request.headers()) {
            let Ok(response) = Box::pin(compression::layer().layer(router).oneshot(request)).await;
            return response.map(Body::new);
        }
        let Ok(response) = router.call(request).await;
        response
    }
}

impl<B> Service<Request<B>> for EdgeService
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let edge = self.clone();
        Box::pin(async move { Ok(edge.answer(request).await) })
    }
}

/// The request with its body under the limit and its exchange in the extensions. axum's own limit
/// is lifted: ours is in force.
fn bounded<B>(request: Request<B>, limit: BodyLimit, exchange: &Arc<Exchange>) -> Request<Body>
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    let mut request = request.map(|body| {
        if body.is_end_stream() {
            Body::empty()
        } else {
            Body::new(LimitedBody::new(body, limit, Arc::clone(exchange)))
        }
    });
    request.extensions_mut().insert(Arc::clone(exchange));
    DefaultBodyLimit::disable().apply(&mut request);
    request
}

fn is_error(response: &Response) -> bool {
    response.status().is_client_error() || response.status().is_server_error()
}

fn stamp(exchange: &Exchange, headers: &mut HeaderMap) {
    headers.insert(X_REQUEST_ID, exchange.request_id().header());
    headers.insert(TRACEPARENT, exchange.trace().traceparent());
    if let Some(state) = exchange.trace().tracestate() {
        headers.insert(TRACESTATE, state.clone());
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text");
    format!("the handler panicked: {message}")
}
