use mainstay_kernel::Kind;
use mainstay_model::{
    ColumnDef, DEFAULT_LIMIT, MAX_LIMIT, MAX_PATTERN, MAX_SORTS, METHODS, ModelEntry, Part, Read, Schema,
    operators,
};
use schemars::{SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::super::operation::JSON;
use super::super::{Media, Parameter};

/// How many references in a row `expand` follows.
const HOPS: usize = 3;
/// The most paths of references that are listed.
const MOST_PATHS: usize = 64;

/// The parameters of a list.
pub(super) fn list(
    schema: &Schema,
    all: &[&'static ModelEntry],
    generator: &mut SchemaGenerator,
) -> Vec<Parameter> {
    let limits =
        json_schema!({ "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT });
    let mut parameters = vec![
        Parameter::query("limit", limits).described("How many rows."),
        Parameter::query("page", json_schema!({ "type": "integer", "minimum": 1 }))
            .described("Which page, from 1. It starts at row 100 000 at the furthest. Not with `cursor`."),
        Parameter::query("cursor", json_schema!({ "type": "string" })).described(
            "Go on where the list that gave this `next` ended, in the same order. Not with `page`.",
        ),
        sort(schema),
        Parameter::query("direction", json_schema!({ "type": "string", "enum": ["asc", "desc"] }))
            .described("`desc` turns the first field of `sort` around. Not without `sort`."),
        Parameter::query("count", json_schema!({ "type": "string", "enum": ["exact", "none", "only"] }))
            .described("`exact`: a `total` beyond 10 000. `none`: no total. `only`: no rows."),
    ];
    if !schema.search.is_empty() {
        parameters.push(search(schema));
    }
    parameters.extend(get(schema, all));
    parameters.extend(columns(schema).map(|it| filter(it, generator)));
    parameters.push(query());
    parameters
}

/// The parameters of a get.
pub(super) fn get(schema: &Schema, all: &[&'static ModelEntry]) -> Vec<Parameter> {
    let fields: Vec<_> = columns(schema).map(|it| it.field).collect();
    let selected = Parameter::query("select", names(&fields)).joined();
    let mut parameters = vec![selected.described("Answer with these fields and `id`, and no others.")];
    let paths = references(schema, all);
    if !paths.is_empty() {
        let expanded = Parameter::query("expand", names(&paths)).joined();
        let said = "Rows in the place of the references that these paths follow, at most 8 in all.";
        parameters.push(expanded.described(said));
    }
    parameters
}

/// The fields that some caller may name.
fn columns(schema: &Schema) -> impl Iterator<Item = &'static ColumnDef> {
    schema.columns.iter().filter(|it| it.read != Read::Private && it.part != Part::Overflow)
}

fn names<S: AsRef<str>>(names: &[S]) -> schemars::Schema {
    let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
    json_schema!({ "type": "array", "items": { "type": "string", "enum": names }, "minItems": 1 })
}

fn sort(schema: &Schema) -> Parameter {
    let sorted = columns(schema).filter(|it| it.kind != Kind::Json).map(|it| it.field);
    let both: Vec<_> = sorted.flat_map(|it| [it.to_owned(), format!("-{it}")]).collect();
    let mut fields = names(&both);
    fields.insert("maxItems".to_owned(), MAX_SORTS.into());
    fields.insert("uniqueItems".to_owned(), true.into());
    let said =
        "The order: by these fields, each at most once; `-` turns one around. What is missing comes last.";
    Parameter::query("sort", fields).joined().described(said).example(json!(["-createdAt"]))
}

fn search(schema: &Schema) -> Parameter {
    let fields: Vec<_> = schema.search.iter().map(|&it| format!("`{}`", schema.column(it).field)).collect();
    let said = format!(
        "The rows whose {} hold these words. `\"a phrase\"`, `-without`, `this or that` and `prefix*` are understood.",
        fields.join(", ")
    );
    Parameter::query("search", json_schema!({ "type": "string", "minLength": 1, "maxLength": 200 }))
        .described(said)
}

/// `where[title][like]=…`: the operators are the members of an object.
fn filter(column: &'static ColumnDef, generator: &mut SchemaGenerator) -> Parameter {
    let mut properties = Map::new();
    for operator in operators(column) {
        properties.insert(operator.to_owned(), operand(column, operator));
    }
    let mut described =
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false });
    if let Some(name) = shared(column.kind) {
        generator.definitions_mut().entry(&*name).or_insert_with(|| described.to_value());
        described = schemars::Schema::new_ref(format!("#/components/schemas/{name}"));
    }
    let mut said = format!("Only rows whose `{0}` is so. `where[{0}]=…` is short for `eq`.", column.field);
    if column.kind == Kind::Json {
        said = format!(
            "Only rows whose `{0}` is so. `where[{0}.key]=…` asks what stands within it.",
            column.field
        );
    }
    if let Read::Role(role) = column.read {
        said = format!("{said} Only for callers with the role `{role}`.");
    }
    Parameter::query(format!("where[{}]", column.field), described).deep().described(said)
}

/// What filters of this kind are called, where each field of the kind takes the same. No type in Rust has such a name.
fn shared(kind: Kind) -> Option<String> {
    let name = match kind {
        Kind::Bool => "Filter.Boolean",
        Kind::Int => "Filter.Integer",
        Kind::Float => "Filter.Number",
        Kind::Text => "Filter.Text",
        Kind::Bytes => "Filter.Bytes",
        Kind::Uuid => "Filter.Id",
        Kind::Timestamp => "Filter.Time",
        Kind::Date => "Filter.Date",
        Kind::Json => "Filter.Json",
        Kind::Decimal(scale) => return Some(format!("Filter.Decimal{scale}")),
        Kind::Enum(_) => return None,
    };
    Some(name.to_owned())
}

fn operand(column: &ColumnDef, operator: &str) -> Value {
    match operator {
        "null" => json!({ "type": "boolean", "description": "Whether it is missing." }),
        "in" | "nin" => {
            json!({ "type": "string", "description": "`a,b,c`, or a JSON list; at most 100 values." })
        }
        "between" => json!({ "type": "string", "description": "`low,high`, both included." }),
        "like" | "ilike" => {
            json!({ "type": "string", "maxLength": MAX_PATTERN, "description": "`%` and `_` stand for others." })
        }
        "prefix" => json!({ "type": "string" }),
        "contains" if column.kind == Kind::Json => {
            json!({ "type": "string", "description": "JSON that is part of it." })
        }
        "contains" => json!({ "type": "string", "maxLength": MAX_PATTERN }),
        _ => value(column.kind),
    }
}

/// What a field is compared with: what it holds, and not null.
fn value(kind: Kind) -> Value {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Int => json!({ "type": "integer", "format": "int64" }),
        Kind::Float => json!({ "type": "number", "format": "double" }),
        Kind::Text => json!({ "type": "string" }),
        Kind::Bytes => json!({ "type": "string", "format": "byte", "contentEncoding": "base64" }),
        Kind::Uuid => json!({ "type": "string", "format": "uuid" }),
        Kind::Timestamp => json!({ "type": "string", "format": "date-time" }),
        Kind::Date => json!({ "type": "string", "format": "date" }),
        Kind::Decimal(_) => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" }),
        Kind::Enum(of) => json!({ "type": "string", "enum": of.variants }),
        Kind::Json => json!({ "type": "string" }),
    }
}

/// `user`, `post`, `post.user`: the references of a model, those of what they lead to, and so on.
fn references(schema: &Schema, all: &[&'static ModelEntry]) -> Vec<String> {
    let mut paths: Vec<(String, &Schema)> = vec![(String::new(), schema)];
    let mut found = Vec::new();
    for _ in 0..HOPS {
        let mut next = Vec::new();
        for (path, schema) in &paths {
            for column in columns(schema) {
                let target = column.references.map(|it| (it.table)());
                let target = all.iter().find(|it| target.is_some_and(|table| it.schema.table == table));
                next.extend(target.map(|it| (format!("{path}{}", column.field), it.schema)));
            }
        }
        found.extend(next.iter().map(|(path, _)| path.clone()));
        paths = next.into_iter().map(|(path, schema)| (path + ".", schema)).collect();
    }
    found.truncate(MOST_PATHS);
    found
}

/// The same as steps of a query builder.
fn query() -> Parameter {
    let step = json!({
        "type": "object",
        "properties": { "method": { "type": "string", "enum": METHODS }, "args": { "type": "array" } },
        "required": ["method", "args"],
        "additionalProperties": false,
    });
    let steps = json_schema!({ "type": "array", "items": step });
    let mut parameter = Parameter::query("__query", steps);
    let schema = parameter.schema.take();
    parameter.content.insert(JSON.to_owned(), Media { schema, example: None });
    parameter.described(
        "The same list as the steps of a query builder: `[{\"method\":\"where\",\"args\":[\"views\",\">\",10]}]`. Groups \
         are `{\"__nested\":[…]}`.",
    )
}
