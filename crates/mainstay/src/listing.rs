//! What `routes` prints.

use mainstay_model::HookEntry;
use mainstay_queue::Operations;
use mainstay_queue::operation::{Mounted, OperationKind};
use mainstay_web::endpoint::RequestHookEntry;
use mainstay_web::{RouteEntry, Serves, Terms};
use serde::Serialize;

use crate::App;

/// The routes of an application, sorted by path and method, so that the order in which parts were
/// added does not show.
pub(crate) fn routes(app: &App, operations: &Operations, usual: &str) -> Vec<RouteEntry> {
    let mut all = Vec::new();
    for part in app.parts() {
        let prefix = part.prefix_or(usual);
        for route in &part.routes {
            let path = format!("{prefix}{}", route.path);
            let serves = Serves::Handler { name: route.name };
            all.push(RouteEntry {
                method: route.method,
                path,
                serves,
                place: route.place,
                terms: Terms::default(),
            });
        }
        for served in &part.endpoints {
            let Some((method, path)) = served.path(prefix) else { continue };
            let spec = served.endpoint.spec;
            let serves = Serves::Endpoint { name: served.endpoint.name() };
            let around = part.around(served.route.map_or("/", |(_, path)| path));
            let middleware = around.iter().chain(spec.middleware).map(|it| it.name).collect();
            let terms = Terms { admits: spec.admits, rate: spec.rate, middleware, ..Terms::default() };
            all.push(RouteEntry { method: method.as_str(), path, serves, place: spec.place, terms });
        }
        for schema_routes in part.models.iter().map(|it| (it.model.schema, part.generated(it.model, prefix)))
        {
            let (schema, routes) = schema_routes;
            all.extend(routes.into_iter().map(|it| RouteEntry {
                method: it.method,
                path: it.path,
                serves: Serves::Model { model: schema.name, verb: it.verb.as_str() },
                place: schema.place,
                terms: Terms::default(),
            }));
        }
    }
    all.extend(operations.iter().flat_map(|it| operation(it, usual)));
    all.sort_by(|one, other| (&one.path, one.method).cmp(&(&other.path, other.method)));
    all
}

/// An operation answers below the API's own prefix, whichever part it is of.
fn operation(mounted: &Mounted, usual: &str) -> Vec<RouteEntry> {
    let spec = mounted.entry.spec;
    let methods: &[&'static str] = match spec.kind {
        OperationKind::Mutation => &["POST"],
        OperationKind::Query => &["GET", "POST"],
    };
    let entry = |method: &&'static str| RouteEntry {
        method,
        path: format!("{usual}/ops/{}", mounted.entry.template()),
        serves: Serves::Operation { name: spec.name },
        place: spec.place,
        terms: Terms {
            admits: spec.admits,
            queue: Some(spec.queue),
            rate: spec.rate,
            cache: spec.cache.map(|it| it.time),
            middleware: mounted.around.iter().map(|it| it.name).collect(),
        },
    };
    methods.iter().map(entry).collect()
}

/// `GET     /v1/posts  post.list  src/models/post.rs:7  auth`, in columns.
pub(crate) fn route_lines(routes: &[RouteEntry]) -> Vec<String> {
    let path = routes.iter().map(|it| it.path.len()).max().unwrap_or_default();
    let serves = routes.iter().map(|it| it.serves.to_string().len()).max().unwrap_or_default();
    let place = routes.iter().map(|it| it.place.to_string().len()).max().unwrap_or_default();
    let line = |it: &RouteEntry| {
        let (at, terms) = (it.place.to_string(), it.terms.to_string());
        let line =
            format!("{:<7} {:<path$}  {:<serves$}  {at:<place$}  {terms}", it.method, it.path, it.serves);
        line.trim_end().to_owned()
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
