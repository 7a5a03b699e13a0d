//! Which errors each of the generated operations can answer with. `docs/errors.md` says what to do about them.

use mainstay_model::Schema;
use schemars::{Schema as Described, json_schema};

use super::super::DeclaredError;

/// The errors of one verb.
pub(super) fn of(schema: &Schema, verb: &str) -> Vec<DeclaredError> {
    let (reads, changes) = match verb {
        "list" => (true, false),
        "get" => (true, true),
        _ => (false, true),
    };
    let mut errors = anywhere();
    if reads {
        errors.extend(reading());
    }
    if changes && verb != "create" {
        let name = schema.name;
        let code = format!("{name}_not_found");
        errors.push(DeclaredError::new(404, code, "no row has this id, or none that the caller may reach"));
    }
    if !reads {
        errors.extend(writing());
        errors.extend(conflicts(verb));
    }
    if matches!(verb, "update" | "patch" | "delete") {
        errors.push(DeclaredError::new(412, "stale_version", "`If-Match` does not name the row's version"));
    }
    if matches!(verb, "create" | "update" | "patch") {
        errors.extend(taking());
    }
    errors
}

fn anywhere() -> Vec<DeclaredError> {
    vec![
        DeclaredError::new(400, "bad_request", "the path, the query, a header or the body cannot be read"),
        DeclaredError::new(400, "too_expensive", "it took longer than the database may"),
        DeclaredError::new(401, "unauthorized", "a caller is needed, or the credential is bad"),
        DeclaredError::new(403, "forbidden", "the caller may not do this"),
        DeclaredError::new(413, "payload_too_large", "the body is too long"),
        DeclaredError::new(500, "internal_error", "something went wrong on our side"),
        DeclaredError::new(503, "unavailable", "the database cannot be reached"),
        DeclaredError::new(503, "draining", "this process is about to stop"),
    ]
}

fn reading() -> [DeclaredError; 2] {
    [
        DeclaredError::new(400, "unknown_field", "there is no such field, or the caller may not see it"),
        DeclaredError::new(
            400,
            "unknown_operator",
            "there is no such operator, or the field does not take it",
        ),
    ]
}

fn writing() -> [DeclaredError; 6] {
    [
        DeclaredError::new(408, "request_timeout", "the body did not arrive in time"),
        DeclaredError::new(409, "request_id_conflict", "the `Idempotency-Key` was used for another body"),
        DeclaredError::new(
            409,
            "request_in_progress",
            "the first request with this `Idempotency-Key` still runs",
        ),
        DeclaredError::new(409, "request_expired", "the `Idempotency-Key` is older than answers are kept"),
        DeclaredError::new(503, "serialization_failure", "others changed the same rows too often"),
        DeclaredError::new(503, "outcome_unknown", "the connection broke while committing"),
    ]
}

fn conflicts(verb: &str) -> Vec<DeclaredError> {
    let mut conflicts = vec![
        DeclaredError::new(
            409,
            "foreign_key_violation",
            "a reference leads nowhere, or the row is referred to",
        )
        .data(faults()),
    ];
    if verb != "delete" {
        let error = DeclaredError::new(409, "unique_violation", "another row has this value already");
        conflicts.push(error.data(faults()));
    }
    if verb == "patch" {
        let pointer = json_schema!({
            "type": "object", "properties": { "pointer": { "type": "string" } }, "required": ["pointer"],
        });
        let error = DeclaredError::new(409, "patch_test_failed", "a `test` of the patch found another value");
        conflicts.push(error.data(pointer));
    }
    conflicts
}

fn taking() -> [DeclaredError; 3] {
    [
        DeclaredError::new(415, "unsupported_media_type", "the body is of another type"),
        DeclaredError::new(422, "validation_failed", "fields are wrong").data(faults()),
        DeclaredError::new(422, "read_only_field", "a field is not the caller's to set").data(faults()),
    ]
}

fn faults() -> Described {
    json_schema!({ "$ref": "#/components/schemas/ErrorData" })
}
