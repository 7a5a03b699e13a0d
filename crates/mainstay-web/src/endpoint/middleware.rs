use std::sync::Mutex;

use axum::response::{IntoResponse, Response};
use mainstay_kernel::{Place, Result};

use super::{Boxed, RequestCx};
use crate::error::ApiError;

/// A function under `#[middleware]`, as a type: it runs around what answers a request, and outside its
/// transaction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a middleware",
    note = "write `#[middleware]` over the function; a layer of tower's is added by `.layer(…)`"
)]
pub trait Middleware: Copy + Send + Sync + 'static {
    /// The function's name.
    const NAME: &'static str;
    /// Where it stands.
    const PLACE: Place;

    /// Answers, usually by what comes next.
    fn run<'a>(cx: &'a mut RequestCx, next: Next<'a>) -> Boxed<'a, Result<Response>>;
}

/// A middleware without its type.
#[derive(Clone, Copy, Debug)]
pub struct MiddlewareEntry {
    /// The function's name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    run: for<'a> fn(&'a mut RequestCx, Next<'a>) -> Boxed<'a, Result<Response>>,
}

impl MiddlewareEntry {
    /// The entry of `M`.
    pub const fn of<M: Middleware>() -> Self {
        Self { name: M::NAME, place: M::PLACE, run: M::run }
    }
}

/// What comes after a middleware.
pub struct Next<'a> {
    rest: &'a [MiddlewareEntry],
    then: &'a dyn Then,
}

/// What answers when all middleware has run.
pub(crate) trait Then: Sync {
    fn call<'c>(&'c self, cx: &'c mut RequestCx) -> Boxed<'c, Response>;
}

impl<'a> Next<'a> {
    pub(crate) fn new(rest: &'a [MiddlewareEntry], then: &'a dyn Then) -> Self {
        Self { rest, then }
    }

    /// Lets it answer. An error is an answer too: its status tells.
    pub async fn run(self, cx: &mut RequestCx) -> Response {
        match self.rest.split_first() {
            Some((first, rest)) => settled((first.run)(cx, Next { rest, then: self.then }).await),
            None => self.then.call(cx).await,
        }
    }
}

/// An error as it is answered.
pub(super) fn settled(answered: Result<Response>) -> Response {
    answered.unwrap_or_else(|error| ApiError::from(error).into_response())
}

/// What axum has come to when our middleware is a layer.
pub(super) struct Inner(pub(super) Mutex<Option<axum::middleware::Next>>);

impl Then for Inner {
    fn call<'c>(&'c self, cx: &'c mut RequestCx) -> Boxed<'c, Response> {
        let next = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        let request = cx.request();
        Box::pin(async move {
            match next {
                Some(next) => next.run(request).await,
                None => ApiError::internal("a middleware let what comes next run twice").into_response(),
            }
        })
    }
}
