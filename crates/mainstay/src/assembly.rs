use std::sync::Arc;

use axum::Router;
use mainstay_auth::{Credentials, Identity};
use mainstay_kernel::{Db, Result, StoreUrl};
use mainstay_model::migration::{Embedded, Migration, Order};
use mainstay_model::{HookEntry, ModelEntry, Schema};
use mainstay_queue::{Operations, Subscriptions, Work};
use mainstay_web::endpoint::{Around, RequestHookEntry};
use mainstay_web::overview::{self, Overview};
use mainstay_web::{Edge, EdgeService, Health, Manifest, OperatorAccess, RouteEntry, Site, crud};

use crate::config::{Config, Mode};
use crate::description::{self, Description};
use crate::migrate::Written;
use crate::mount::Mounted;
use crate::{App, Mount, clash, listing};

/// An application put together on an open database, ready to answer.
pub struct Assembly {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its models.
    pub models: Vec<&'static ModelEntry>,
    /// Its routes, sorted by path.
    pub routes: Vec<RouteEntry>,
    /// Its hooks, by model and in the order in which they run.
    pub hooks: Vec<HookEntry>,
    /// What runs for every request, in that order.
    pub request_hooks: Vec<RequestHookEntry>,
    pub(crate) migrations: Option<Embedded>,
    pub(crate) migrations_in_rust: Vec<Migration>,
    /// What its handlers share.
    pub site: Site,
    descriptions: Vec<Description>,
    /// What runs beside requests.
    pub work: Work,
    operations: Operations,
    pub(crate) notices: Vec<String>,
    router: Router,
}

impl Assembly {
    /// Puts `app` together, and its hooks on the database. Tables are not touched.
    ///
    /// # Errors
    /// Internal, when two of its parts clash, or the database has the hooks of another application.
    pub fn new(app: App, db: Db, credentials: Arc<Credentials>, prefix: &str) -> Result<Self> {
        clash::parts(&app)?;
        let (work, operations) = (app.work(), app.operations(db.clock())?);
        let routes = listing::routes(&app, &operations, prefix);
        clash::routes(&routes)?;
        let identity =
            app.mounted().find(|it| it.users).map(|it| Identity::new(it.model.schema)).transpose()?;
        let hooks = attach_hooks(&app, &db)?;
        let descriptions = Description::of(&app, prefix);
        if operations.iter().next().is_some() {
            db.extend(operations.clone())?;
        }
        let subscriptions = Subscriptions::of(&work)?;
        db.extend(subscriptions)?;
        let models = app.models();
        let around = Around { middleware: app.middleware.routes.clone(), hooks: app.request_hooks() };
        let request_hooks = around.hooks.clone();
        let App { name, version, own, mounts, layers, states, env, .. } = app;
        let mut parts: Vec<_> = std::iter::once(own).chain(mounts).collect();
        let migrations = parts.iter().find_map(|it| it.migrations).map(|(embedded, _)| embedded);
        let migrations_in_rust =
            parts.iter_mut().flat_map(|it| std::mem::take(&mut it.migrations_in_rust)).collect();
        let site = Site::new(db, credentials, identity, models.clone(), prefix).giving(states, env);
        let router = parts.into_iter().fold(Router::new(), |all, part| all.merge(router(&site, part)));
        let router = router.merge(mainstay_web::ops::router(operations.clone(), prefix));
        let router = layers.into_iter().fold(around.layer(router, &site), |router, layer| layer(router));
        let router = router.with_state(site.clone());
        Ok(Self {
            name,
            version,
            models,
            routes,
            hooks,
            request_hooks,
            migrations,
            migrations_in_rust,
            site,
            descriptions,
            work,
            operations,
            notices: Vec::new(),
            router,
        })
    }

    /// Leaves the application's routes out: of a process that only works in the background, health is all that is
    /// answered.
    pub(crate) fn answer_nothing(&mut self) {
        (self.router, self.routes, self.descriptions) = (Router::new(), Vec::new(), Vec::new());
    }

