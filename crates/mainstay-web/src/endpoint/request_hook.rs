use std::fmt;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use mainstay_kernel::{Place, Result};
use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::middleware::{Inner, MiddlewareEntry, settled};
use super::{Boxed, Next, RequestCx};
use crate::error::ApiError;
use crate::site::Site;

/// When a request hook runs. It runs for every request that a route of the application answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before the credential is looked at.
    BeforeAuth,
    /// Once the caller is known.
    BeforeHandler,
    /// With the response, whoever made it.
    AfterHandler,
}

impl Moment {
    /// As it is written: `before_auth`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BeforeAuth => "before_auth",
            Self::BeforeHandler => "before_handler",
            Self::AfterHandler => "after_handler",
        }
    }
}

/// A function under `#[request_hook(…)]`, as a type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a request hook",
    note = "write `#[request_hook(before_handler)]` over the function"
)]
pub trait RequestHook: Copy + Send + Sync + 'static {
    /// When it runs.
    const MOMENT: Moment;
    /// The function's name.
    const NAME: &'static str;
    /// Where it stands.
    const PLACE: Place;

    /// Runs it. There is a response after the handler, and none before.
    fn run<'a>(cx: &'a mut RequestCx, response: Option<&'a mut Response>) -> Boxed<'a, Result<()>>;
}

/// A request hook without its type.
#[derive(Clone, Copy, Debug)]
pub struct RequestHookEntry {
    /// When it runs.
    pub moment: Moment,
    /// The function's name.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    run: for<'a> fn(&'a mut RequestCx, Option<&'a mut Response>) -> Boxed<'a, Result<()>>,
}

impl RequestHookEntry {
    /// The entry of `H`.
    pub const fn of<H: RequestHook>() -> Self {
        Self { moment: H::MOMENT, name: H::NAME, place: H::PLACE, run: H::run }
    }
}

/// `request          before_auth           trace_it`, beside the hooks of models.
impl fmt::Display for RequestHookEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<16} {:<19}  {}", "request", self.moment.name(), self.name)
    }
}

impl Serialize for RequestHookEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut hook = serializer.serialize_struct("RequestHookEntry", 4)?;
        hook.serialize_field("request", self.moment.name())?;
        hook.serialize_field("name", self.name)?;
        hook.serialize_field("file", self.place.file)?;
        hook.serialize_field("line", &self.place.line)?;
        hook.end()
    }
}

/// What runs around every route of an application.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Middleware, the first outermost.
    pub middleware: Vec<MiddlewareEntry>,
    /// Request hooks, in the order in which they run.
    pub hooks: Vec<RequestHookEntry>,
}

impl Around {
    /// Puts it around the routes of `router`.
    pub fn layer(self, router: Router<Site>, site: &Site) -> Router<Site> {
        if self.middleware.is_empty() && self.hooks.is_empty() {
            return router;
        }
        let (around, site) = (Arc::new(self), site.clone());
        router.layer(axum::middleware::from_fn(move |request: Request, next: axum::middleware::Next| {
            let (around, site) = (Arc::clone(&around), site.clone());
            async move { around.answer(RequestCx::new(site, request), next).await }
        }))
    }

    async fn answer(&self, mut cx: RequestCx, next: axum::middleware::Next) -> Response {
        let mut response = match self.before(&mut cx).await {
            Ok(()) => {
                let inner = Inner(Mutex::new(Some(next)));
                Next::new(&self.middleware, &inner).run(&mut cx).await
            }
            Err(refusal) => refusal.into_response(),
        };
        for hook in self.at(Moment::AfterHandler) {
            if let Err(error) = (hook.run)(&mut cx, Some(&mut response)).await {
                response = settled(Err(error));
            }
        }
        response
    }

    async fn before(&self, cx: &mut RequestCx) -> Result<(), ApiError> {
        for hook in self.at(Moment::BeforeAuth) {
            (hook.run)(cx, None).await?;
        }
        if self.at(Moment::BeforeHandler).next().is_some() {
            let _ = cx.caller().await?;
        }
        for hook in self.at(Moment::BeforeHandler) {
            (hook.run)(cx, None).await?;
        }
        Ok(())
    }

    fn at(&self, moment: Moment) -> impl Iterator<Item = &RequestHookEntry> {
        self.hooks.iter().filter(move |it| it.moment == moment)
    }
}
