use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use mainstay_kernel::Result;
use mainstay_model::migration::{Embedded, Migration};
use mainstay_model::{Hook, HookEntry, Hooks, Model, ModelEntry, Schema, Scope};
use mainstay_web::Site;

use crate::command::{AppCommand, CommandCx};
use crate::route::Route;

/// An application before it runs: what it is made of.
pub struct App {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    pub(crate) models: Vec<&'static ModelEntry>,
    pub(crate) users: Option<&'static Schema>,
    pub(crate) hooks: Vec<HookEntry>,
    pub(crate) routes: Vec<Route>,
    pub(crate) layers: Vec<Layer>,
    pub(crate) commands: Vec<AppCommand>,
    pub(crate) migrations: Option<Embedded>,
    pub(crate) migrations_in_rust: Vec<Migration>,
}

/// Puts a tower layer around the application's routes.
pub(crate) type Layer = Box<dyn FnOnce(axum::Router<Site>) -> axum::Router<Site> + Send>;

impl App {
    /// An application of this name, which also names its default database file.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            version: "0.0.0",
            models: Vec::new(),
            users: None,
            hooks: Vec::new(),
            routes: Vec::new(),
            layers: Vec::new(),
            commands: Vec::new(),
            migrations: None,
            migrations_in_rust: Vec::new(),
        }
    }

    /// Says the application's version, usually `env!("CARGO_PKG_VERSION")`: `/readyz` shows it.
    #[must_use]
    pub fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Adds a model: its table, and the routes that its scope grants.
    #[must_use]
    pub fn model<M: Scope>(mut self) -> Self {
        self.models.push(const { &ModelEntry::of::<M>() });
        self
    }

    /// Adds the model whose rows are the application's users: a verified person's row is made from
    /// the claims when first seen. It needs the fields `issuer` and `subject` (`#[model(identity)]`).
    #[must_use]
    pub fn users<M: Scope>(mut self) -> Self {
        self.users = Some(<M as Model>::SCHEMA);
        self.model::<M>()
    }

    /// Adds a hook, such as `index_post`: a function under `#[hook(…)]`. Among hooks of one priority
    /// the one added first runs first.
    #[must_use]
    pub fn hook<H: Hook>(mut self, hook: H) -> Self {
        let _ = hook;
        self.hooks.push(HookEntry::of::<H>());
        self
    }

    /// The hooks of a model: those before and then those after, each in the order in which they run.
    ///
    /// # Errors
    /// Internal, naming two hooks of one name, or a hook whose model is not mounted.
    pub fn hooks_for<M: Model>(&self) -> Result<Vec<HookEntry>> {
        Ok(self.registry()?.of(M::SCHEMA).to_vec())
    }

    /// Its models, in the order in which they were added.
    pub fn models(&self) -> &[&'static ModelEntry] {
        &self.models
    }

    pub(crate) fn registry(&self) -> Result<Hooks> {
        let schemas: Vec<_> = self.models.iter().map(|it| it.schema).collect();
        Hooks::new(&self.hooks, &schemas)
    }

    /// Adds a route, such as `get("/hello", hello)`, below the API's prefix. Handlers, extractors
    /// and responses are axum's.
    #[must_use]
    pub fn route(mut self, route: Route) -> Self {
        self.routes.push(route);
        self
    }

    /// Puts a tower layer around the routes, as [`axum::Router::layer`] does.
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
        self.layers.push(Box::new(move |router| router.layer(layer)));
        self
    }

    /// Says which migrations in SQL the program carries, usually `mainstay::migrations!()`. Where the
    /// folder itself is there, as it is in development, it decides.
    #[must_use]
    pub fn migrations(mut self, migrations: Embedded) -> Self {
        self.migrations = Some(migrations);
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
    #[must_use]
    pub fn command<F, R>(mut self, name: &'static str, about: &'static str, run: F) -> Self
    where
        F: Fn(CommandCx) -> R + Send + Sync + 'static,
        R: Future<Output = Result<()>> + Send + 'static,
    {
        let run = move |cx| -> Pin<Box<dyn Future<Output = Result<()>> + Send>> { Box::pin(run(cx)) };
        self.commands.push(AppCommand { name, about, run: Arc::new(run) });
        self
    }

    /// Runs the application's command line: `serve` when no command is given.
    ///
    /// # Errors
    /// What keeps it from starting, or the command's own error.
    pub async fn run(self) -> Result<()> {
        crate::command::run(self).await
    }
}
