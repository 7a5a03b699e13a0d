use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use mainstay_kernel::{Place, Result};
use mainstay_model::migration::{Embedded, Migration};
use mainstay_model::{HookEntry, ModelEntry, Scope};
use mainstay_queue::cron::{Cron, CronEntry};
use mainstay_queue::{Operation, OperationEntry, QueueSpec, Work, Worker, WorkerEntry};
use mainstay_web::Site;
use mainstay_web::crud::{self, CrudRoute};
use mainstay_web::endpoint::{
    Endpoint, EndpointEntry, Method, Middleware, MiddlewareEntry, RequestHook, RequestHookEntry, Stands,
};

use crate::around::{Around, Arounds};
use crate::command::{AppCommand, CommandCx};
use crate::declared::{Declared, Expected};
use crate::hooked::Hooked;
use crate::route::Route;

/// A part of an application: models, hooks, routes and the rest, below one prefix. What discovery
/// generates is one; [`App::mount`](crate::App::mount) takes it.
#[derive(Default)]
pub struct Mount {
    pub(crate) prefix: Option<(&'static str, Place)>,
    pub(crate) models: Vec<Mounted>,
    pub(crate) hooks: Vec<HookEntry>,
    pub(crate) endpoints: Vec<Served>,
    pub(crate) middleware: Arounds,
    /// Around the endpoints at this path and below it.
    pub(crate) middleware_below: Vec<(&'static str, MiddlewareEntry)>,
    pub(crate) request_hooks: Vec<RequestHookEntry>,
    pub(crate) work: Work,
    pub(crate) operations: Vec<OperationEntry>,
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

/// An endpoint and the route that it answers; none where nobody said.
#[derive(Clone, Copy)]
pub(crate) struct Served {
    pub(crate) endpoint: EndpointEntry,
    pub(crate) route: Option<(Method, &'static str)>,
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
    /// the one added first runs first. One that spawns brings the worker of its tasks with it.
    #[must_use]
    pub fn hook<H: Hooked>(mut self, hook: H) -> Self {
        let _ = hook;
        self.hooks.push(HookEntry::of::<H>());
        self.work.workers.extend(H::WORKER);
        self
    }

    /// Adds an endpoint, such as `publish`: a function under `#[endpoint(post, "/posts/{id}/publish")]`.
    #[must_use]
    pub fn endpoint<E: Endpoint>(mut self, endpoint: E) -> Self {
        let _ = endpoint;
        self.endpoints.push(Served { endpoint: EndpointEntry::of::<E>(), route: E::SPEC.route });
        self
    }

    /// Adds an endpoint that answers this method and path, as its file says.
    #[must_use]
    pub fn endpoint_at<E: Endpoint>(mut self, method: Method, path: &'static str, endpoint: E) -> Self {
        let _ = endpoint;
        self.endpoints.push(Served { endpoint: EndpointEntry::of::<E>(), route: Some((method, path)) });
        self
    }

    /// Puts a middleware around every route of this part, those of models too; one that takes a `Cx` around its
    /// operations. The one added first is outermost.
    #[must_use]
    pub fn middleware<K, M: Around<K>>(mut self, middleware: M) -> Self {
        let _ = middleware;
        self.middleware.add::<K, M>();
        self
    }

    /// Puts a middleware around the endpoints whose path is this one, such as `/admin`, or below it.
    #[must_use]
    pub fn middleware_below<M: Middleware>(mut self, path: &'static str, middleware: M) -> Self {
        let _ = middleware;
        self.middleware_below.push((path, MiddlewareEntry::of::<M>()));
        self
    }

    /// Adds a request hook: a function under `#[request_hook(…)]`, which runs for every route of the application.
    #[must_use]
    pub fn request_hook<H: RequestHook>(mut self, hook: H) -> Self {
        let _ = hook;
        self.request_hooks.push(RequestHookEntry::of::<H>());
        self
    }

    /// Adds a worker, such as `send_welcome`: a function under `#[worker]`, which runs the tasks of its name.
    #[must_use]
    pub fn worker<W: Worker>(mut self, worker: W) -> Self {
        let _ = worker;
        self.work.workers.push(WorkerEntry::of::<W>());
        self
    }

    /// Adds a cron, such as `cleanup`: a function under `#[cron(…)]`.
    #[must_use]
    pub fn cron<C: Cron>(mut self, cron: C) -> Self {
        let _ = cron;
        self.work.crons.push(CronEntry::of::<C>());
        self
    }

    /// Adds an operation, such as `create_user`: a function under `#[mutation(…)]` or `#[query(…)]`. It is called at
    /// `/ops/<path>` below the API's prefix, from within, and by tasks.
    #[must_use]
    pub fn operation<O: Operation>(mut self, operation: O) -> Self {
        let _ = operation;
        self.operations.push(OperationEntry::of::<O>());
        self
    }

    /// Says something of a queue: `.queue("mail", |queue| queue.concurrency(4).retry(Retry::fixed(2)))`.
    #[track_caller]
    #[must_use]
    pub fn queue(mut self, name: &'static str, say: impl FnOnce(QueueSpec) -> QueueSpec) -> Self {
        self.work.queues.push(say(QueueSpec::new(name, Place::caller())));
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

impl Served {
    /// Where it answers below this prefix.
    pub(crate) fn path(&self, prefix: &str) -> Option<(Method, String)> {
        self.route.map(|(method, path)| (method, format!("{prefix}{}", path.trim_end_matches('/'))))
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

    /// The middleware around an endpoint of this path, the widest first.
    pub(crate) fn around(&self, path: &str) -> Vec<MiddlewareEntry> {
        let is_below = |folder: &str| {
            path.strip_prefix(folder.trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mut around: Vec<_> =
            self.middleware_below.iter().filter(|(folder, _)| is_below(folder)).collect();
        around.sort_by_key(|(folder, _)| folder.trim_end_matches('/').len());
        around.into_iter().map(|(_, middleware)| *middleware).collect()
    }

    /// The generated routes that stay: those in whose place no endpoint stands.
    pub(crate) fn generated(&self, model: &ModelEntry, prefix: &str) -> Vec<CrudRoute> {
        let instead: Vec<_> = self
            .endpoints
            .iter()
            .filter(|it| it.endpoint.spec.stands == Stands::Instead)
            .filter_map(|it| it.path(prefix))
            .collect();
        let mut routes = crud::routes(model, prefix);
        routes.retain(|it| {
            !instead.iter().any(|(method, path)| method.as_str() == it.method && *path == it.path)
        });
        routes
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
