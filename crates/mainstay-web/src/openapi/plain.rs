use schemars::json_schema;

use super::{Answer, Document, Operation, Parameter, Response};

/// Describes a route of which nothing is known but that it is there: what the application's handler takes and answers
/// is its own.
pub fn describe(document: &mut Document, method: &str, path: &str, handler: &str) {
    let segments = path.split('/').filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
    let parameters =
        segments.map(|it| Parameter::path(it.trim_start_matches('*'), json_schema!({ "type": "string" })));
    let words = path.split(|it: char| !it.is_ascii_alphanumeric()).filter(|it| !it.is_empty());
    let name = std::iter::once(method.to_ascii_lowercase()).chain(words.map(str::to_owned));
    let mut operation = Operation::new(name.collect::<Vec<_>>().join("_"));
    operation.description = Some(format!("Answered by `{handler}`."));
    operation.parameters = parameters.collect();
    operation
        .responses
        .insert("default".to_owned(), Answer::Here(Response::new("Whatever the handler answers.")));
    document.add(method, path.replace("{*", "{"), operation);
}
