use std::fmt::Write as _;

use mainstay_kernel::Kind;
use mainstay_model::{Action, ColumnDef, ModelEntry, Part, Read, Write, Writer};

use super::Overview;
use crate::error_page::escape;
use crate::recent::Answered;
use crate::{RouteEntry, Serves};

/// The whole document. Every value in it is escaped.
pub(super) fn render(overview: &Overview, recent: &[Answered], style: &str) -> String {
    let (name, version) = (escape(overview.name), escape(overview.version));
    let parts = [
        notices(&overview.notices),
        next(overview),
        requests(recent),
        routes(&overview.routes),
        overview.models.iter().map(|it| model(it)).collect(),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{name}</title><style>{style}</style></head><body>\
         <header><h1>{name} <small>{version}</small></h1><nav><a href=\"/docs\">API</a> <a href=\"/openapi.json\">\
         OpenAPI</a> <a href=\"/readyz\">Readiness</a> <a href=\"/metrics\">Metrics</a></nav></header><main>{}</main>\
         <footer>This page is for developers. In production it is not there.</footer></body></html>\n",
        parts.concat()
    )
}

fn section(title: &str, body: &str) -> String {
    format!("<section><h2>{}</h2>{body}</section>", escape(title))
}

fn table(heads: &[&str], rows: impl Iterator<Item = String>) -> String {
    let heads: String = heads.iter().map(|it| format!("<th>{it}</th>")).collect();
    format!(
        "<div><table><thead><tr>{heads}</tr></thead><tbody>{}</tbody></table></div>",
        rows.collect::<String>()
    )
}

fn notices(notices: &[String]) -> String {
    if notices.is_empty() {
        return String::new();
    }
    let items: String = notices.iter().map(|it| format!("<li>{}</li>", escape(it))).collect();
    section("Configuration", &format!("<ul class=\"notices\">{items}</ul>"))
}

/// What a developer could do now.
fn next(overview: &Overview) -> String {
    let name = escape(overview.name);
    let mut steps = String::new();
    if overview.models.is_empty() {
        steps.push_str("<li>Write a model in <code>src/models</code>; its routes come with its scope.</li>");
    }
    let commands = [
        ("token --sub ann", "prints a bearer token to try the API with"),
        ("routes --hooks", "lists what runs when a row is written"),
        ("migrate status", "compares the tables with the models"),
        ("config", "lists every variable"),
        ("openapi", "prints the API's description"),
    ];
    for (command, does) in commands {
        let _ = write!(steps, "<li><code>cargo run -- {command}</code> {does}</li>");
    }
    section(&format!("What to do next with {name}"), &format!("<ul>{steps}</ul>"))
}

fn requests(recent: &[Answered]) -> String {
    if recent.is_empty() {
        return section("Recent requests", "<p>None yet. Ask for something and load this page again.</p>");
    }
    let rows = recent.iter().map(|it| {
        let (method, route) = (escape(it.exchange.method()), escape(it.exchange.route()));
        let id = escape(it.exchange.request_id().as_str());
        let millis = it.duration.as_secs_f64() * 1000.0;
        let class = it.status / 100;
        format!(
            "<tr><td><b>{method}</b></td><td><code>{route}</code></td><td class=\"s{class}\">{}</td>\
             <td class=\"n\">{millis:.1}</td><td><code>{id}</code></td></tr>",
            it.status
        )
    });
    let shown = table(&["Method", "Route", "Status", "ms", "Request"], rows);
    section(
        "Recent requests",
        &format!("<details open><summary>The last {}</summary>{shown}</details>", recent.len()),
    )
}

fn routes(routes: &[RouteEntry]) -> String {
    let rows = grouped(routes).into_iter().flat_map(|(group, routes)| {
        let head = format!("<tr><th colspan=\"4\">{}</th></tr>", escape(group.unwrap_or("others")));
        std::iter::once(head).chain(routes.into_iter().map(route))
    });
    section("Routes", &table(&["Method", "Path", "Answered by", "Place"], rows))
}

