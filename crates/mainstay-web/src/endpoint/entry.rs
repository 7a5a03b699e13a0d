use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, on};
use schemars::SchemaGenerator;

use super::describe::{Described, Describing};
use super::middleware::{MiddlewareEntry, Next, Then};
use super::spec::Method;
use super::{Boxed, RequestCx, Spec};
use crate::error::ApiError;
use crate::rate_limit;
use crate::site::Site;

/// A function under `#[endpoint]`, as a type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an endpoint",
    note = "write `#[endpoint(get, \"/…\")]` over the function; a plain handler of axum's is added by `.route(get(\"/…\", handler))`"
)]
pub trait Endpoint: Copy + Send + Sync + 'static {
    /// What it says of itself.
    const SPEC: Spec;

    /// Adds its arguments and its answer.
    fn document(of: &mut Describing<'_>);

    /// Answers one request, whose middleware has run.
    fn call(cx: &mut RequestCx) -> Boxed<'_, Response>;
}

/// An endpoint without its type.
#[derive(Clone, Copy, Debug)]
pub struct EndpointEntry {
    /// What it says of itself.
    pub spec: &'static Spec,
    /// Its type's path.
    path: fn() -> &'static str,
    document: fn(&mut Describing<'_>),
    call: for<'c> fn(&'c mut RequestCx) -> Boxed<'c, Response>,
}

impl EndpointEntry {
    /// The entry of `E`.
    pub const fn of<E: Endpoint>() -> Self {
        Self {
            spec: const { &E::SPEC },
            path: std::any::type_name::<E>,
            document: E::document,
            call: E::call,
        }
    }

    /// What people know it by: the name of its function, and where that is only `handler` that of its file, such as
    /// `posts::id::publish::post`.
    pub fn name(&self) -> &'static str {
        match (self.path)().strip_suffix("::handler") {
            Some(file) => {
                file.split_once("::endpoints::").or_else(|| file.split_once("::")).map_or(file, |(_, it)| it)
            }
            None => self.spec.name,
        }
    }

    /// What it takes and answers, with shared shapes put into `schemas`.
    pub fn describe(&self, schemas: &mut SchemaGenerator) -> Described {
        let mut of = Describing { schemas, described: Described::default() };
        (self.document)(&mut of);
        of.described
    }

    /// The endpoint as routing takes it, with `around` it and around its own middleware.
    pub fn route(
        self,
        method: Method,
        around: impl IntoIterator<Item = MiddlewareEntry>,
    ) -> MethodRouter<Site> {
        let chain: Arc<[_]> = around.into_iter().chain(self.spec.middleware.iter().copied()).collect();
        on(method.filter(), move |State(site): State<Site>, request: Request| {
            let chain = Arc::clone(&chain);
            async move { self.answer(&chain, RequestCx::new(site, request)).await }
        })
    }

    async fn answer(&self, chain: &[MiddlewareEntry], mut cx: RequestCx) -> Response {
        let quota = match self.spec.rate {
            Some(rate) => rate_limit::admit(cx.site(), &cx.parts, (self.path)(), rate).await.map(Some),
            None => Ok(None),
        };
        match quota {
            Ok(quota) => rate_limit::tell(Next::new(chain, self).run(&mut cx).await, quota),
            Err(refusal) => ApiError::from(refusal).into_response(),
        }
    }
}

impl Then for EndpointEntry {
    fn call<'c>(&'c self, cx: &'c mut RequestCx) -> Boxed<'c, Response> {
        (self.call)(cx)
    }
}
