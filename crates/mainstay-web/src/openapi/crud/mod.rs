//! The operations that are generated for models.

mod example;
mod failures;
mod names;
mod parameters;

use std::collections::BTreeMap;

use mainstay_kernel::Caller;
use mainstay_model::{Action, ModelEntry, Schema};
use schemars::{SchemaGenerator, json_schema as schema};
use serde_json::{Value, json};

use self::names::{JsonPatch, Names};
use super::operation::JSON;
use super::{Document, Header, Link, Media, Operation, Parameter, RequestBody, Requirement, Response};
use crate::crud::{CrudRoute, Verb, routes};

/// Describes the routes of these models below `prefix`. `all` are the models of the application, for references that
/// an answer expands. Whatever else the document describes must be described before: the names that types of the
/// application have are theirs.
pub fn describe(
    document: &mut Document,
    generator: &mut SchemaGenerator,
    models: &[&'static ModelEntry],
    all: &[&'static ModelEntry],
    prefix: &str,
) {
    if models.is_empty() {
        return;
    }
    let names = Names::choose(generator, models, all);
    for model in models {
        let tag = model.schema.plural;
        document.tag(tag, Some(model.schema.docs.to_owned()).filter(|it| !it.is_empty()));
        for route in routes(model, prefix) {
            let described = Described { model, all, names: &names };
            document.add(route.method, route.path.clone(), described.operation(&route, generator));
        }
    }
}

/// One model, while its routes are described.
struct Described<'a> {
    model: &'a ModelEntry,
    all: &'a [&'static ModelEntry],
    names: &'a Names,
}

impl Described<'_> {
    fn operation(&self, route: &CrudRoute, generator: &mut SchemaGenerator) -> Operation {
        let operation = match route.verb {
            Verb::List => self.list(generator),
            Verb::Get => self.get(generator),
            Verb::Create => self.create(generator),
            Verb::Update => self.update(generator),
            Verb::Patch => self.patch(generator),
            Verb::Delete => self.delete(),
        };
        let errors = failures::of(self.model.schema, route.verb.as_str());
        let security = Some(self.security(route.action));
        Operation { tags: vec![self.schema().plural.to_owned()], security, ..operation.fails(errors) }
    }

    fn schema(&self) -> &'static Schema {
        self.model.schema
    }

    fn list(&self, generator: &mut SchemaGenerator) -> Operation {
        let Schema { name, plural, list_key, .. } = self.schema();
        let rows = json!({ "type": "array", "items": self.shown(generator) });
        let cursor = "What `cursor` takes to go on after these rows; null after the last.";
        let total = "How many rows match. Exact up to 10 000; null where `count=none`.";
        let result = json!({
            "type": "object",
            "properties": {
                "total": { "type": ["integer", "null"], "minimum": 0, "description": total },
                "totalCapped": { "const": true, "type": "boolean", "description": "There are more than `total`." },
                "next": { "type": ["string", "null"], "description": cursor },
                *list_key: rows,
            },
            "required": ["total", "next", list_key],
        });
        let summary = format!("List {}", spaced(plural));
        let mut operation = named("list", plural, &summary).answers(
            200,
            Response::json(format!("A page of each {} that may be read.", spaced(name)), envelope(&result)),
        );
        operation.parameters = parameters::list(self.schema(), self.all, generator);
        operation
    }

    fn get(&self, generator: &mut SchemaGenerator) -> Operation {
        let Schema { name, .. } = self.schema();
        let summary = format!("Get one {}", spaced(name));
        let known = "Versions that the client has: for one of them the answer is 304.";
        let mut operation = named("get", name, &summary)
            .answers(200, tagged(Response::json("The row.", envelope(&self.shown(generator)))))
            .answers(304, tagged(Response::new("The client has this version.")))
            .parameter(id());
        operation.parameters.extend(parameters::get(self.schema(), self.all));
        operation
            .parameter(Parameter::header("If-None-Match", schema!({ "type": "string" })).described(known))
    }

    fn create(&self, generator: &mut SchemaGenerator) -> Operation {
        let Schema { name, .. } = self.schema();
        let location = Header::of(schema!({ "type": "string" }), "The path of the new row.");
        let location = Header { required: true, ..location };
        let response = Response::json("The row as it is stored.", envelope(&self.row(generator)));
        let body = self.body(&self.names.of(self.schema()).create, Action::Create);
        Operation { request_body: Some(body), ..named("create", name, &format!("Create a {}", spaced(name))) }
            .parameter(key())
            .answers(
                201,
                Response { links: self.links(), ..replayed(tagged(response)) }.header("Location", location),
            )
    }

    /// What can be done with a row that was created.
    fn links(&self) -> BTreeMap<String, Link> {
        let id = BTreeMap::from([("id".to_owned(), "$response.body#/result/id".to_owned())]);
        let one = [
            ("get", Action::Read),
            ("update", Action::Update),
            ("patch", Action::Patch),
            ("delete", Action::Delete),
        ];
        let granted = one.into_iter().filter(|(_, action)| self.model.has(*action));
        let link =
            |verb| Link { operation_id: operation_id(verb, self.schema().name), parameters: id.clone() };
        granted.map(|(verb, _)| (verb.to_owned(), link(verb))).collect()
    }

    fn update(&self, generator: &mut SchemaGenerator) -> Operation {
        let Schema { name, .. } = self.schema();
        let body = self.body(&self.names.of(self.schema()).update, Action::Update);
        let operation = named("update", name, &format!("Change fields of a {}", spaced(name)));
        let description = Some("Only the fields that are sent change.".to_owned());
        self.changing(Operation { request_body: Some(body), description, ..operation }, generator)
    }

    fn patch(&self, generator: &mut SchemaGenerator) -> Operation {
        let Schema { name, .. } = self.schema();
        let operations = generator.subschema_for::<JsonPatch>();
        let either = schema!({ "anyOf": [operations, {
            "type": "object", "properties": { "ops": operations }, "required": ["ops"], "additionalProperties": false,
        }] });
        let body = RequestBody { required: true, ..RequestBody::default() }
            .or("application/json-patch+json", example::patch(self.schema(), operations))
            .or(JSON, example::patch(self.schema(), either))
            .or(
                "application/merge-patch+json",
                self.media(&self.names.of(self.schema()).merge, Action::Patch),
            );
        let operation = named("patch", name, &format!("Patch a {}", spaced(name)));
        let description =
            "By JSON Patch (RFC 6902) or JSON Merge Patch (RFC 7396), all of it or nothing.".to_owned();
        let operation = Operation { request_body: Some(body), description: Some(description), ..operation };
        self.changing(operation, generator)
    }

    fn delete(&self) -> Operation {
        let Schema { name, .. } = self.schema();
        let gone = json!({
            "type": "object", "properties": { "id": { "type": "string", "format": "uuid" } }, "required": ["id"],
        });
        named("delete", name, &format!("Delete a {}", spaced(name)))
            .parameter(id())
            .parameter(versions())
            .parameter(key())
            .answers(200, replayed(Response::json("It is gone.", envelope(&gone))))
    }

    fn changing(&self, operation: Operation, generator: &mut SchemaGenerator) -> Operation {
        let response = Response::json("The row as it is stored.", envelope(&self.row(generator)));
        operation
            .parameter(id())
            .parameter(versions())
            .parameter(key())
            .answers(200, replayed(tagged(response)))
    }

    fn body(&self, name: &str, action: Action) -> RequestBody {
        RequestBody { required: true, ..RequestBody::default() }.or(JSON, self.media(name, action))
    }

    fn media(&self, name: &str, action: Action) -> Media {
        let schema = schema!({ "$ref": format!("#/components/schemas/{name}") });
        Media { schema: Some(schema), example: example::body(self.schema(), action) }
    }

    fn row(&self, generator: &mut SchemaGenerator) -> Value {
        (self.model.rows)(generator).to_value()
    }

    /// A row, or as much of it as was selected.
    fn shown(&self, generator: &mut SchemaGenerator) -> Value {
        let view = format!("#/components/schemas/{}", self.names.of(self.schema()).view);
        json!({ "anyOf": [self.row(generator), { "$ref": view }] })
    }

    /// Nobody needs to show anything where the scope admits the anonymous.
    fn security(&self, action: Action) -> Vec<Requirement> {
        let open = self.model.reach(action, &Caller::Anonymous).is_some().then(Requirement::new);
        open.into_iter().chain(super::requirements()).collect()
    }
}

