//! The routes of a model: list, get, create, update, patch, delete.

mod answer;
mod change;
pub(crate) mod input;
mod look;
mod repeat;
pub(crate) mod version;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get};
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
    /// What it does: `list`, `get`, `create`, `update`, `patch` or `delete`.
    pub verb: &'static str,
}

/// The routes that a model's scope grants.
pub fn routes(model: &ModelEntry, prefix: &str) -> Vec<CrudRoute> {
    let many = format!("{prefix}/{}", model.schema.plural);
    let one = format!("{many}/{{id}}");
    let all = [
        ("GET", &many, Action::Read, "list"),
        ("POST", &many, Action::Create, "create"),
        ("GET", &one, Action::Read, "get"),
        ("PUT", &one, Action::Update, "update"),
        ("PATCH", &one, Action::Patch, "patch"),
        ("DELETE", &one, Action::Delete, "delete"),
    ];
    let granted = all.into_iter().filter(|(_, _, action, _)| model.has(*action));
    granted
        .map(|(method, path, action, verb)| CrudRoute { method, path: path.clone(), action, verb })
        .collect()
}

/// A router with the routes that a model's scope grants, below `prefix`.
pub fn router(site: &Site, model: &'static ModelEntry, prefix: &str) -> Router {
    let mut many = MethodRouter::new();
    let mut one = MethodRouter::new();
    if model.has(Action::Read) {
        many = many.merge(get(look::list));
        one = one.merge(get(look::get));
    }
    if model.has(Action::Create) {
        many = many.post(change::create);
    }
    if model.has(Action::Update) {
        one = one.put(change::update);
    }
    if model.has(Action::Patch) {
        one = one.patch(change::patch);
    }
    if model.has(Action::Delete) {
        one = one.delete(change::delete);
    }
    let mut router = Router::new();
    let path: Arc<str> = format!("{prefix}/{}", model.schema.plural).into();
    // A path without a method would answer 405 where nothing is.
    if model.has(Action::Read) || model.has(Action::Create) {
        router = router.route(&path, many);
    }
    if [Action::Read, Action::Update, Action::Patch, Action::Delete].into_iter().any(|it| model.has(it)) {
        router = router.route(&format!("{path}/{{id}}"), one);
    }
    router.with_state(Mounted { site: site.clone(), model, path })
}

/// A model and where it is mounted.
#[derive(Clone)]
struct Mounted {
    site: Site,
    model: &'static ModelEntry,
    path: Arc<str>,
}
