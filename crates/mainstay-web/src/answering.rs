//! The answer to one request while it is being made: the part of the edge that is polled.

use std::any::Any;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::response::{IntoResponse, Response};
use axum::routing::future::RouteFuture;
use futures_util::future::Either;

use crate::body_limit::BodyLimit;
use crate::error::ApiError;
use crate::exchange::Exchange;

/// A future too rarely needed to make every request's larger.
pub(crate) type Boxed = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

pin_project_lite::pin_project! {
    /// A response in the making. One concrete future, because every request has one.
    #[project = Stage]
    pub(crate) enum Answering {
        /// Refused before any handler saw it.
        Refused { response: Option<Response> },
        /// With the router.
        Routed {
            #[pin]
            routing: Either<RouteFuture<Infallible>, Boxed>,
            exchange: Arc<Exchange>,
            limit: BodyLimit,
        },
        /// Wrapped for a page of another origin.
        Wrapped { wrapped: Boxed },
    }
}

impl Answering {
    pub(crate) fn refused(refusal: ApiError) -> Self {
        Self::Refused { response: Some(refusal.into_response()) }
    }
}

impl Future for Answering {
    type Output = Response;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        match self.project() {
            Stage::Refused { response } => {
                Poll::Ready(response.take().expect("an answer is polled to its end once"))
            }
            Stage::Routed { routing, exchange, limit } => {
                let response = match catch_unwind(AssertUnwindSafe(|| routing.poll(cx))) {
                    Ok(answered) => {
                        let Ok(response) = ready!(answered);
                        response
                    }
                    Err(panic) => ApiError::internal(panic_message(&*panic)).into_response(),
                };
                Poll::Ready(refused_body(response, *limit, exchange))
            }
            Stage::Wrapped { wrapped } => {
                let Ok(response) = ready!(wrapped.as_mut().poll(cx));
                Poll::Ready(response)
            }
        }
    }
}

/// Whether `response` is a 4xx or 5xx.
pub(crate) fn is_error(response: &Response) -> bool {
    response.status().is_client_error() || response.status().is_server_error()
}

/// The refusal of a body that broke its limit, in place of whatever its reader made of that.
fn refused_body(response: Response, limit: BodyLimit, exchange: &Exchange) -> Response {
    match limit.refusal(exchange.body_fate()) {
        Some(refusal) if is_error(&response) => refusal.into_response(),
        Some(_) | None => response,
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
