//! What clients are answered: the success envelope around a row or a page.

use std::fmt::Write as _;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};
use http::{HeaderValue, StatusCode};
use mainstay_kernel::{Answer, Outcome};
use mainstay_model::Schema;
use mainstay_model::door::Written;
use mainstay_model::list::Page;
use uuid::Uuid;

use super::version;
use crate::error::ApiError;
use crate::repeat;

/// 200 with a row.
pub(super) fn row(row: Written) -> Response {
    tagged(json_response(StatusCode::OK, enveloped(&row.body)), row.version)
}

/// 304: the client has this version.
pub(super) fn not_modified(version: Option<i64>) -> Response {
    tagged(StatusCode::NOT_MODIFIED.into_response(), version)
}

fn tagged(mut response: Response, version: Option<i64>) -> Response {
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
    let location = [path, "/", row.id.hyphenated().encode_lower(&mut Uuid::encode_buffer())].concat();
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

/// The response of a change, first or repeated.
pub(super) fn outcome(outcome: Outcome) -> Response {
    let mut response = match StatusCode::from_u16(outcome.answer.status) {
        Ok(status) if status.is_success() => respond(outcome.answer),
        Ok(status) => repeat::error(status, &outcome.answer.body).into_response(),
        Err(_) => ApiError::internal("a kept answer has no valid status").into_response(),
    };
    if outcome.replayed {
        repeat::mark(&mut response);
    }
    response
}

fn respond(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or_default();
    let mut response = json_response(status, enveloped(&answer.body));
    for (name, value) in answer.head {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn enveloped(result: &[u8]) -> Vec<u8> {
    [br#"{"result":"#, result, br#","success":true}"#].concat()
}

fn json_response(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
