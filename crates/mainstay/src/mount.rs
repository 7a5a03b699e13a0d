use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use mainstay_kernel::{Place, Result};
use mainstay_model::migration::{Embedded, Migration};
use mainstay_model::{Hook, HookEntry, ModelEntry, Scope};
use mainstay_web::Site;

use crate::command::{AppCommand, CommandCx};
use crate::declared::{Declared, Expected};
use crate::route::Route;

/// A part of an application: models, hooks, routes and the rest, below one prefix. What discovery
/// generates is one; [`App::mount`](crate::App::mount) takes it.
#[derive(Default)]
pub struct Mount {
    pub(crate) prefix: Option<(&'static str, Place)>,
    pub(crate) models: Vec<Mounted>,
    pub(crate) hooks: Vec<HookEntry>,
    pub(crate) routes: Vec<Route>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) commands: Vec<AppCommand>,
    pub(crate) migrations: Option<(Embedded, Place)>,
    pub(crate) migrations_in_rust: Vec<Migration>,
    pub(crate) declared: Vec<Expected>,
}

/// A model, and where it was mounted.
#[derive(Clone, Copy)]
pub(crate) struct Mounted {
    pub(crate) model: &'static ModelEntry,
    pub(crate) at: Place,
    /// Whether its rows are the application's users.
    pub(crate) users: bool,
}

/// Puts a tower layer around a mount's routes.
pub(crate) type Layer = Box<dyn FnOnce(axum::Router<Site>) -> axum::Router<Site> + Send>;

/// The part with its routes below this prefix, such as `/admin`, in place of the API's own.
///
/// ```
/// # use mainstay::prelude::*;
/// # async fn health() -> &'static str { "fine" }
/// let app = App::new("shop").mount(mainstay::mount("/admin", Mount::new().route(get("/state", health))));
/// assert_eq!(app.routes().unwrap()[0].to_string(), "GET /admin/state");
/// ```
#[track_caller]
#[must_use]
pub fn mount(prefix: &'static str, mut part: Mount) -> Mount {
    part.prefix = Some((prefix, Place::caller()));
    part
}

impl Mount {
    /// A part with nothing in it, below the API's prefix.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a model: its table, and the routes that its scope grants.
    #[track_caller]
    #[must_use]
    pub fn model<M: Scope>(mut self) -> Self {
        self.models.push(Mounted {
            model: const { &ModelEntry::of::<M>() },
            at: Place::caller(),
            users: false,
        });
        self
    }

    /// Adds the model whose rows are the application's users: a verified person's row is made from
    /// the claims when first seen. It needs the fields `issuer` and `subject` (`#[model(identity)]`).
    #[track_caller]
    #[must_use]
    pub fn users<M: Scope>(mut self) -> Self {
        self.models.push(Mounted {
            model: const { &ModelEntry::of::<M>() },
            at: Place::caller(),
            users: true,
        });
        self
    }

    /// Adds a hook, such as `index_post`: a function under `#[hook(…)]`. Among hooks of one priority
    /// the one added first runs first.
    #[must_use]
    pub fn hook<H: Hook>(mut self, hook: H) -> Self {
        let _ = hook;
        self.hooks.push(HookEntry::of::<H>());
        self
    }

    /// Adds a route, such as `get("/hello", hello)`, below the prefix. Handlers, extractors and
    /// responses are axum's.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Puts a tower layer around the routes of this part, as [`axum::Router::layer`] does.
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: tower_layer::Layer<axum::routing::Route> + Clone + Send + Sync + 'static,
        L::Service: tower_service::Service<axum::extract::Request> + Clone + Send + Sync + 'static,
        <L::Service as tower_service::Service<axum::extract::Request>>::Response:
            axum::response::IntoResponse + 'static,
        <L::Service as tower_service::Service<axum::extract::Request>>::Error:
            Into<std::convert::Infallible> + 'static,
        <L::Service as tower_service::Service<axum::extract::Request>>::Future: Send + 'static,
    {
        self.layers.push(boxed(layer));
        self
    }

    /// Says which migrations in SQL the program carries, usually `mainstay::migrations!()`. Where the
    /// folder itself is there, as it is in development, it decides.
    #[track_caller]
    #[must_use]
    pub fn migrations(mut self, migrations: Embedded) -> Self {
        self.migrations = Some((migrations, Place::caller()));
        self
    }

    /// Adds a migration in Rust, among those in SQL by its name.
    #[must_use]
    pub fn migration(mut self, migration: Migration) -> Self {
        self.migrations_in_rust.push(migration);
        self
    }

    /// Adds a command to the application's command line, such as `seed`. It runs in the serving
    /// process when one owns the database file.
    #[track_caller]
    #[must_use]
    pub fn command<F, R>(mut self, name: &'static str, about: &'static str, run: F) -> Self
    where
        F: Fn(CommandCx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<()>> + Send + 'static,
    {
        let run = move |cx| -> Pin<Box<dyn Future<Output = Result<()>> + Send>> { Box::pin(run(cx)) };
        self.commands.push(AppCommand { name, about, run: Arc::new(run), at: Place::caller() });
        self
    }
}

impl Mount {
    /// Says what the sources declare, which then has to be mounted: discovery writes this call. `beside` is
    /// a file of the folder that the declared files are below, as `file!()` gives it.
    #[must_use]
    pub fn declared(mut self, beside: &'static str, all: &'static [Declared]) -> Self {
        self.declared.push(Expected { beside, all });
        self
    }

    /// What its routes begin with; `usual` where it has no prefix of its own.
    pub(crate) fn prefix_or<'a>(&self, usual: &'a str) -> &'a str {
        self.prefix.map_or(usual, |(prefix, _)| prefix)
    }
}

/// A layer without its type.
pub(crate) fn boxed<L>(layer: L) -> Layer
where
    L: tower_layer::Layer<axum::routing::Route> + Clone + Send + Sync + 'static,
    L::Service: tower_service::Service<axum::extract::Request> + Clone + Send + Sync + 'static,
    <L::Service as tower_service::Service<axum::extract::Request>>::Response:
        axum::response::IntoResponse + 'static,
    <L::Service as tower_service::Service<axum::extract::Request>>::Error:
        Into<std::convert::Infallible> + 'static,
    <L::Service as tower_service::Service<axum::extract::Request>>::Future: Send + 'static,
{
    Box::new(move |router| router.layer(layer))
}
