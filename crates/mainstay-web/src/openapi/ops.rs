//! Operations described: their paths, what they take and give, and how they fail.

use mainstay_queue::OperationEntry;
use mainstay_queue::operation::OperationKind;
use schemars::{Schema, SchemaGenerator, json_schema};

use super::crud::{key, replayed};
use super::endpoint::{data, other, security, text};
use super::errors::quota;
use super::{DeclaredError, Document, Operation, Parameter, RequestBody, Response};

/// Describes an operation below this prefix, such as `/v1`: `POST`, and `GET` too where it only reads.
pub fn describe(
    document: &mut Document,
    generator: &mut SchemaGenerator,
    entry: &OperationEntry,
    prefix: &str,
) {
    let [input, output] = entry.shapes(generator);
    let path = format!("{prefix}/ops/{}", entry.template());
    let mut post = operation(entry, generator, output.clone());
    let mut body = RequestBody::json(input.clone());
    body.required = !takes_null(&input);
    post.request_body = Some(body);
    if entry.spec.kind == OperationKind::Mutation {
        post.parameters.push(key());
        post.errors.extend(DeclaredError::of_changes());
    } else {
        let mut get = operation(entry, generator, output);
        get.operation_id = format!("{}_by_get", get.operation_id);
        let mut asked = Parameter::query("input".to_owned(), Schema::default());
        asked.schema = None;
        asked.required = !takes_null(&input);
        asked.content = RequestBody::json(input).content;
        get.parameters.push(asked);
        get.errors.push(DeclaredError::new(400, "unknown_field", "there is no such parameter"));
        document.add("GET", path.clone(), get);
    }
    document.add("POST", path, post);
}

fn operation(entry: &OperationEntry, generator: &mut SchemaGenerator, output: Schema) -> Operation {
    let spec = entry.spec;
    let mut operation = Operation::new(spec.path.replace('.', "_").replace('$', ""));
    operation.summary = text(spec.summary);
    operation.description = text(spec.description);
    operation.tags = spec.tags.iter().map(|&it| it.to_owned()).collect();
    operation.parameters = parameters(spec.path);
    operation.parameters.extend(version(spec.version));
    operation.security = Some(security(spec.admits));
    operation.errors = errors(entry, generator);
    operation.responses.insert("default".to_owned(), other());
    let response = Response::json("What it gives.", output);
    let response = if spec.rate.is_some() { quota(response) } else { response };
    let is_repeated = spec.kind == OperationKind::Mutation;
    operation.answers(200, if is_repeated { replayed(response) } else { response })
}

fn parameters(path: &str) -> Vec<Parameter> {
    let names = path.split('.').filter_map(|it| it.strip_prefix('$'));
    names.map(|name| Parameter::path(name.to_owned(), json_schema!({ "type": "string" }))).collect()
}

/// In which version the input is written; nothing where there is one alone.
fn version(current: u32) -> Option<Parameter> {
    let schema = json_schema!({ "type": "integer", "minimum": 1, "maximum": current });
    let described = format!("The version that the input is written in: {current} unless told.");
    (current > 1).then(|| Parameter::header("Input-Version", schema).described(described))
}

fn errors(entry: &OperationEntry, generator: &mut SchemaGenerator) -> Vec<DeclaredError> {
    let declared = entry.declared.iter().map(|it| {
        let error = DeclaredError::new(it.status, it.code, it.message);
        if it.data.is_empty() { error } else { error.data(data(it.data, generator)) }
    });
    let mut errors: Vec<_> = declared.collect();
    errors.extend(DeclaredError::anywhere());
    errors.push(DeclaredError::invalid());
    errors.push(DeclaredError::new(415, "unsupported_media_type", "the body is of another type"));
    errors.extend(entry.spec.rate.map(DeclaredError::rate_limited));
    errors
}

/// Whether nothing is an input too.
fn takes_null(input: &Schema) -> bool {
    input.as_value()["type"] == "null"
}

#[cfg(test)]
mod tests {
    use mainstay_kernel::Admits;

    use super::*;

    #[test]
    fn what_a_path_takes_is_described() {
        assert_eq!(parameters("a.$b.c.$d").len(), 2);
        assert!(version(1).is_none() && version(2).is_some());
        assert_eq!(security(Admits::Roles(&["x"])).len(), 1);
    }
}
