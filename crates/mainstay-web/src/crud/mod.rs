//! The routes of a model: list, get, create, update, patch, delete.

mod answer;
mod change;
pub(crate) mod input;
mod look;
mod repeat;
pub(crate) mod version;

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
    /// What it does.
    pub action: Action,
}

/// The routes that a model's scope grants.
pub fn routes(model: &ModelEntry, prefix: &str) -> Vec<CrudRoute> {
    let many = format!("{prefix}/{}", model.schema.plural);
    let one = format!("{many}/{{id}}");
    let all = [
        ("GET", &many, Action::Read),
        ("POST", &many, Action::Create),
        ("GET", &one, Action::Read),
        ("PUT", &one, Action::Update),
        ("PATCH", &one, Action::Patch),
        ("DELETE", &one, Action::Delete),
    ];
    let granted = all.into_iter().filter(|(_, _, action)| model.has(*action));
    granted.map(|(method, path, action)| CrudRoute { method, path: path.clone(), action }).collect()
}

/// A router with the routes that a model's scope grants.
pub fn router(site: &Site, model: &'static ModelEntry) -> Router {
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
    let path = format!("{}/{}", site.prefix(), model.schema.plural);
    // A path without a method would answer 405 where nothing is.
    if model.has(Action::Read) || model.has(Action::Create) {
        router = router.route(&path, many);
    }
    if [Action::Read, Action::Update, Action::Patch, Action::Delete].into_iter().any(|it| model.has(it)) {
        router = router.route(&format!("{path}/{{id}}"), one);
    }
    router.with_state(Mounted { site: site.clone(), model })
}

/// A model and where it is mounted.
#[derive(Clone)]
struct Mounted {
    site: Site,
    model: &'static ModelEntry,
}
