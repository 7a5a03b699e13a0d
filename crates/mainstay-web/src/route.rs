//! Which route a request takes. Its template names the request in the log and in the metrics, so it
//! is kept together with what counts there.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::task::{Context, Poll};

use axum::extract::MatchedPath;
use http::Request;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::histogram::Histogram;
use tower::{Layer, Service};

use crate::exchange::Exchange;

/// A route of the router and what counts its requests.
#[derive(Debug)]
pub(crate) struct Route {
    template: Box<str>,
    /// One for each method and status that was seen: a few.
    series: RwLock<Vec<Series>>,
}

/// What counts the requests of one route, method and status. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) method: &'static str,
    pub(crate) status: u16,
    pub(crate) requests: Counter,
    pub(crate) duration: Histogram,
}

impl Route {
    pub(crate) fn new(template: &str) -> Self {
        Self { template: template.into(), series: RwLock::default() }
    }

    /// Such as `/v1/posts/{id}`.
    pub(crate) fn template(&self) -> &str {
        &self.template
    }

    /// Counts a request in its series, which is made when it is the first.
    pub(crate) fn count(&self, method: &str, status: u16, seconds: f64, make: impl FnOnce() -> Series) {
        let is_its = |it: &&Series| it.status == status && it.method == method;
        if let Some(series) = self.series.read().unwrap_or_else(PoisonError::into_inner).iter().find(is_its) {
            return series.count(seconds);
        }
        let series = make();
        series.count(seconds);
        let mut all = self.series.write().unwrap_or_else(PoisonError::into_inner);
        if !all.iter().any(|it| is_its(&it)) {
            all.push(series);
        }
    }
}

impl Series {
    fn count(&self, seconds: f64) {
        self.requests.inc();
        self.duration.observe(seconds);
    }
}

/// Routes that are found by a request's path, before the router has found them too.
#[derive(Default)]
pub(crate) struct Routes(matchit::Router<Arc<Route>>);

impl Routes {
    pub(crate) fn new(templates: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let mut routes = matchit::Router::new();
        for template in templates {
            let template = template.as_ref();
            // Once for each of its methods; what the router would refuse is not a route either.
            let _known = routes.insert(template, Arc::new(Route::new(template)));
        }
        Self(routes)
    }

    pub(crate) fn find(&self, path: &str) -> Option<&Arc<Route>> {
        self.0.at(path).ok().map(|found| found.value)
    }
}

/// Tells the exchange which route matched, where only the router knows.
#[derive(Clone, Copy)]
pub(crate) struct RecordRoute;

#[derive(Clone)]
pub(crate) struct RouteRecorder<S> {
    inner: S,
    route: Arc<OnceLock<Arc<Route>>>,
}

impl<S> Layer<S> for RecordRoute {
    type Service = RouteRecorder<S>;

    fn layer(&self, inner: S) -> RouteRecorder<S> {
        RouteRecorder { inner, route: Arc::default() }
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for RouteRecorder<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let extensions = request.extensions();
        if let (Some(exchange), Some(path)) =
            (extensions.get::<Arc<Exchange>>(), extensions.get::<MatchedPath>())
        {
            exchange.set_route(self.route.get_or_init(|| Arc::new(Route::new(path.as_str()))));
        }
        self.inner.call(request)
    }
}
