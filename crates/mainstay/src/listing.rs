//! What `routes` prints.

use mainstay_model::HookEntry;
use mainstay_web::{RouteEntry, Serves, crud};
use serde::Serialize;

use crate::App;

/// The routes of an application, sorted by path and method, so that the order in which parts were
/// added does not show.
pub(crate) fn routes(app: &App, usual: &str) -> Vec<RouteEntry> {
    let mut all = Vec::new();
    for part in app.parts() {
        let prefix = part.prefix_or(usual);
        for route in &part.routes {
            let path = format!("{prefix}{}", route.path);
            let serves = Serves::Handler { name: route.name };
            all.push(RouteEntry { method: route.method, path, serves, place: route.place });
        }
        for schema_routes in part.models.iter().map(|it| (it.model.schema, crud::routes(it.model, prefix))) {
            let (schema, routes) = schema_routes;
            all.extend(routes.into_iter().map(|it| RouteEntry {
                method: it.method,
                path: it.path,
                serves: Serves::Model { model: schema.name, verb: it.verb },
                place: schema.place,
            }));
        }
    }
    all.sort_by(|one, other| (&one.path, one.method).cmp(&(&other.path, other.method)));
    all
}

/// `GET     /v1/posts  post.list  src/models/post.rs:7`, in columns.
pub(crate) fn route_lines(routes: &[RouteEntry]) -> Vec<String> {
    let path = routes.iter().map(|it| it.path.len()).max().unwrap_or_default();
    let serves = routes.iter().map(|it| it.serves.to_string().len()).max().unwrap_or_default();
    let line = |it: &RouteEntry| {
        format!("{:<7} {:<path$}  {:<serves$}  {}", it.method, it.path, it.serves, it.place)
    };
    routes.iter().map(line).collect()
}

/// `post  after  save  200  index_post  src/hooks/post.rs:3`, in columns.
pub(crate) fn hook_lines(hooks: &[HookEntry]) -> Vec<String> {
    let name = hooks.iter().map(|it| it.point.name.len()).max().unwrap_or_default();
    let line = |it: &HookEntry| {
        let missing = name - it.point.name.len();
        format!("{it}{:missing$}  {}", "", it.point.place)
    };
    hooks.iter().map(line).collect()
}

/// The same for programs.
pub(crate) fn json<T: Serialize>(entries: &[T]) -> String {
    serde_json::to_string_pretty(entries).unwrap_or_else(|_| "[]".to_owned())
}