/// The routes of each model, those of endpoints below its path too; then the others.
fn grouped(routes: &[RouteEntry]) -> Vec<(Option<&'static str>, Vec<&RouteEntry>)> {
    let of_model = |it: &RouteEntry| match it.serves {
        Serves::Model { model, .. } => Some(model),
        Serves::Handler { .. } | Serves::Endpoint { .. } | Serves::Operation { .. } => None,
    };
    let roots: Vec<_> =
        routes.iter().filter_map(|it| Some((it.path.trim_end_matches("/{id}"), of_model(it)?))).collect();
    let above = |path: &str| {
        let is_above =
            |root: &str| path.strip_prefix(root).is_some_and(|it| it.is_empty() || it.starts_with('/'));
        let found = roots.iter().filter(|(root, _)| is_above(root)).max_by_key(|(root, _)| root.len());
        found.map(|(_, model)| *model)
    };
    let mut groups: Vec<(Option<&'static str>, Vec<&RouteEntry>)> = Vec::new();
    for route in routes {
        let group = of_model(route).or_else(|| above(&route.path));
        match groups.iter_mut().find(|(it, _)| *it == group) {
            Some((_, all)) => all.push(route),
            None => groups.push((group, vec![route])),
        }
    }
    groups.sort_by_key(|(group, _)| (group.is_none(), *group));
    groups
}

fn route(it: &RouteEntry) -> String {
    let (path, serves, place) =
        (escape(&it.path), escape(&it.serves.to_string()), escape(&it.place.to_string()));
    let is_plain = it.method == "GET" && !it.path.contains('{');
    let path = if is_plain { format!("<a href=\"{path}\">{path}</a>") } else { path };
    let kind = match it.serves {
        Serves::Model { .. } => "model",
        Serves::Handler { .. } | Serves::Endpoint { .. } | Serves::Operation { .. } => "own",
    };
    format!(
        "<tr class=\"{kind}\"><td><b>{}</b></td><td><code>{path}</code></td><td>{serves}</td><td><code>{place}</code>\
         </td></tr>",
        it.method
    )
}

fn model(model: &ModelEntry) -> String {
    let schema = model.schema;
    let grants: Vec<_> = model.grants.iter().map(|it: &Action| it.verb()).collect();
    let granted = if grants.is_empty() { "no routes".to_owned() } else { grants.join(", ") };
    let rows = schema.columns.iter().map(|it| {
        format!(
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escape(it.field),
            escape(&kind(it)),
            escape(&access(it)),
            escape(it.about.docs)
        )
    });
    let docs = escape(schema.docs);
    let about = format!(
        "<p>{docs}</p><p class=\"quiet\">table <code>{}</code> · {granted} · <code>{}</code></p>",
        escape(schema.table),
        escape(&schema.place.to_string())
    );
    section(schema.name, &(about + &table(&["Field", "Holds", "Clients", ""], rows)))
}

fn kind(column: &ColumnDef) -> String {
    let kind = match column.kind {
        Kind::Bool => "true or false".to_owned(),
        Kind::Int => "an integer".to_owned(),
        Kind::Float => "a number".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Bytes => "bytes".to_owned(),
        Kind::Uuid => match column.references {
            Some(to) => format!("a row of {}", (to.table)()),
            None => "a UUID".to_owned(),
        },
        Kind::Timestamp => "a time".to_owned(),
        Kind::Date => "a date".to_owned(),
        Kind::Json if column.part == Part::Overflow => "what is not declared".to_owned(),
        Kind::Json => "JSON".to_owned(),
        Kind::Decimal(scale) => format!("a decimal with {scale} digits"),
        Kind::Enum(of) => of.variants.join(", "),
    };
    if column.optional { format!("{kind}, or nothing") } else { kind }
}

fn access(column: &ColumnDef) -> String {
    let Write { create, update } = column.write;
    let read = match column.read {
        Read::Everyone => String::new(),
        Read::Role(role) => format!("seen by {role}"),
        Read::Private => "private".to_owned(),
    };
    let set = match (writer(create), writer(update)) {
        (None, None) => String::new(),
        (Some(one), Some(other)) if one == other => format!("set{one}"),
        (Some(one), None) => format!("set{one} on create"),
        (None, Some(other)) => format!("set{other} on update"),
        (Some(one), Some(other)) => format!("set{one} on create,{other} on update"),
    };
    [read, set].into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("; ")
}

fn writer(writer: Writer) -> Option<String> {
    match writer {
        Writer::Nobody => None,
        Writer::Everyone => Some(String::new()),
        Writer::Role(role) => Some(format!(" by {role}")),
    }
}
