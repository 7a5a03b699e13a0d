//! What is kept of an endpoint's answer for a repeat of the request, and given then.

use axum::body::{Body, HttpBody as _, to_bytes};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG, LOCATION};
use http::response::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use mainstay_kernel::{Answer, Error, Outcome, Result};

use super::spec::Replay;
use crate::error::ApiError;
use crate::repeat;

/// A response's head, and what is kept of it with its body.
pub(super) async fn kept(response: Response, replay: Replay) -> Result<(Parts, (Answer, Bytes))> {
    let (parts, body) = response.into_parts();
    let body = whole(body).await?;
    let answer = match replay {
        Replay::Never => repeat::of_error(&ApiError::already_done()),
        Replay::Kept => {
            let head = [CONTENT_TYPE, LOCATION, ETAG].into_iter().filter_map(|name| {
                let value = parts.headers.get(&name)?.to_str().ok()?;
                Some((name.to_string(), value.to_owned()))
            });
            Answer { status: parts.status.as_u16(), head: head.collect(), body: body.to_vec() }
        }
    };
    Ok((parts, (answer, body)))
}

/// A body that is there already: to wait for more would hold up the transaction, or never end.
async fn whole(body: Body) -> Result<Bytes> {
    if body.size_hint().exact().is_none() {
        return Err(Error::internal(
            "the endpoint answers with a stream, and what is answered from a transaction, or under an \
             Idempotency-Key, is kept: give the answer whole, or take neither `&mut Tx` nor the key",
        ));
    }
    let length = usize::try_from(body.size_hint().exact().unwrap_or_default()).unwrap_or(usize::MAX);
    let read = to_bytes(body, length).await;
    read.map_err(|error| Error::internal("the endpoint's answer broke off").caused_by(error))
}

/// Which errors are answers to be kept too. Where answers hold secrets, none is.
pub(super) fn kept_error(error: &Error, replay: Replay) -> Option<Answer> {
    match replay {
        Replay::Kept => repeat::kept_error(error),
        Replay::Never => None,
    }
}

/// The answer of an earlier request.
pub(crate) fn replayed(outcome: Outcome) -> Response {
    let mut response = response(outcome);
    repeat::mark(&mut response);
    response
}

/// What was kept, as a response.
pub(crate) fn response(outcome: Outcome) -> Response {
    let Answer { status, head, body } = outcome.answer;
    let Ok(status) = StatusCode::from_u16(status) else {
        return ApiError::internal("a kept answer has no valid status").into_response();
    };
    if status.is_client_error() || status.is_server_error() {
        return repeat::error(status, &body).into_response();
    }
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    for (name, value) in head {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
