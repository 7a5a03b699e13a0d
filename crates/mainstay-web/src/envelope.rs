//! Turns every error answer into the one envelope: ours from [`ApiError`](crate::ApiError), and the
//! bare ones of routing, extractors and plain handlers. An error with a body of its own (JSON, HTML,
//! a file) is the application's and stays as it is.

use std::borrow::Cow;

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::header::{
    ACCEPT, ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RETRY_AFTER,
    VARY, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri};
use http_body::Body as _;
use serde_json::{Value, json};

use crate::error::ErrorBody;
use crate::error_page;
use crate::exchange::Exchange;
use crate::negotiation::{ErrorFormat, error_format};

/// A bare body longer than this is not a rejection's one line.
const MAX_BARE_BYTES: usize = 4096;
const MAX_PATH_CHARS: usize = 200;

/// What rendering an error needs to know of a request that is gone by then.
pub(crate) struct Audience {
    method: Method,
    uri: Uri,
    accept: Option<HeaderValue>,
}

impl Audience {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            accept: request.headers().get(ACCEPT).cloned(),
        }
    }
}

/// Renders `response`, an error, unless it has a body of its own.
pub(crate) async fn seal(mut response: Response, audience: &Audience, exchange: &Exchange) -> Response {
    let status = response.status();
    let body = match response.extensions_mut().remove::<ErrorBody>() {
        Some(body) => Some(ErrorBody { status, ..body }),
        None if is_bare(response.headers()) => Some(describe(&mut response, audience, exchange).await),
        None => None,
    };
    let mut response = match body {
        Some(body) => render(response, body, audience, exchange),
        None => response,
    };
    complete(status, response.headers_mut());
    response
}

fn is_bare(headers: &HeaderMap) -> bool {
    let is_plain = headers.get(CONTENT_TYPE).is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"));
    is_plain && !headers.contains_key(CONTENT_ENCODING)
}

async fn describe(response: &mut Response, audience: &Audience, exchange: &Exchange) -> ErrorBody {
    let status = response.status();
    let text = bare_text(std::mem::take(response.body_mut())).await;
    if status.is_server_error() {
        let request_id = exchange.request_id();
        tracing::error!(%request_id, status = status.as_u16(), text, "a handler answered with a bare error");
    }
    let data = match status {
        StatusCode::UNPROCESSABLE_ENTITY => Some(json!({ "fields": [field_fault(&text)] })),
        _ => None,
    };
    let description = match status {
        StatusCode::NOT_FOUND if exchange.matched().is_none() => no_route(audience),
        StatusCode::METHOD_NOT_ALLOWED => wrong_method(audience, response.headers()),
        _ if status.is_client_error() && !text.is_empty() => text,
        _ => generic(status),
    };
    ErrorBody { status, code: code(status), description, data, headers: HeaderMap::new() }
}

async fn bare_text(body: Body) -> String {
    let is_short = body.size_hint().upper().is_some_and(|bytes| bytes <= MAX_BARE_BYTES as u64);
    if !is_short {
        return String::new();
    }
    let bytes = to_bytes(body, MAX_BARE_BYTES).await.unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// axum's JSON rejection ends in `<path>: <what serde says>`; the path is absent when the whole
/// value is wrong.
fn field_fault(text: &str) -> Value {
    let message = text.rsplit_once("into the target type: ").map_or(text, |(_, message)| message);
    let (field, message) = match message.split_once(": ") {
        Some((path, rest)) if !path.contains(' ') => (path, rest),
        Some(_) | None => ("", message),
    };
    json!({ "field": field, "code": "invalid", "message": message })
}

fn no_route(audience: &Audience) -> String {
    format!("no route for {} {}", audience.method, shown_path(audience))
}

fn wrong_method(audience: &Audience, headers: &HeaderMap) -> String {
    let allowed = headers.get(ALLOW).and_then(|allow| allow.to_str().ok()).unwrap_or("other methods");
    format!("{} does not answer {}, only {allowed}", shown_path(audience), audience.method)
}

fn shown_path(audience: &Audience) -> String {
    audience.uri.path().chars().take(MAX_PATH_CHARS).collect()
}

fn generic(status: StatusCode) -> String {
    match status {
        _ if status.is_server_error() => "something went wrong on our side".to_owned(),
        StatusCode::NOT_FOUND => "nothing is here".to_owned(),
        _ => status.canonical_reason().unwrap_or("the request was refused").to_ascii_lowercase(),
    }
}

fn code(status: StatusCode) -> Cow<'static, str> {
    match status {
        StatusCode::BAD_REQUEST => "bad_request".into(),
        StatusCode::PRECONDITION_FAILED => "stale_version".into(),
        StatusCode::UNPROCESSABLE_ENTITY => "validation_failed".into(),
        StatusCode::TOO_MANY_REQUESTS => "rate_limited".into(),
        StatusCode::INTERNAL_SERVER_ERROR => "internal_error".into(),
        StatusCode::SERVICE_UNAVAILABLE => "unavailable".into(),
        _ => match status.canonical_reason() {
            Some(reason) => {
                reason.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_").into()
            }
            None => "error".into(),
        },
    }
}

fn render(response: Response, body: ErrorBody, audience: &Audience, exchange: &Exchange) -> Response {
    let format = error_format(audience.accept.as_ref());
    let (text, kind) = match format {
        ErrorFormat::Envelope => (envelope(&body, exchange).to_string(), "application/json"),
        ErrorFormat::Problem => (problem(&body, audience, exchange).to_string(), "application/problem+json"),
        ErrorFormat::Page => (error_page::render(&body, exchange.request_id()), "text/html; charset=utf-8"),
    };
    let (mut parts, _) = response.into_parts();
    parts.headers.extend(body.headers);
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    parts.headers.append(VARY, HeaderValue::from_static("accept"));
    if format == ErrorFormat::Page {
        let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
        parts.headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    let body = if audience.method == Method::HEAD { Body::empty() } else { Body::from(text) };
    Response::from_parts(parts, body)
}

fn envelope(body: &ErrorBody, exchange: &Exchange) -> Value {
    let mut envelope = json!({
        "error": body.code,
        "error_description": body.description,
        "status": body.status.as_u16(),
        "request_id": exchange.request_id().as_str(),
        "result": null,
        "success": false,
    });
    if let Some(data) = &body.data {
        envelope["data"] = data.clone();
    }
    envelope
}

/// RFC 9457, with our code, data and request id as extension members.
fn problem(body: &ErrorBody, audience: &Audience, exchange: &Exchange) -> Value {
    let mut problem = json!({
        "type": "about:blank",
        "title": body.status.canonical_reason().unwrap_or("Error"),
        "status": body.status.as_u16(),
        "detail": body.description,
        "instance": audience.uri.path(),
        "code": body.code,
        "request_id": exchange.request_id().as_str(),
    });
    if let Some(data) = &body.data {
        problem["data"] = data.clone();
    }
    problem
}

/// The headers that a status requires, where the handler did not set them.
fn complete(status: StatusCode, headers: &mut HeaderMap) {
    match status {
        StatusCode::UNAUTHORIZED => {
            headers.entry(WWW_AUTHENTICATE).or_insert(HeaderValue::from_static("Bearer"));
        }
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("1"));
        }
        _ => {}
    }
}
