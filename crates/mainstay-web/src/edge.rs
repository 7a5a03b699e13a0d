//! The edge in front of a router: what happens to every request, in order, in one future.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use bytes::Bytes;
use futures_util::future::Either;
use futures_util::{FutureExt, TryFutureExt};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ORIGIN, VARY};
use http::{HeaderMap, HeaderValue, Request};
use mainstay_kernel::Sampler;
use tower::{Layer, Service, ServiceExt};
use tower_http::cors::CorsLayer;

use crate::access_log::{AccessLog, Entry};
use crate::answering::{Answering, Boxed, is_error};
use crate::body_limit::{BodyLimit, LimitedBody};
use crate::client_address::{Cidr, ClientAddress};
use crate::compression;
use crate::cors::TrustedOrigins;
use crate::envelope::{self, Audience};
use crate::error::ApiError;
use crate::exchange::Exchange;
use crate::health::is_probe;
use crate::http_metrics::Metrics;
use crate::request_id::X_REQUEST_ID;
use crate::route::{RecordRoute, Routes};
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
    /// Proxies whose `X-Forwarded-For` says from where a request comes. Default: none.
    pub trusted_proxies: Vec<Cidr>,
    /// Whether answers are compressed for clients that ask. Default: gzip.
    pub compression: Compression,
    /// Which requests are recorded as spans of a trace. Default: none.
    pub sampler: Sampler,
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
    /// Where a line for each request goes. Default: to `tracing`.
    pub access_log: AccessLog,
}

/// A router behind the edge: serve it with [`Server`](crate::Server), or call it as a tower service.
#[derive(Clone)]
pub struct EdgeService(Arc<Shared>);

struct Shared {
    router: Router,
    /// The routes of the router that are known.
    routes: Routes,
    /// The same router for all others, whose routes it names itself.
    recorder: Router,
    config: EdgeConfig,
    cors: CorsLayer,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
    access_log: AccessLog,
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
        self.wrap_known(router, None::<&str>)
    }

    /// [`Edge::wrap`] for a router of which these route templates are known, in axum's form. To find one
    /// of them costs a request less than to be told by the router.
    #[must_use]
    pub fn wrap_known(
        self,
        router: Router,
        templates: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> EdgeService {
        let Self { config, metrics, shutdown, access_log } = self;
        let (cors, routes) = (config.trusted_origins.layer(), Routes::new(templates));
        // Handlers become services once, and not for each request.
        let router: Router = router.with_state(());
        let recorder = router.clone().layer(RecordRoute);
        EdgeService(Arc::new(Shared {
            router,
            routes,
            recorder,
            config,
            cors,
            metrics,
            shutdown,
            access_log,
        }))
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
        let exchange = Exchange::begin(request.method(), request.headers(), self.0.config.sampler);
        let entry = Entry::begin(&exchange, &self.0.metrics, &self.0.access_log);
        let audience = Audience::of(&request);
        let request = self.bounded(request, &exchange);
        let answering = self.across_origins(request, &exchange);
        let mut response = Arc::clone(&exchange).scope(answering).await;
        if is_error(&response) {
            response = Box::pin(envelope::seal(response, &audience, &exchange)).await;
        }
        self.stamp(&exchange, response.headers_mut());
        entry.finish(response.status());
        response
    }

    /// The request with its body under the limit, and its exchange and from where it comes in the extensions. axum's own
    /// limit is lifted: ours is in force.
    fn bounded<B>(&self, request: Request<B>, exchange: &Arc<Exchange>) -> Request<Body>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let EdgeConfig { body_limit, trusted_proxies, .. } = &self.0.config;
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(Arc::clone(exchange));
        ClientAddress::tell(trusted_proxies, &parts.headers, &mut parts.extensions);
        if body.is_end_stream() {
            return Request::from_parts(parts, Body::empty());
        }
        let body = Body::new(LimitedBody::new(body, *body_limit, Arc::clone(exchange)));
        let mut request = Request::from_parts(parts, body);
        DefaultBodyLimit::disable().apply(&mut request);
        request
    }

    /// The order to stop that this edge follows.
    #[must_use]
    pub fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// Answers preflights of trusted origins and lets their pages read what they are answered.
    fn across_origins(&self, request: Request<Body>, exchange: &Arc<Exchange>) -> Answering {
        if !self.0.config.trusted_origins.trust(request.headers()) {
            return self.admit(request, exchange);
        }
        let (edge, exchange) = (self.clone(), Arc::clone(exchange));
        let inner = tower::service_fn(move |request| edge.admit(request, &exchange).map(Ok::<_, Infallible>));
        Answering::Wrapped { wrapped: Box::pin(self.0.cors.layer(inner).oneshot(request)) }
    }

    /// Refuses what no handler should see and gives the rest to the router.
    fn admit(&self, request: Request<Body>, exchange: &Arc<Exchange>) -> Answering {
        if let Err(refusal) = self.judge(&request) {
            return Answering::refused(refusal);
        }
        let Shared { router, routes, recorder, config, .. } = &*self.0;
        let router = match routes.find(request.uri().path()) {
            Some(route) => {
                exchange.set_route(route);
                router
            }
            None => recorder,
        };
        let is_compressed =
            config.compression == Compression::Gzip && compression::is_asked_for(request.headers());
        let routing = if is_compressed {
            let compressed = compression::layer().layer(router.clone()).oneshot(request);
            Either::Right(Box::pin(compressed.map_ok(|response| response.map(Body::new))) as Boxed)
        } else {
            Either::Left(router.clone().call(request))
        };
        Answering::Routed { routing, exchange: Arc::clone(exchange), limit: config.body_limit }
    }

    fn judge(&self, request: &Request<Body>) -> Result<(), ApiError> {
        if self.0.shutdown.is_draining() && !is_probe(request.uri().path()) {
            return Err(ApiError::draining());
        }
        target::admit(request.uri())?;
        target::admit_host(request.headers())?;
        self.0.config.body_limit.admit(request.headers())
    }

    fn stamp(&self, exchange: &Exchange, headers: &mut HeaderMap) {
        headers.insert(X_REQUEST_ID, exchange.request_id().header());
        headers.insert(TRACEPARENT, exchange.trace().traceparent());
        if let Some(state) = exchange.trace().tracestate() {
            headers.insert(TRACESTATE, state.clone());
        }
        if !self.0.config.trusted_origins.is_empty() && !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
            headers.append(VARY, HeaderValue::from(ORIGIN));
        }
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
