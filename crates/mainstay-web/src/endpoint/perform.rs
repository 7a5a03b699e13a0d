use axum::response::{IntoResponse, Response};
use mainstay_kernel::{Answer, Outcome, Reader, Request, Result};

use super::kept;
use super::middleware::settled;
use super::spec::{Replay, Spec};
use super::{Boxed, RequestCx};
use crate::error::ApiError;
use crate::repeat;
use crate::site::Site;

/// Reads an endpoint's arguments from the request.
pub type Extract<A> = for<'c> fn(&'c mut RequestCx) -> Boxed<'c, Result<A, Response>>;

/// Runs an endpoint that asks for nothing of the database.
pub fn plain<'c, A: Send + 'static>(
    cx: &'c mut RequestCx,
    spec: &'static Spec,
    extract: Extract<A>,
    handle: fn(A) -> Boxed<'static, Result<Response>>,
) -> Boxed<'c, Response> {
    Box::pin(async move {
        let request = match admitted(cx, spec).await {
            Ok(request) => request,
            Err(refusal) => return refusal.into_response(),
        };
        match extract(cx).await {
            Ok(arguments) => finish(cx.site(), request, spec.replay, handle(arguments)).await,
            Err(refusal) => refusal,
        }
    })
}

/// Runs an endpoint that asks for a [`Reader`]: what GET reads may come from a replica, which may lag.
pub fn reads<'c, A: Send + 'static>(
    cx: &'c mut RequestCx,
    spec: &'static Spec,
    extract: Extract<A>,
    handle: for<'r> fn(&'r Reader, A) -> Boxed<'r, Result<Response>>,
) -> Boxed<'c, Response> {
    Box::pin(async move {
        let request = match admitted(cx, spec).await {
            Ok(request) => request,
            Err(refusal) => return refusal.into_response(),
        };
        let reader = if cx.method().is_safe() { cx.db().replica() } else { cx.db().reader() };
        match extract(cx).await {
            Ok(arguments) => finish(cx.site(), request, spec.replay, handle(&reader, arguments)).await,
            Err(refusal) => refusal,
        }
    })
}

/// Whether the endpoint admits who asks, and the request that the client named, if it did.
pub(super) async fn admitted(cx: &mut RequestCx, spec: &Spec) -> Result<Option<Request>, ApiError> {
    let caller = cx.caller().await?;
    spec.admits.judge(&caller)?;
    if cx.method().is_safe() || !repeat::is_named(cx.headers()) {
        return Ok(None);
    }
    let body = cx.bytes().await?;
    // The query is input as the body is: with another one it is another request.
    let input = [cx.uri().query().unwrap_or_default().as_bytes(), b"\n", &body].concat();
    repeat::request(cx.site(), cx.headers(), &caller, cx.method(), cx.uri().path(), &input)
}

/// The answer, kept under the request where there is one.
async fn finish(
    site: &Site,
    request: Option<Request>,
    replay: Replay,
    handling: Boxed<'_, Result<Response>>,
) -> Response {
    let Some(request) = request else { return settled(handling.await) };
    let mut fresh = None;
    let run = async || {
        // Without a transaction nothing else would find it, and the endpoint would run again.
        if let Some(answer) = site.db().kept(&request).await? {
            return Ok(Outcome { answer, replayed: true });
        }
        let response = handling.await?;
        let (parts, (answer, body)) = kept::kept(response, replay).await?;
        let failed = parts.status.is_client_error() || parts.status.is_server_error();
        fresh = Some(Response::from_parts(parts, body.into()));
        // A response of the author's own that tells of an error is not kept: nobody declared it.
        if failed { Ok(Outcome { answer, replayed: false }) } else { keep(site, &request, answer).await }
    };
    let outcome = site.db().once(Some(&request), |error| kept::kept_error(error, replay), run).await;
    match outcome {
        Ok(outcome) if outcome.replayed => kept::replayed(outcome),
        Ok(outcome) => fresh.unwrap_or_else(|| kept::response(outcome)),
        Err(error) => ApiError::from(error).into_response(),
    }
}

async fn keep(site: &Site, request: &Request, answer: Answer) -> Result<Outcome> {
    site.db().write_kept(Some(request), |_, _| Box::pin(std::future::ready(Ok(answer.clone())))).await
}