    #[cfg(feature = "nats")]
    pub(crate) fn operations(&self) -> &Operations {
        &self.operations
    }

    /// The models' schemas.
    pub fn schemas(&self) -> Vec<&'static Schema> {
        self.models.iter().map(|it| it.schema).collect()
    }

    /// Makes the tables that are missing, and applies the migrations that the program carries.
    ///
    /// # Errors
    /// As [`mainstay_model::migration::Migrator::up`].
    pub async fn migrate(&self) -> Result<()> {
        Written::carried(self).migrator()?.up(Order::ByName, &|_| ()).await
    }

    /// What `/readyz` shows.
    pub fn manifest(&self, url: &StoreUrl) -> Manifest {
        let store = match url {
            StoreUrl::Postgres(_) => "postgres",
            StoreUrl::SqliteFile(_) | StoreUrl::SqliteMemory => "sqlite",
        };
        Manifest {
            name: self.name.to_owned(),
            version: self.version.to_owned(),
            routes: self.routes.iter().map(ToString::to_string).collect(),
            models: self.models.iter().map(|it| it.schema.name.to_owned()).collect(),
            jobs: self.work.workers.iter().map(|it| it.spec.name.to_owned()).collect(),
            capabilities: vec![store.to_owned()],
        }
    }

    /// The application behind the edge, with the health routes of `health` and what describes the API beside it.
    pub fn service(self, edge: Edge, health: &Health) -> EdgeService {
        let access = health.access();
        if matches!(access, OperatorAccess::Open) {
            edge.metrics.keep_recent();
        }
        let Self { name, version, routes, models, notices, descriptions, operations, site, router, .. } =
            self;
        edge.metrics.register(|registry| {
            operations.register(registry);
            site.db().register(registry);
        });
        let templates: Vec<_> = routes.iter().map(|it| it.path.clone()).collect();
        let reference = description::router(descriptions, &routes, access.clone());
        let overview = match routes.iter().any(|it| it.path == overview::PATH) {
            true => Router::new(),
            false => {
                let overview = Overview { name, version, routes, models, notices };
                overview::router(overview, edge.metrics.clone(), access.clone())
            }
        };
        edge.wrap_known(router.merge(health.router()).merge(reference).merge(overview), templates)
    }
}

/// Gives the database the application's hooks, which then run whoever writes; all of them.
fn attach_hooks(app: &App, db: &Db) -> Result<Vec<HookEntry>> {
    let hooks = app.registry()?;
    let all = app.mounted().flat_map(|it| hooks.of(it.model.schema)).copied().collect();
    if !hooks.is_empty() {
        db.extend(hooks)?;
    }
    Ok(all)
}

/// Who may see metrics and the whole of readiness.
pub(crate) fn operators(config: &Config) -> OperatorAccess {
    use secrecy::ExposeSecret as _;
    match (&config.http.metrics_token, config.mode) {
        (Some(token), _) => OperatorAccess::token(token.expose_secret()),
        (None, Mode::Production) => OperatorAccess::Closed,
        (None, Mode::Development | Mode::Test) => OperatorAccess::Open,
    }
}

/// The routes of one part, within its layers.
fn router(site: &Site, part: Mount) -> Router<Site> {
    let prefix = part.prefix_or(site.prefix()).to_owned();
    let mut router = Router::new();
    for served in &part.endpoints {
        let Some((method, path)) = served.path(&prefix) else { continue };
        let around = part.around(served.route.map_or("/", |(_, path)| path));
        router = router.route(&path, served.endpoint.route(method, around));
    }
    for &Mounted { model, .. } in &part.models {
        let routes = part.generated(model, &prefix);
        router = router.merge(crud::router(site, model, &prefix, &routes).with_state(()));
    }
    for route in part.routes {
        router = router.route(&format!("{prefix}{}", route.path), route.handler);
    }
    let router = Around { middleware: part.middleware.routes, hooks: Vec::new() }.layer(router, site);
    part.layers.into_iter().fold(router, |router, layer| layer(router))
}
