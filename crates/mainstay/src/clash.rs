//! What keeps an application from starting: parts that clash. Each message names both places.

use std::collections::HashMap;

use mainstay_kernel::{Clock, Db, Error, Place, Result};
use mainstay_web::endpoint::Stands;
use mainstay_web::{RouteEntry, Site, State, crud};
use schemars::SchemaGenerator;

use crate::{App, declared};

/// Words of the command line that are the framework's.
const COMMANDS: [&str; 14] = [
    "serve", "migrate", "routes", "token", "config", "help", "openapi", "ops", "queue", "job", "dead",
    "cron", "outbox", "db",
];

/// Refuses prefixes, models and migrations that cannot stand beside each other.
pub(crate) fn parts(app: &App) -> Result<()> {
    declared::all_are_mounted(app)?;
    prefixes(app)?;
    models(app)?;
    references(app)?;
    states(app)?;
    let users: Vec<_> = app.mounted().filter(|it| it.users).collect();
    if let [one, other, ..] = users[..] {
        return refuse(format!(
            "two models are the application's users: `{}` ({}) and `{}` ({}); add one of them with `model`",
            one.model.schema.name, one.at, other.model.schema.name, other.at
        ));
    }
    endpoints(app)?;
    queues(app)?;
    extensions(app)?;
    let carried: Vec<Place> = app.parts().filter_map(|it| it.migrations).map(|(_, at)| at).collect();
    if let [one, other, ..] = carried[..] {
        return refuse(format!("migrations are given twice, at {one} and at {other}: keep one of the two"));
    }
    Ok(())
}

fn prefixes(app: &App) -> Result<()> {
    for (prefix, at) in app.parts().filter_map(|it| it.prefix) {
        let segments = prefix.strip_prefix('/').map(|rest| rest.split('/'));
        let plain = |segment: &str| {
            !segment.is_empty() && segment.chars().all(|it| it.is_ascii_alphanumeric() || "-_.~".contains(it))
        };
        if !segments.is_some_and(|mut all| all.all(plain)) {
            return refuse(format!(
                "the prefix `{prefix}` ({at}) is not a path of plain segments: write it like `/admin`, with a \
                 slash before each segment and none at the end"
            ));
        }
    }
    if let Some(route) = app.parts().flat_map(|it| &it.routes).find(|it| !it.path.starts_with('/')) {
        let (path, place) = (&route.path, route.place);
        return refuse(format!("the route `{path}` ({place}) must begin with a slash: write `/{path}`"));
    }
    Ok(())
}

/// Two values of one type; configuration that was not read; routes that ask for what nobody gave.
fn states(app: &App) -> Result<()> {
    if let Some((name, one, other)) = app.rival_states.first() {
        return refuse(format!(
            "a `{name}` is given twice, at {one} and at {other}: keep one of the two, or wrap one in a type of its own"
        ));
    }
    if let Some(entry) = app.settings.iter().find(|it| !(it.is_in)(&app.states)) {
        let (name, place) = (entry.name, entry.place);
        return refuse(format!(
            "the configuration `{name}` ({place}) was not read: give its sources to `App::configured` first"
        ));
    }
    let given = |name: &str| app.states.has(name) || OF_THE_SITE.iter().any(|it| it() == name);
    for route in app.parts().flat_map(|it| &it.routes) {
        let Some(name) = asked(route.takes).find(|name| !given(name)) else { continue };
        let short = name.rsplit("::").next().unwrap_or(name);
        return refuse(format!(
            "the route `{} {}` ({}) asks for `State<{short}>`, and nobody gave a `{name}`: add `.state(…)` with one, \
             or `.config::<{short}>()` where it derives `Config`",
            route.method, route.path, route.place
        ));
    }
    for endpoint in app.parts().flat_map(|it| &it.endpoints).map(|it| it.endpoint) {
        let described = endpoint.describe(&mut SchemaGenerator::default());
        let Some(name) = described.states.into_iter().find(|name| !given(name)) else { continue };
        let (short, spec) = (name.rsplit("::").next().unwrap_or(name), endpoint.spec);
        return refuse(format!(
            "the endpoint `{}` ({}) asks for `State<{short}>`, and nobody gave a `{name}`: add `.state(…)` with one, \
             or `.config::<{short}>()` where it derives `Config`",
            spec.name, spec.place
        ));
    }
    Ok(())
}

/// Refuses an endpoint without a route, and one that stands in for nothing.
fn endpoints(app: &App) -> Result<()> {
    for part in app.parts() {
        for served in &part.endpoints {
            let spec = served.endpoint.spec;
            let (name, place) = (spec.name, spec.place);
            let Some((method, path)) = served.path("") else {
                return refuse(format!(
                    "the endpoint `{name}` ({place}) has no method and path: write `#[endpoint(get, \"/…\")]`, or move it \
                     to a file such as `src/endpoints/{name}/get.rs`"
                ));
            };
            let generated = part.models.iter().flat_map(|it| crud::routes(it.model, ""));
            let instead = generated.filter(|it| it.method == method.as_str() && it.path == path).count();
            if spec.stands == Stands::Instead && instead == 0 {
                return refuse(format!(
                    "the endpoint `{name}` ({place}) says `overrides`, and no route `{method} {path}` is generated: take \
                     the word away, or see `routes` for those that are"
                ));
            }
        }
    }
    Ok(())
}

