//! The routes of a model: list, get, create, update, patch, delete.

mod answer;
mod change;
pub(crate) mod input;
mod look;
pub(crate) mod version;

use std::sync::Arc;

use axum::Router;
use axum::routing::{self, MethodRouter};
use mainstay_model::{Action, ModelEntry};

use crate::site::Site;

/// One route of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrudRoute {
    /// The method.
    pub method: &'static str,
    /// The path template.
    pub path: String,
    /// What it takes of the scope.
    pub action: Action,
    /// What it does.
    pub verb: Verb,
}

/// What a generated route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Verb {
    List,
    Get,
    Create,
    Update,
    Patch,
    Delete,
}

impl Verb {
    /// Its name, such as `list`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }

    fn handler(self) -> MethodRouter<Mounted> {
        match self {
            Self::List => routing::get(look::list),
            Self::Get => routing::get(look::get),
            Self::Create => routing::post(change::create),
            Self::Update => routing::put(change::update),
            Self::Patch => routing::patch(change::patch),
            Self::Delete => routing::delete(change::delete),
        }
    }
}

/// The routes that a model's scope grants.
pub fn routes(model: &ModelEntry, prefix: &str) -> Vec<CrudRoute> {
    let many = format!("{prefix}/{}", model.schema.plural);
    let one = format!("{many}/{{id}}");
    let all = [
        ("GET", &many, Action::Read, Verb::List),
        ("POST", &many, Action::Create, Verb::Create),
        ("GET", &one, Action::Read, Verb::Get),
        ("PUT", &one, Action::Update, Verb::Update),
        ("PATCH", &one, Action::Patch, Verb::Patch),
        ("DELETE", &one, Action::Delete, Verb::Delete),
    ];
    let granted = all.into_iter().filter(|(_, _, action, _)| model.has(*action));
    granted
        .map(|(method, path, action, verb)| CrudRoute { method, path: path.clone(), action, verb })
        .collect()
}

/// A router with these routes of a model, which are all or some of [`routes`] with the same prefix.
pub fn router(site: &Site, model: &'static ModelEntry, prefix: &str, routes: &[CrudRoute]) -> Router {
    let path: Arc<str> = format!("{prefix}/{}", model.schema.plural).into();
    let router = routes.iter().fold(Router::new(), |all, it| all.route(&it.path, it.verb.handler()));
    router.with_state(Mounted { site: site.clone(), model, path })
}

/// A model and where it is mounted.
#[derive(Clone)]
struct Mounted {
    site: Site,
    model: &'static ModelEntry,
    path: Arc<str>,
}
