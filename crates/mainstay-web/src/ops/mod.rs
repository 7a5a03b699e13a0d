//! Operations over HTTP: `POST <prefix>/ops/<path>` with the input as body, and `GET` with `?input=` for queries. The
//! answer is the bare output.

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequest as _, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method};
use mainstay_kernel::Outcome;
use mainstay_queue::Operations;
use mainstay_queue::operation::{Asked, Found, OperationKind, perform};

use crate::crud::input;
use crate::endpoint::{replayed, response};
use crate::error::ApiError;
use crate::exchange::Exchange;
use crate::repeat;
use crate::site::Site;

/// The route of all operations; none where there is no operation.
pub fn router(operations: Operations, prefix: &str) -> Router<Site> {
    if operations.iter().next().is_none() {
        return Router::new();
    }
    let before: Arc<str> = format!("{prefix}/ops/").into();
    let operations = Arc::new(operations);
    let answer = move |State(site): State<Site>, request: Request| {
        let (operations, before) = (Arc::clone(&operations), Arc::clone(&before));
        async move { answer(&site, &operations, &before, request).await }
    };
    Router::new().route(&format!("{prefix}/ops/{{*path}}"), post(answer.clone()).get(answer))
}

async fn answer(site: &Site, operations: &Operations, before: &str, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    // As it was sent: an encoded dot is part of its segment.
    let called = parts.uri.path().strip_prefix(before).unwrap_or_default();
    let answered = async {
        let found = operations.find(called)?;
        if parts.method != Method::POST && found.entry.spec.kind == OperationKind::Mutation {
            return Err(writes());
        }
        let body = Bytes::from_request(Request::from_parts(parts.clone(), body), site).await;
        let body = body.map_err(|_| ApiError::bad_request("the body broke off"))?;
        call(site, found, &parts, &body).await
    };
    match answered.await {
        Ok(outcome) if outcome.replayed => replayed(outcome),
        Ok(outcome) => response(outcome),
        Err(error) => error.into_response(),
    }
}

fn writes() -> ApiError {
    ApiError::method_not_allowed(HeaderValue::from_static("POST"))
}

async fn call(site: &Site, found: Found, parts: &Parts, body: &Bytes) -> Result<Outcome, ApiError> {
    let caller = site.caller(&parts.headers).await?;
    let text = text(parts, body)?;
    let mut asked = Asked::new(&found, text, caller.clone());
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            asked = asked.header(name.as_str(), value);
        }
    }
    let request = match found.entry.spec.kind {
        OperationKind::Query => None,
        OperationKind::Mutation => {
            let (method, path) = (&parts.method, parts.uri.path());
            repeat::operation(site, &parts.headers, &caller, method, path, body)?
        }
    };
    let trace = Exchange::of(&parts.extensions).ok().map(|it| it.trace().to_string());
    let db = site.db().clone();
    let done = site.owned(found.entry.spec.name, async move {
        perform(&db, &found.entry, &asked, trace.as_deref(), request.as_ref(), repeat::kept_error).await
    });
    Ok(done.await?)
}

/// The input as it was sent: the body, or for a query without one `?input=`.
fn text(parts: &Parts, body: &Bytes) -> Result<String, ApiError> {
    if parts.method == Method::POST {
        if !body.is_empty() {
            input::must_be_json(&parts.headers)?;
        }
        return String::from_utf8(body.to_vec())
            .map_err(|_| ApiError::bad_request("the body is not JSON: it is not UTF-8"));
    }
    let query = parts.uri.query().unwrap_or_default();
    let pairs: Vec<(String, String)> = serde_html_form::from_str(query)
        .map_err(|error| ApiError::bad_request(format!("the query cannot be read: {error}")))?;
    let mut given = pairs.into_iter();
    match (given.next(), given.next()) {
        (None, _) => Ok(String::new()),
        (Some((name, value)), None) if name == "input" => Ok(value),
        (Some((name, _)), None) if name != "input" => Err(ApiError::unknown_field(&name, ["input"])),
        (Some(_), _) => Err(ApiError::bad_request("`input` is given once, and nothing beside it")),
    }
}
