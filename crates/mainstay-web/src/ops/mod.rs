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
use mainstay_kernel::{Caller, Outcome};
use mainstay_queue::Operations;
use mainstay_queue::operation::{Asked, Found, OperationKind, perform};

use crate::crud::input;
use crate::endpoint::{replayed, response};
use crate::error::ApiError;
use crate::exchange::Exchange;
use crate::site::Site;
use crate::{rate_limit, repeat};

/// The route of all operations; none where there is no operation.
pub fn router(operations: Operations, prefix: &str) -> Router<Site> {
    if operations.iter().next().is_none() {
        return Router::new();
    }
    let before: Arc<str> = format!("{prefix}/ops/").into();
    let answer = move |State(site): State<Site>, request: Request| {
        let (operations, before) = (operations.clone(), Arc::clone(&before));
        async move { answer(&site, &operations, &before, request).await }
    };
    Router::new().route(&format!("{prefix}/ops/{{*path}}"), post(answer.clone()).get(answer))
}

async fn answer(site: &Site, operations: &Operations, before: &str, request: Request) -> Response {
    // As it was sent: an encoded dot is part of its segment.
    let called = request.uri().path().strip_prefix(before).unwrap_or_default();
    match operations.find(called) {
        Ok(found) => call(site, found, request).await.unwrap_or_else(IntoResponse::into_response),
        Err(error) => ApiError::from(error).into_response(),
    }
}

async fn call(site: &Site, found: Found, request: Request) -> Result<Response, ApiError> {
    let (parts, body) = request.into_parts();
    if parts.method != Method::POST && found.operation.entry.spec.kind == OperationKind::Mutation {
        return Err(writes());
    }
    let caller = site.presented(&parts.headers)?;
    let quota = found.operation.admit(site.db().limiter(), &rate_limit::asker(&caller, &parts)).await?;
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), site).await;
    let body = body.map_err(|_| ApiError::bad_request("the body broke off"))?;
    let outcome = perform_for(site, found, site.resolved(caller).await?, &parts, &body).await;
    let response = match outcome {
        Ok(outcome) if outcome.replayed => replayed(outcome),
        Ok(outcome) => response(outcome),
        Err(error) => error.into_response(),
    };
    Ok(rate_limit::tell(response, quota))
}

fn writes() -> ApiError {
    ApiError::method_not_allowed(HeaderValue::from_static("POST"))
}

async fn perform_for(
    site: &Site,
    found: Found,
    caller: Caller,
    parts: &Parts,
    body: &Bytes,
) -> Result<Outcome, ApiError> {
    let text = text(parts, body)?;
    let mut asked = Asked::new(&found, text, caller.clone());
    for (name, value) in &parts.headers {
        if let Ok(value) = value.to_str() {
            asked = asked.header(name.as_str(), value);
        }
    }
    let request = match found.operation.entry.spec.kind {
        OperationKind::Query => None,
        OperationKind::Mutation => {
            let (method, path) = (&parts.method, parts.uri.path());
            repeat::operation(site, &parts.headers, &caller, method, path, body)?
        }
    };
    let trace = Exchange::of(&parts.extensions).ok().map(|it| it.trace().to_string());
    let db = site.db().clone();
    let done = site.owned(found.operation.entry.spec.name, async move {
        perform(&db, &found.operation, &asked, trace.as_deref(), request.as_ref(), repeat::kept_error).await
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