/// `list_blog_posts`
fn named(verb: &str, what: &str, summary: &str) -> Operation {
    Operation { summary: Some(summary.to_owned()), ..Operation::new(operation_id(verb, what)) }
}

fn operation_id(verb: &str, what: &str) -> String {
    format!("{verb}_{}", what.replace('-', "_"))
}

fn spaced(name: &str) -> String {
    name.replace(['_', '-'], " ")
}

/// The envelope of success around a result.
pub(super) fn envelope(result: &Value) -> schemars::Schema {
    schema!({
        "type": "object",
        "properties": { "result": result, "success": { "const": true, "type": "boolean" } },
        "required": ["result", "success"],
    })
}

fn id() -> Parameter {
    let described = Parameter::path("id", schema!({ "type": "string", "format": "uuid" }));
    described.described("The row's id.")
}

fn versions() -> Parameter {
    let described =
        "The versions that may be changed, as `ETag` gives them; for another one the answer is 412.";
    Parameter::header("If-Match", schema!({ "type": "string", "minLength": 1 })).described(described)
}

pub(super) fn key() -> Parameter {
    let described = "A name for this request, chosen by the client: repeated with it, the request takes effect once \
                     and is answered the same.";
    Parameter::header(
        "Idempotency-Key",
        schema!({ "type": "string", "pattern": "^[ -~]*[!-~][ -~]*$", "maxLength": 255 }),
    )
    .described(described)
}

fn tagged(response: Response) -> Response {
    let tag = schema!({ "type": "string", "pattern": "^\"[0-9]+\"$" });
    response.header("ETag", Header::of(tag, "The row's version."))
}

pub(super) fn replayed(response: Response) -> Response {
    let said = "The request was done before: this is what it was answered then.";
    response.header("Idempotent-Replayed", Header::of(schema!({ "type": "string", "const": "true" }), said))
}
