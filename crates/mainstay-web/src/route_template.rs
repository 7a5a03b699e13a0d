//! Tells the exchange which route matched. Only inside the router is that known.

use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::MatchedPath;
use http::Request;
use tower::{Layer, Service};

use crate::exchange::Exchange;

/// Layers each route with [`RouteRecorder`].
#[derive(Clone, Copy)]
pub(crate) struct RecordRoute;

#[derive(Clone)]
pub(crate) struct RouteRecorder<S>(S);

impl<S> Layer<S> for RecordRoute {
    type Service = RouteRecorder<S>;

    fn layer(&self, inner: S) -> RouteRecorder<S> {
        RouteRecorder(inner)
    }
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for RouteRecorder<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let extensions = request.extensions();
        if let (Some(exchange), Some(route)) =
            (extensions.get::<Arc<Exchange>>(), extensions.get::<MatchedPath>())
        {
            exchange.set_route(route.clone());
        }
        self.0.call(request)
    }
}
