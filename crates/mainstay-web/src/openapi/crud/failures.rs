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
    let mut errors = DeclaredError::anywhere();
    if reads {
        errors.extend(reading());
    }
    if changes && verb != "create" {
        let name = schema.name;
        let code = format!("{name}_not_found");
        errors.push(DeclaredError::new(404, code, "no row has this id, or none that the caller may reach"));
    }
    if !reads {
        errors.extend(DeclaredError::of_changes());
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
        DeclaredError::invalid(),
        DeclaredError::new(422, "read_only_field", "a field is not the caller's to set").data(faults()),
    ]
}

fn faults() -> Described {
    json_schema!({ "$ref": "#/components/schemas/ErrorData" })
}
