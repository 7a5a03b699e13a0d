//! The one place where the framework's errors become statuses.

use std::time::Duration;

use http::StatusCode;
use mainstay_kernel::{Declared, Error, ErrorKind, FieldFault};
use serde_json::json;

use crate::error::ApiError;

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let kind = error.kind();
        if matches!(kind, ErrorKind::Unavailable) {
            Self::unavailable(chain(&error))
        } else if matches!(kind, ErrorKind::Internal(_) | ErrorKind::Answered) {
            Self::internal(chain(&error))
        } else {
            Self::from(kind)
        }
    }
}

impl From<&ErrorKind> for ApiError {
    fn from(error: &ErrorKind) -> Self {
        match error {
            ErrorKind::BadRequest(code, description) => {
                Self::new(StatusCode::BAD_REQUEST, *code, description.clone())
            }
            ErrorKind::Invalid(faults) => Self::validation_failed(faults),
            ErrorKind::ReadOnly(faults) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "read_only_field", error.to_string())
                    .data(json!({ "fields": faults }))
            }
            ErrorKind::Unauthenticated(description) => Self::unauthorized(description.clone()),
            ErrorKind::Forbidden(description) => Self::forbidden(description.clone()),
            ErrorKind::NotFound(model, description) => {
                Self::new(StatusCode::NOT_FOUND, format!("{model}_not_found"), description.clone())
            }
            ErrorKind::UniqueViolation { columns, .. } => {
                Self::unique_violation(&faults(columns, "unique_violation", "is taken by another row"))
            }
            ErrorKind::ForeignKeyViolation { columns, .. } => Self::foreign_key_violation(&faults(
                columns,
                "foreign_key_violation",
                "a row is referred to that must be there",
            )),
            ErrorKind::StaleVersion => Self::stale_version(),
            ErrorKind::PatchTestFailed(pointer) => Self::patch_test_failed(pointer),
            ErrorKind::RequestIdConflict => Self::request_id_conflict(),
            ErrorKind::RequestInProgress => Self::request_in_progress(Duration::from_secs(1)),
            ErrorKind::RequestExpired => {
                Self::new(StatusCode::CONFLICT, "request_expired", error.to_string())
            }
            ErrorKind::AlreadyDone => Self::already_done(),
            ErrorKind::Conflict | ErrorKind::GroupLost => Self::serialization_failure(),
            ErrorKind::Unavailable => Self::unavailable(error),
            ErrorKind::OutcomeUnknown => Self::outcome_unknown(),
            ErrorKind::Draining => Self::draining(),
            ErrorKind::TooSlow(_) => Self::new(
                StatusCode::BAD_REQUEST,
                "too_expensive",
                format!("this {error}; ask for less, or for what an index can find"),
            ),
            ErrorKind::RateLimited(quota) => Self::rate_limited(*quota),
            ErrorKind::Declared(declared) => declare(declared),
            ErrorKind::Internal(_) | ErrorKind::Answered | ErrorKind::LeaseLost => Self::internal(error),
        }
    }
}

fn declare(declared: &Declared) -> ApiError {
    let status = StatusCode::from_u16(declared.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut error = ApiError::new(status, declared.code.clone(), declared.message.clone());
    if let Some(data) = &declared.data {
        error = error.data(data.clone());
    }
    match declared.retry_after {
        Some(seconds) => error.retry_after(Duration::from_secs(seconds.into())),
        None => error,
    }
}

fn faults(fields: &[String], code: &'static str, message: &str) -> Vec<FieldFault> {
    let fault =
        |field: &String| FieldFault { field: field.clone(), code: code.into(), message: message.to_owned() };
    fields.iter().map(fault).collect()
}

/// An error with its causes, for the log.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