/// Refuses a queue of which something is said in two places.
fn queues(app: &App) -> Result<()> {
    let mut seen = HashMap::new();
    for queue in app.parts().flat_map(|it| &it.work.queues) {
        let (name, place) = (queue.name, queue.place);
        if let Some(first) = seen.insert(name, place) {
            return refuse(format!(
                "the queue `{name}` is described twice, at {first} and at {place}: say all of it in one of the two"
            ));
        }
    }
    Ok(())
}

/// Refuses an operation that takes what no middleware can have put in.
fn extensions(app: &App) -> Result<()> {
    for operation in app.operations(&Clock::system())?.iter().filter(|it| it.around.is_empty()) {
        let spec = operation.entry.spec;
        let Some(name) = spec.extensions.first().map(|it| it()) else { continue };
        let short = name.rsplit("::").next().unwrap_or(name);
        return refuse(format!(
            "the operation `{}` ({}) takes an `Extension<{short}>`, and no middleware is around it that could put a \
             `{name}` in: write `middleware = […]` in its attribute, or add one to its queue or to the application",
            spec.name, spec.place
        ));
    }
    Ok(())
}

/// What handlers may ask for though nobody gave it.
const OF_THE_SITE: [fn() -> &'static str; 2] = [std::any::type_name::<Site>, std::any::type_name::<Db>];

/// The types that the extractors of this name ask for by `State<T>`. Names of types are for people, so
/// what is not understood is left to the request.
fn asked(extractors: &'static str) -> impl Iterator<Item = &'static str> {
    let state = std::any::type_name::<State<()>>().trim_end_matches("()>");
    extractors.match_indices(state).filter_map(move |(at, _)| inside(&extractors[at + state.len()..]))
}

/// What stands before the bracket that closes.
fn inside(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            b'>' if depth == 0 => return Some(&text[..at]),
            b'>' if text[..at].ends_with('-') => {}
            b'>' | b')' | b']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

fn models(app: &App) -> Result<()> {
    let mut tables = HashMap::new();
    for mounted in app.mounted() {
        let schema = mounted.model.schema;
        let Some(first) = tables.insert(schema.table, mounted) else { continue };
        let one = first.model.schema;
        if one.place == schema.place {
            return refuse(format!(
                "the model `{}` ({}) is mounted twice, at {} and at {}: take one of the two away",
                one.name, one.place, first.at, mounted.at
            ));
        }
        return refuse(format!(
            "two models use the table `{}`: `{}` ({}) and `{}` ({}); give one of them another with \
             `#[model(table = \"…\")]`",
            schema.table, one.name, one.place, schema.name, schema.place
        ));
    }
    Ok(())
}

/// Refuses a foreign key to a table that no model of the application has: nothing could be written.
fn references(app: &App) -> Result<()> {
    let tables: Vec<_> = app.mounted().map(|it| it.model.schema.table).collect();
    for schema in app.mounted().map(|it| it.model.schema) {
        for column in schema.columns {
            let Some(table) = column.references.map(|it| (it.table)()).filter(|it| !tables.contains(it))
            else {
                continue;
            };
            return refuse(format!(
                "the field `{}` of the model `{}` ({}) references the table `{table}`, and no model of it is mounted: add \
                 that model with `App::model`",
                column.field, schema.name, schema.place
            ));
        }
    }
    Ok(())
}

/// Refuses two routes of one method and path, and paths that differ only in what they call a parameter.
pub(crate) fn routes(routes: &[RouteEntry]) -> Result<()> {
    let mut seen = HashMap::new();
    let mut shapes: HashMap<String, &RouteEntry> = HashMap::new();
    for route in routes {
        if let Some(first) = seen.insert((route.method, &route.path), route) {
            return refuse(format!(
                "the route `{route}` is mounted twice: by `{}` ({}) and by `{}` ({}); give one of the two another \
                 path",
                first.serves, first.place, route.serves, route.place
            ));
        }
        let parts = route.path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
        let first = *shapes.entry(parts.collect::<Vec<_>>().join("/")).or_insert(route);
        if first.path != route.path {
            return refuse(format!(
                "the routes `{first}` ({}) and `{route}` ({}) have one path and two names for its parameter: call \
                 it the same",
                first.place, route.place
            ));
        }
    }
    Ok(())
}

/// Refuses two commands of one name.
pub(crate) fn commands(app: &App) -> Result<()> {
    let mut seen: HashMap<&str, Place> = HashMap::new();
    for command in app.parts().flat_map(|it| &it.commands) {
        let (name, at) = (command.name, command.at);
        if COMMANDS.contains(&name) {
            return refuse(format!(
                "the command `{name}` ({at}) is the framework's own: call yours otherwise"
            ));
        }
        if let Some(first) = seen.insert(name, at) {
            return refuse(format!(
                "two commands are called `{name}`, at {first} and at {at}: rename one of them"
            ));
        }
    }
    Ok(())
}

fn refuse(why: String) -> Result<()> {
    Err(Error::internal(why))
}
