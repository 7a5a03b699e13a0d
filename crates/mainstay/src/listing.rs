//! What `routes` prints.

use mainstay_model::HookEntry;
use mainstay_web::endpoint::RequestHookEntry;
use mainstay_web::{RouteEntry, Serves};
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
        for served in &part.endpoints {
            let Some((method, path)) = served.path(prefix) else { continue };
            let spec = served.endpoint.spec;
            let serves = Serves::Endpoint { name: served.endpoint.name() };
            all.push(RouteEntry { method: method.as_str(), path, serves, place: spec.place });
        }
        for schema_routes in part.models.iter().map(|it| (it.model.schema, part.generated(it.model, prefix)))
        {
            let (schema, routes) = schema_routes;
            all.extend(routes.into_iter().map(|it| RouteEntry {
                method: it.method,
                path: it.path,
                serves: Serves::Model { model: schema.name, verb: it.verb.as_str() },
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

/// `post  after  save  200  index_post  src/hooks/post.rs:3`, in columns; those of requests come first.
pub(crate) fn hook_lines(all: &Listed) -> Vec<String> {
    let of_requests = all.request_hooks.iter().map(|it| (it.to_string(), it.place));
    let of_models = all.hooks.iter().map(|it| (it.to_string(), it.point.place));
    let lines: Vec<_> = of_requests.chain(of_models).collect();
    let width = lines.iter().map(|(text, _)| text.len()).max().unwrap_or_default();
    lines.into_iter().map(|(text, place)| format!("{text:width$}  {place}")).collect()
}

/// The same for programs.
pub(crate) fn hooks_json(all: &Listed) -> String {
    let of_requests = all.request_hooks.iter().map(serde_json::to_value);
    let of_models = all.hooks.iter().map(serde_json::to_value);
    json(&of_requests.chain(of_models).flatten().collect::<Vec<_>>())
}

/// What there is to list.
#[derive(Clone)]
pub(crate) struct Listed {
    pub(crate) routes: Vec<RouteEntry>,
    pub(crate) hooks: Vec<HookEntry>,
    pub(crate) request_hooks: Vec<RequestHookEntry>,
}

/// Entries for programs.
pub(crate) fn json<T: Serialize>(entries: &[T]) -> String {
    serde_json::to_string_pretty(entries).unwrap_or_else(|_| "[]".to_owned())
}
