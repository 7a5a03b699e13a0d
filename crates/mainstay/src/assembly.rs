use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use axum::Router;
use mainstay_auth::{Credentials, Identity};
use mainstay_kernel::{Db, Error, Result, StoreUrl};
use mainstay_model::migration::{Embedded, Migration, Order};
use mainstay_model::{HookEntry, ModelEntry, Schema};
use mainstay_web::{Edge, EdgeService, Health, Manifest, OperatorAccess, Site, crud};

use crate::App;
use crate::config::{Config, Mode};
use crate::migrate::Written;

/// An application put together on an open database, ready to answer.
pub struct Assembly {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its models.
    pub models: Vec<&'static ModelEntry>,
    /// `METHOD /path` of each of its routes.
    pub routes: Vec<String>,
    /// Its hooks, by model and in the order in which they run.
    pub hooks: Vec<HookEntry>,
    pub(crate) migrations: Option<Embedded>,
    pub(crate) migrations_in_rust: Vec<Migration>,
    /// What its handlers share.
    pub site: Site,
    router: Router,
}

impl Assembly {
    /// Puts `app` together, and its hooks on the database. Tables are not touched.
    ///
    /// # Errors
    /// Internal, when two of its parts clash, or the database has the hooks of another application.
    pub fn new(app: App, db: Db, credentials: Arc<Credentials>, prefix: &str) -> Result<Self> {
        let identity = app.users.map(Identity::new).transpose()?;
        let routes = routes(&app, prefix)?;
        let hooks = attach_hooks(&app, &db)?;
        let site = Site::new(db, credentials, identity, app.models.clone(), prefix);
        let mut router = Router::<Site>::new();
        for route in app.routes {
            router = router.route(&format!("{prefix}{}", route.path), route.handler);
        }
        for &model in &app.models {
            router = router.merge(crud::router(&site, model).with_state(()));
        }
        for layer in app.layers {
            router = layer(router);
        }
        Ok(Self {
            name: app.name,
            version: app.version,
            models: app.models,
            routes,
            hooks,
            migrations: app.migrations,
            migrations_in_rust: app.migrations_in_rust,
            router: router.with_state(site.clone()),
            site,
        })
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
            routes: self.routes.clone(),
            models: self.models.iter().map(|it| it.schema.name.to_owned()).collect(),
            jobs: Vec::new(),
            capabilities: vec![store.to_owned()],
        }
    }

    /// The application behind the edge, with the health routes of `health` beside it.
    pub fn service(self, edge: Edge, health: &Health) -> EdgeService {
        edge.wrap(self.router.merge(health.router()))
    }
}

/// Gives the database the application's hooks, which then run whoever writes; all of them.
fn attach_hooks(app: &App, db: &Db) -> Result<Vec<HookEntry>> {
    let hooks = app.registry()?;
    let all = app.models.iter().flat_map(|it| hooks.of(it.schema)).copied().collect();
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

/// Two routes, as `METHOD /path`, whose paths differ only in what they call a parameter.
fn rivals(routes: &[String]) -> Option<(&str, &str)> {
    let mut seen: HashMap<String, &str> = HashMap::new();
    routes.iter().find_map(|route| {
        let path = route.split_once(' ').map_or(route.as_str(), |(_, path)| path);
        let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        let first = *seen.entry(parts.collect::<Vec<_>>().join("/")).or_insert(route);
        (!first.ends_with(&format!(" {path}"))).then_some((first, route.as_str()))
    })
}

/// The routes of an application, each of them once.
fn routes(app: &App, prefix: &str) -> Result<Vec<String>> {
    let plain = app.routes.iter().map(|route| format!("{} {prefix}{}", route.method, route.path));
    let crud = app.models.iter().flat_map(|model| crud::routes(model, prefix));
    let all: Vec<String> =
        plain.chain(crud.map(|route| format!("{} {}", route.method, route.path))).collect();
    if let Some(route) = app.routes.iter().find(|route| !route.path.starts_with('/')) {
        return Err(Error::internal(format!("the route `{}` must begin with a slash", route.path)));
    }
    let mut seen = HashSet::new();
    if let Some(twice) = all.iter().find(|route| !seen.insert(*route)) {
        return Err(Error::internal(format!(
            "the route `{twice}` is mounted twice: give one of the two another path"
        )));
    }
    if let Some((one, other)) = rivals(&all) {
        return Err(Error::internal(format!(
            "the routes `{one}` and `{other}` have one path and two names for its parameter: call it the same"
        )));
    }
    let mut tables = HashSet::new();
    if let Some(twice) = app.models.iter().find(|model| !tables.insert(model.schema.table)) {
        return Err(Error::internal(format!("two models use the table `{}`", twice.schema.table)));
    }
    Ok(all)
}
