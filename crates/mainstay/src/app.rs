use std::future::Future;

use mainstay_kernel::{Clock, Error, Place, Result};
use mainstay_model::migration::{Embedded, Migration};
use mainstay_model::{HookEntry, Hooks, Model, ModelEntry, Scope};
use mainstay_queue::cron::Cron;
use mainstay_queue::{Operation, OperationEntry, Operations, QueueSpec, Work, Worker};
use mainstay_web::endpoint::{Endpoint, Method, RequestHook, RequestHookEntry};
use mainstay_web::{Env, RouteEntry, States};

use crate::around::{Around, Arounds};
use crate::command::{AppCommand, CommandCx};
use crate::config::{self, Config, Faults, Given, Settings, SettingsEntry, Sources};
use crate::hooked::Hooked;
use crate::mount::{Layer, Mount, Mounted, boxed};
use crate::route::Route;
use crate::{Running, clash, listing, serve};

/// An application before it runs: what it is made of.
pub struct App {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// What was added to the application itself.
    pub(crate) own: Mount,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) middleware: Arounds,
    pub(crate) layers: Vec<Layer>,
    pub(crate) settings: Vec<SettingsEntry>,
    pub(crate) states: States,
    /// Types of which a value was given twice, and where.
    pub(crate) rival_states: Vec<(&'static str, Place, Place)>,
    pub(crate) env: Env,
}

impl App {
    /// An application of this name, which also names its default database file.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            version: "0.0.0",
            own: Mount::new(),
            mounts: Vec::new(),
            middleware: Arounds::default(),
            layers: Vec::new(),
            settings: Vec::new(),
            states: States::default(),
            rival_states: Vec::new(),
            env: Env::default(),
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Says the application's version, usually `env!("CARGO_PKG_VERSION")`: `/readyz` shows it.
    #[must_use]
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Adds a part, such as `discovered::app()`, or one below another prefix: [`mount`](crate::mount()).
    #[must_use]
    pub fn mount(mut self, part: Mount) -> Self {
        self.mounts.push(part);
        self
    }

    /// Adds a model: its table, and the routes that its scope grants.
    #[track_caller]
    #[must_use]
    pub fn model<M: Scope>(mut self) -> Self {
        self.own = self.own.model::<M>();
        self
    }

    /// Adds the model whose rows are the application's users, as [`Mount::users`] does.
    #[track_caller]
    #[must_use]
    pub fn users<M: Scope>(mut self) -> Self {
        self.own = self.own.users::<M>();
        self
    }

    /// Adds a hook, such as `index_post`: a function under `#[hook(…)]`. Among hooks of one priority
    /// the one added first runs first. One that spawns brings the worker of its tasks with it.
    #[must_use]
    pub fn hook<H: Hooked>(mut self, hook: H) -> Self {
        self.own = self.own.hook(hook);
        self
    }

    /// The hooks of a model: those before, those after and those that spawn, each in the order in which they run.
    ///
    /// # Errors
    /// Internal, naming two hooks of one name, or a hook whose model is not mounted.
    pub fn hooks_for<M: Model>(&self) -> Result<Vec<HookEntry>> {
        Ok(self.registry()?.of(M::SCHEMA).to_vec())
    }

