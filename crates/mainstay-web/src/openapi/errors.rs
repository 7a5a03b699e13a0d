//! What fails and how it is answered: the one envelope, and the codes that each status comes with.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use mainstay_kernel::Rate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Serialize;
use serde_json::json;

use super::operation::{Answer, Header, JSON, Media, Operation, Response};

/// An error that an operation declares.
#[derive(Clone, Debug, Serialize)]
pub struct DeclaredError {
    /// Its status, 400 to 599.
    pub status: u16,
    /// Its stable code.
    pub code: String,
    /// What it says.
    pub description: String,
    /// What its `data` holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Schema>,
}

impl DeclaredError {
    /// An error without data.
    pub fn new(status: u16, code: impl Into<String>, description: impl Into<String>) -> Self {
        Self { status, code: code.into(), description: description.into(), data: None }
    }

    /// With what its `data` holds.
    #[must_use]
    pub fn data(mut self, data: Schema) -> Self {
        self.data = Some(data);
        self
    }

    /// What any operation can fail with.
    pub(super) fn anywhere() -> Vec<DeclaredError> {
        vec![
            DeclaredError::new(
                400,
                "bad_request",
                "the path, the query, a header or the body cannot be read",
            ),
            DeclaredError::new(400, "too_expensive", "it took longer than the database may"),
            DeclaredError::new(401, "unauthorized", "a caller is needed, or the credential is bad"),
            DeclaredError::new(403, "forbidden", "the caller may not do this"),
            DeclaredError::new(413, "payload_too_large", "the body is too long"),
            DeclaredError::new(500, "internal_error", "something went wrong on our side"),
            DeclaredError::new(503, "unavailable", "the database cannot be reached"),
            DeclaredError::new(503, "draining", "this process is about to stop"),
        ]
    }

    /// What any operation can fail with that changes something.
    pub(super) fn of_changes() -> [DeclaredError; 6] {
        [
            DeclaredError::new(408, "request_timeout", "the body did not arrive in time"),
            DeclaredError::new(409, "request_id_conflict", "the `Idempotency-Key` was used for another body"),
            DeclaredError::new(
                409,
                "request_in_progress",
                "the first request with this `Idempotency-Key` still runs",
            ),
            DeclaredError::new(
                409,
                "request_expired",
                "the `Idempotency-Key` is older than answers are kept",
            ),
            DeclaredError::new(503, "serialization_failure", "others changed the same rows too often"),
            DeclaredError::new(503, "outcome_unknown", "the connection broke while committing"),
        ]
    }

    /// That it was called too often.
    pub(super) fn rate_limited(rate: Rate) -> Self {
        let wait = json_schema!({
            "type": "object",
            "properties": { "retryAfter": { "type": "integer", "minimum": 0 } },
            "required": ["retryAfter"],
        });
        Self::new(429, "rate_limited", format!("one caller may call it {rate}")).data(wait)
    }

    /// That fields are wrong.
    pub(super) fn invalid() -> Self {
        let faults = json_schema!({ "$ref": "#/components/schemas/ErrorData" });
        Self::new(422, "validation_failed", "fields are wrong").data(faults)
    }
}

/// Makes an answer of each status that the operation's errors have, where it has none yet. Operations that fail with
/// the same codes share their answer among `responses`.
pub(super) fn answer(operation: &mut Operation, responses: &mut BTreeMap<String, Response>) {
    let mut by_status: BTreeMap<u16, Vec<&DeclaredError>> = BTreeMap::new();
    for error in &operation.errors {
        by_status.entry(error.status).or_default().push(error);
    }
    for (status, errors) in by_status {
        let Entry::Vacant(answer) = operation.responses.entry(status.to_string()) else { continue };
        let response = response(status, &errors);
        let codes: BTreeSet<_> = errors.iter().map(|it| it.code.as_str()).collect();
        let name = format!("{status}.{}", codes.into_iter().collect::<Vec<_>>().join("."));
        let known = responses.entry(name.clone()).or_insert_with(|| response.clone());
        // Two operations may say different things of one code.
        answer.insert(if known.description == response.description {
            Answer::There { reference: format!("#/components/responses/{name}") }
        } else {
            Answer::Here(response)
        });
    }
}

fn response(status: u16, errors: &[&DeclaredError]) -> Response {
    let lines = errors.iter().map(|it| format!("- `{}`: {}", it.code, it.description));
    let mut response = Response::new(lines.collect::<Vec<_>>().join("\n"));
    let codes: BTreeSet<_> = errors.iter().map(|it| it.code.as_str()).collect();
    let of = |reference: &str, code: &str| {
        let one = json!({ "properties": { code: { "enum": codes }, "status": { "const": status } } });
        Media::of(json_schema!({ "allOf": [{ "$ref": reference }, one] }))
    };
    response.content.insert(JSON.to_owned(), of("#/components/schemas/Error", "error"));
    response
        .content
        .insert("application/problem+json".to_owned(), of("#/components/schemas/Problem", "code"));
    let text = || json_schema!({ "type": "string" });
    let header = |description: &str, schema| Header::of(schema, description);
    match status {
        401 => response.header("WWW-Authenticate", header("The scheme to sign in with.", text())),
        429 => quota(response).header("Retry-After", retry_after()),
        503 => response.header("Retry-After", retry_after()),
        _ => response,
    }
}

/// With what it says of a caller's rate.
pub(super) fn quota(response: Response) -> Response {
    let header = |description: &str| Header::of(seconds(), description);
    response
        .header("RateLimit-Limit", header("How many calls are admitted within the time of the rate."))
        .header("RateLimit-Remaining", header("How many are left."))
        .header("RateLimit-Reset", header("In how many seconds all of them are there again."))
}

fn retry_after() -> Header {
    Header::of(seconds(), "In how many seconds another try makes sense.")
}

fn seconds() -> Schema {
    json_schema!({ "type": "integer", "minimum": 0 })
}

/// Makes `Error`, `Problem` and `FieldFault` known, before any type of the application's takes their names.
pub(super) fn define(generator: &mut SchemaGenerator) {
    generator.subschema_for::<Envelope>();
    generator.subschema_for::<Problem>();
}

/// Every error's answer.
#[derive(JsonSchema)]
#[schemars(rename = "Error")]
#[expect(dead_code, reason = "it is described and never made")]
struct Envelope {
    /// The stable code.
    error: String,
    /// For people; it may change.
    error_description: String,
    /// The answer's status.
    status: u16,
    /// The answer's `x-request-id`.
    request_id: String,
    /// Nothing.
    result: (),
    /// No.
    #[schemars(extend("const" = false))]
    success: bool,
    /// More for programs, where there is some.
    #[schemars(default, with = "ErrorData")]
    data: ErrorData,
}

/// An error as RFC 9457 has it, for clients that accept `application/problem+json`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
struct Problem {
    /// A URI that names the kind of error.
    r#type: String,
    /// The status in words.
    title: String,
    /// The answer's status.
    status: u16,
    /// For people; it may change.
    detail: String,
    /// A URI that names this occurrence.
    instance: String,
    /// The stable code.
    code: String,
    /// More for programs, where there is some.
    #[schemars(default, with = "ErrorData")]
    data: ErrorData,
}

/// More for programs: of invalid fields which, and further members by the error.
#[derive(Default, JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
struct ErrorData {
    /// What is wrong, field by field.
    #[schemars(default)]
    fields: Vec<FieldFault>,
}

/// What is wrong with one field.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "it is described and never made")]
struct FieldFault {
    /// The field; empty where it is none in particular.
    field: String,
    /// The stable code, such as `required`.
    code: String,
    /// For people; it may change.
    message: String,
}
