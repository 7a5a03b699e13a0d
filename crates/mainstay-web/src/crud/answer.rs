//! What clients are answered: the success envelope around a row or a page, and errors that were
//! kept for a repeat.

use std::fmt::Write as _;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use http::{HeaderValue, StatusCode};
use mainstay_kernel::{Answer, Error, ErrorKind, Outcome};
use mainstay_model::Schema;
use mainstay_model::door::Written;
use mainstay_model::list::Page;
use serde_json::{Value, json};

use super::version;
use crate::error::ApiError;

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// 200 with a row.
pub(super) fn row(row: Written) -> Response {
    respond(stored(row))
}

/// 304: the client has this version.
pub(super) fn not_modified(version: Option<i64>) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    if let Some(tag) = version::tag(version).and_then(|tag| HeaderValue::try_from(tag).ok()) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// 200 with a page of rows.
pub(super) fn page(schema: &Schema, page: Page) -> Response {
    let mut head = String::from(r#"{"result":{"total":"#);
    let _ = match page.total {
        Some(total) => write!(head, "{total}"),
        None => write!(head, "null"),
    };
    head.push_str(r#","next":"#);
    // A cursor is base64url: it needs no escapes.
    let _ = match page.next {
        Some(next) => write!(head, "\"{next}\""),
        None => write!(head, "null"),
    };
    if page.capped {
        head.push_str(r#","totalCapped":true"#);
    }
    let _ = write!(head, r#","{}":"#, schema.list_key);
    let mut body = head.into_bytes();
    body.extend_from_slice(&page.rows);
    body.extend_from_slice(br#"},"success":true}"#);
    json_response(StatusCode::OK, body)
}

/// The answer to a create: 201 and where the row is.
pub(super) fn created(path: &str, row: Written) -> Answer {
    let location = format!("{path}/{}", row.id);
    let mut answer = stored(row);
    answer.status = StatusCode::CREATED.as_u16();
    answer.head.push((LOCATION.to_string(), location));
    answer
}

/// The answer with a row as it is stored: 200, tagged with its version.
pub(super) fn stored(row: Written) -> Answer {
    let tag = version::tag(row.version).map(|tag| (ETAG.to_string(), tag));
    Answer { status: StatusCode::OK.as_u16(), head: tag.into_iter().collect(), body: row.body }
}

/// Errors that are a request's answer as much as a row is: what the handler found, not how the
/// input or the moment was.
pub(super) fn kept_error(error: &Error) -> Option<Answer> {
    let kept = match error.kind() {
        ErrorKind::NotFound(..)
        | ErrorKind::UniqueViolation { .. }
        | ErrorKind::ForeignKeyViolation { .. }
        | ErrorKind::StaleVersion
        | ErrorKind::PatchTestFailed(_) => true,
        ErrorKind::Declared(declared) => {
            declared.status < 500 && !matches!(declared.status, 400 | 401 | 403 | 413 | 422 | 429)
        }
        ErrorKind::BadRequest(..)
        | ErrorKind::Invalid(_)
        | ErrorKind::ReadOnly(_)
        | ErrorKind::Unauthenticated(_)
        | ErrorKind::Forbidden(_)
        | ErrorKind::RequestIdConflict
        | ErrorKind::RequestInProgress
        | ErrorKind::RequestExpired
        | ErrorKind::AlreadyDone
        | ErrorKind::Conflict
        | ErrorKind::GroupLost
        | ErrorKind::Answered
        | ErrorKind::Unavailable
        | ErrorKind::OutcomeUnknown
        | ErrorKind::Draining
        | ErrorKind::TooSlow(_)
        | ErrorKind::Internal(_) => false,
    };
    kept.then(|| {
        let error = ApiError::from(error.kind());
        let body =
            json!({ "error": error.code(), "description": error.description(), "data": error.structure() });
        Answer { status: error.status().as_u16(), head: Vec::new(), body: body.to_string().into_bytes() }
    })
}

/// The response of a change, first or repeated.
pub(super) fn outcome(outcome: Outcome) -> Response {
    let mut response = match StatusCode::from_u16(outcome.answer.status) {
        Ok(status) if status.is_success() => respond(outcome.answer),
        Ok(status) => error(status, &outcome.answer.body).into_response(),
        Err(_) => ApiError::internal("a kept answer has no valid status").into_response(),
    };
    if outcome.replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

fn respond(answer: Answer) -> Response {
    let mut body = Vec::with_capacity(answer.body.len() + 32);
    body.extend_from_slice(br#"{"result":"#);
    body.extend_from_slice(&answer.body);
    body.extend_from_slice(br#","success":true}"#);
    let mut response = json_response(StatusCode::from_u16(answer.status).unwrap_or_default(), body);
    for (name, value) in answer.head {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn error(status: StatusCode, body: &[u8]) -> ApiError {
    let kept: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |key: &str| kept[key].as_str().unwrap_or_default().to_owned();
    let error = ApiError::new(status, text("error"), text("description"));
    if kept["data"].is_null() { error } else { error.data(kept["data"].clone()) }
}

fn json_response(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