    /// Its models, in the order in which they were added.
    pub fn models(&self) -> Vec<&'static ModelEntry> {
        self.mounted().map(|it| it.model).collect()
    }

    /// Its routes, sorted by path; below `/v1` where a part has no prefix of its own. The ones below
    /// the configured prefix are in [`Assembly::routes`](crate::Assembly).
    ///
    /// # Errors
    /// Internal, naming two that clash and where they are.
    pub fn routes(&self) -> Result<Vec<RouteEntry>> {
        let routes = listing::routes(self, &self.operations(&Clock::system())?, "/v1");
        clash::routes(&routes)?;
        Ok(routes)
    }

    /// Adds an endpoint, as [`Mount::endpoint`] does.
    #[must_use]
    pub fn endpoint<E: Endpoint>(mut self, endpoint: E) -> Self {
        self.own = self.own.endpoint(endpoint);
        self
    }

    /// Adds an endpoint that answers this method and path, as [`Mount::endpoint_at`] does.
    #[must_use]
    pub fn endpoint_at<E: Endpoint>(mut self, method: Method, path: &'static str, endpoint: E) -> Self {
        self.own = self.own.endpoint_at(method, path, endpoint);
        self
    }

    /// Puts a middleware around every route of the application, those of models too; one that takes a `Cx` around
    /// every operation. The one added first is outermost.
    #[must_use]
    pub fn middleware<K, M: Around<K>>(mut self, middleware: M) -> Self {
        let _ = middleware;
        self.middleware.add::<K, M>();
        self
    }

    /// Adds a request hook: a function under `#[request_hook(…)]`, which runs for every route.
    #[must_use]
    pub fn request_hook<H: RequestHook>(mut self, hook: H) -> Self {
        self.own = self.own.request_hook(hook);
        self
    }

    /// Adds a worker, as [`Mount::worker`] does.
    #[must_use]
    pub fn worker<W: Worker>(mut self, worker: W) -> Self {
        self.own = self.own.worker(worker);
        self
    }

    /// Adds a cron, as [`Mount::cron`] does.
    #[must_use]
    pub fn cron<C: Cron>(mut self, cron: C) -> Self {
        self.own = self.own.cron(cron);
        self
    }

    /// Adds an operation, as [`Mount::operation`] does.
    #[must_use]
    pub fn operation<O: Operation>(mut self, operation: O) -> Self {
        self.own = self.own.operation(operation);
        self
    }

    /// Says something of a queue, as [`Mount::queue`] does.
    #[track_caller]
    #[must_use]
    pub fn queue(mut self, name: &'static str, say: impl FnOnce(QueueSpec) -> QueueSpec) -> Self {
        self.own = self.own.queue(name, say);
        self
    }

    /// What runs beside requests: workers, crons, and the operations that tasks can name.
    pub fn work(&self) -> Work {
        let mut all = Work::default();
        for part in self.parts() {
            all.workers.extend(&part.work.workers);
            all.workers.extend(part.operations.iter().map(OperationEntry::worker));
            all.crons.extend(&part.work.crons);
            all.queues.extend(part.work.queues.iter().cloned());
        }
        all
    }

    /// Its operations, each with what is around it: the middleware of the application, of its part, of its queue and
    /// its own. Answers are given again as long as the clock says.
    ///
    /// # Errors
    /// Internal, naming two that have one path, and where they are.
    pub fn operations(&self, clock: &Clock) -> Result<Operations> {
        let work = self.work();
        let mounted = self.parts().flat_map(|part| part.operations.iter().map(move |it| (part, *it)));
        let mounted = mounted.map(|(part, entry)| {
            let of_queue =
                work.queue(entry.spec.queue).map(|it| it.middleware.as_slice()).unwrap_or_default();
            let around = [&self.middleware.operations, &part.middleware.operations, of_queue].concat();
            (entry, around)
        });
        Operations::new(mounted, clock)
    }

    /// Adds a route, such as `get("/hello", hello)`, below the API's prefix. Handlers, extractors
    /// and responses are axum's.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.own = self.own.route(route);
        self
    }

    /// Reads a struct under `#[derive(Config)]` from variables at start, beside the framework's, and gives
    /// it to handlers as `State<T>`.
    #[track_caller]
    #[must_use]
    pub fn config<T: Settings>(mut self) -> Self {
        self.settings.push(SettingsEntry::of::<T>(Place::caller()));
        self
    }

    /// Gives handlers a value as `State<T>`. One of a type that [`App::config`] reads takes its place,
    /// and the variables are not read: for tests.
    #[track_caller]
    #[must_use]
    pub fn state<T: Clone + Send + Sync + 'static>(mut self, value: T) -> Self {
        let place = Place::caller();
        if let Err(before) = self.states.insert(value, place) {
            self.rival_states.push((std::any::type_name::<T>(), before, place));
        }
        self
    }

    /// Reads what [`App::config`] asks for from these sources, and nothing of the framework's. A program
    /// that only calls [`App::run`] or [`App::start`] needs it not.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn configured(self, sources: Sources) -> std::result::Result<Self, Faults> {
        let given = config::given(&sources.reading(self.unread()))?;
        Ok(self.given(&given))
    }

    /// Puts a tower layer around all routes, as [`axum::Router::layer`] does.
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
        self.own = self.own.migrations(migrations);
        self
    }

    /// Adds a migration in Rust, among those in SQL by its name.
    #[must_use]
    pub fn migration(mut self, migration: Migration) -> Self {
        self.own = self.own.migration(migration);
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
        self.own = self.own.command(name, about, run);
        self
    }

    /// Runs the application's command line: `serve` when no command is given.
    ///
    /// # Errors
    /// What keeps it from starting, or the command's own error.
    pub async fn run(self) -> Result<()> {
        crate::command::run(self).await
    }

    /// Starts to serve as a part of another program, by the variables of the process and the files of its
    /// project root. `PORT=0` takes any port that is free: [`Running::address`] says which. Signals and the
    /// log are the program's own.
    ///
    /// # Errors
    /// What keeps it from starting: every fault of the configuration at once, the database, the port.
    pub async fn start(self) -> Result<Running> {
        let sources = Sources::of_process(self.name).map_err(|faults| Error::internal(faults.to_string()))?;
        self.start_with(sources).await
    }

    /// Starts to serve as [`App::start`] does, by these sources alone.
    ///
    /// # Errors
    /// As [`App::start`].
    pub async fn start_with(self, sources: Sources) -> Result<Running> {
        let (app, config) = self.read(sources).map_err(|faults| Error::internal(faults.to_string()))?;
        if config.traces.collector.is_some() {
            tracing::warn!(
                "OTEL_EXPORTER_OTLP_ENDPOINT is set, and no span is sent: the log is another program's"
            );
        }
        serve::start(app, &config, serve::Told::default()).await
    }

    /// The application with its configuration, and the framework's.
    pub(crate) fn read(self, sources: Sources) -> std::result::Result<(Self, Config), Faults> {
        let config = Config::from_sources(sources.reading(self.unread()))?;
        Ok((self.given(&config.given), config))
    }

    /// What of its configuration no value was given for.
    fn unread(&self) -> Vec<SettingsEntry> {
        self.settings.iter().filter(|it| !(it.is_in)(&self.states)).copied().collect()
    }

    fn given(mut self, given: &Given) -> Self {
        self.states = self.states.or(&given.states);
        self.env = given.env.clone();
        self
    }

    /// All its parts, its own first.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Mount> {
        std::iter::once(&self.own).chain(&self.mounts)
    }

    pub(crate) fn commands(&self) -> Vec<AppCommand> {
        self.parts().flat_map(|it| &it.commands).cloned().collect()
    }

    pub(crate) fn mounted(&self) -> impl Iterator<Item = &Mounted> {
        self.parts().flat_map(|it| &it.models)
    }

    pub(crate) fn request_hooks(&self) -> Vec<RequestHookEntry> {
        self.parts().flat_map(|it| &it.request_hooks).copied().collect()
    }

    pub(crate) fn registry(&self) -> Result<Hooks> {
        let schemas: Vec<_> = self.mounted().map(|it| it.model.schema).collect();
        let hooks: Vec<_> = self.parts().flat_map(|it| &it.hooks).copied().collect();
        Hooks::new(&hooks, &schemas)
    }
}
