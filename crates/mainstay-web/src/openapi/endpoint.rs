//! Endpoints described: what their types and their attribute say of them.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::crud::{envelope, key, replayed};
use super::errors::quota;
use super::{
    Answer, DeclaredError, Document, Header, Operation, Parameter, RequestBody, Requirement, Response,
};
use crate::endpoint::{Admits, Described, EndpointEntry, Method, Param, ParamIn, Replay, Spec};

/// Describes an endpoint that answers this method and path, in place of a generated route.
pub fn describe(
    document: &mut Document,
    generator: &mut SchemaGenerator,
    endpoint: &EndpointEntry,
    method: Method,
    path: &str,
) {
    let (spec, described) = (endpoint.spec, endpoint.describe(generator));
    let mut operation = Operation::new(operation_id(document, spec, method, path));
    operation.summary = text(spec.summary);
    operation.description = text(spec.description);
    operation.tags = tags(spec, document, path);
    operation.parameters = parameters(&described, method, path);
    operation.security = Some(if described.signed_in { of_persons() } else { security(spec.admits) });
    operation.errors = errors(spec, &described, method, generator);
    operation.responses.insert("default".to_owned(), other());
    let operation = success(operation, &described, spec, method);
    let request_body = described.body.map(|it| RequestBody::json(it.schema));
    document.add(method.as_str(), path.replace("{*", "{"), Operation { request_body, ..operation });
}

pub(super) fn text(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// The function's name, where it says something and is nobody else's.
fn operation_id(document: &Document, spec: &Spec, method: Method, path: &str) -> String {
    let is_taken =
        |name: &str| document.paths.values().flat_map(|it| it.values()).any(|it| it.operation_id == name);
    if spec.name != "handler" && !is_taken(spec.name) {
        return spec.name.to_owned();
    }
    let words = path.split(|it: char| !it.is_ascii_alphanumeric()).filter(|it| !it.is_empty());
    let name = std::iter::once(method.as_str().to_ascii_lowercase()).chain(words.map(str::to_owned));
    name.collect::<Vec<_>>().join("_")
}

/// Those that it names, else those of its neighbour: the first part of its path that is a model's.
fn tags(spec: &Spec, document: &Document, path: &str) -> Vec<String> {
    if !spec.tags.is_empty() {
        return spec.tags.iter().map(|&it| it.to_owned()).collect();
    }
    let neighbour = path.split('/').find(|part| document.tags.iter().any(|it| it.name == *part));
    neighbour.into_iter().map(str::to_owned).collect()
}

/// The parameters of the path in its order, those of query and headers, and the key of a repeat.
fn parameters(described: &Described, method: Method, path: &str) -> Vec<Parameter> {
    let (of_path, others): (Vec<_>, Vec<_>) = described.params.iter().partition(|it| it.at == ParamIn::Path);
    let names = path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
    let in_path = names.enumerate().map(|(place, name)| {
        let name = name.trim_start_matches('*');
        let known = of_path.iter().find(|it| it.name == name);
        let known = known.or_else(|| of_path.get(place).filter(|it| it.name.is_empty()));
        parameter(name, known.map_or(&json!({ "type": "string" }), |it| &it.schema), Parameter::path)
    });
    let others = others.into_iter().map(|Param { name, at, is_required, schema }| {
        let make = match at {
            ParamIn::Header => Parameter::header,
            ParamIn::Query | ParamIn::Path => Parameter::query,
        };
        Parameter { required: *is_required, ..parameter(name, schema, make) }
    });
    let repeat = (method != Method::Get).then(key);
    in_path.chain(others).chain(repeat).collect()
}

/// A parameter with the description of its schema.
fn parameter(name: &str, schema: &Value, make: fn(String, Schema) -> Parameter) -> Parameter {
    let mut schema = Schema::try_from(schema.clone()).unwrap_or_default();
    let description = schema.remove("description");
    let description = description.as_ref().and_then(Value::as_str).map(str::to_owned);
    Parameter { description, ..make(name.to_owned(), schema) }
}

fn success(operation: Operation, described: &Described, spec: &Spec, method: Method) -> Operation {
    let said = if described.status == 201 { "It was made." } else { "It was done." };
    let mut response = match &described.answer {
        Some(payload) => Response::json(said, envelope(payload.schema.as_value())),
        None if described.status == 204 => Response::new("It was done, and there is nothing to say."),
        // Its form is the endpoint's own.
        None => {
            Response { content: [("*/*".to_owned(), super::Media::default())].into(), ..Response::new(said) }
        }
    };
    if described.located {
        let location = Header::of(json_schema!({ "type": "string" }), "Where it is.");
        response = response.header("Location", Header { required: true, ..location });
    }
    if spec.rate.is_some() {
        response = quota(response);
    }
    let is_repeated = method != Method::Get && spec.replay == Replay::Kept;
    operation.answers(described.status, if is_repeated { replayed(response) } else { response })
}

/// A person's credential: a service has none like it.
fn of_persons() -> Vec<Requirement> {
    super::requirements().take(1).collect()
}

/// What those show who are admitted.
pub(super) fn security(admits: Admits) -> Vec<Requirement> {
    match admits {
        Admits::Everyone => std::iter::once(Requirement::new()).chain(super::requirements()).collect(),
        Admits::SignedIn => super::requirements().collect(),
        Admits::Roles(_) => of_persons(),
    }
}

/// What it declares, and what the framework refuses in its place.
fn errors(
    spec: &Spec,
    described: &Described,
    method: Method,
    generator: &mut SchemaGenerator,
) -> Vec<DeclaredError> {
    let declared = described.errors.iter().map(|it| {
        let error = DeclaredError::new(it.status, it.code, it.message);
        if it.data.is_empty() { error } else { error.data(data(it.data, generator)) }
    });
    let mut errors: Vec<_> = declared.collect();
    errors.extend(DeclaredError::anywhere());
    if !described.params.is_empty() || described.body.is_some() {
        errors.push(DeclaredError::invalid());
    }
    if described.params.iter().any(|it| it.at == ParamIn::Query) {
        errors.push(DeclaredError::new(400, "unknown_field", "there is no such parameter"));
    }
    if described.body.is_some() {
        errors.push(DeclaredError::new(415, "unsupported_media_type", "the body is of another type"));
    }
    errors.extend(spec.rate.map(DeclaredError::rate_limited));
    if method != Method::Get {
        errors.extend(DeclaredError::of_changes());
        if spec.replay == Replay::Never {
            errors.push(DeclaredError::new(
                409,
                "already_done",
                "it was done under this `Idempotency-Key` before",
            ));
        }
    }
    errors
}

pub(super) fn data(fields: &[(&str, mainstay_kernel::Shape)], generator: &mut SchemaGenerator) -> Schema {
    let properties: Map<String, Value> =
        fields.iter().map(|(name, shape)| ((*name).to_owned(), shape(generator).to_value())).collect();
    let required: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
    json_schema!({ "type": "object", "properties": properties, "required": required })
}

/// Errors that the endpoint makes as it goes are not declared, and have the envelope nevertheless.
pub(super) fn other() -> Answer {
    Answer::Here(Response::json("Another error.", json_schema!({ "$ref": "#/components/schemas/Error" })))
}
