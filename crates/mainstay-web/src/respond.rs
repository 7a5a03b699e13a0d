//! Answers for authors of plain handlers.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::error::ApiError;

#[derive(Serialize)]
struct Success<'a, T> {
    result: &'a T,
    success: bool,
}

/// 200 with `{"result":…,"success":true}`.
pub fn ok<T: Serialize>(value: T) -> Response {
    success(StatusCode::OK, &value)
}

/// 201 with `Location` and `{"result":…,"success":true}`. A location that is no header value is
/// our own bug: 500.
pub fn created<T: Serialize>(location: &str, value: T) -> Response {
    located(success(StatusCode::CREATED, &value), location)
}

/// 204 without a body.
#[must_use]
pub fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// 303: look there next, with GET. A location that is no header value is our own bug: 500.
#[must_use]
pub fn see_other(location: &str) -> Response {
    located(StatusCode::SEE_OTHER.into_response(), location)
}

fn success<T: Serialize>(status: StatusCode, result: &T) -> Response {
    match serde_json::to_vec(&Success { result, success: true }) {
        Ok(body) => {
            (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
        }
        Err(error) => ApiError::internal(format!("cannot write the answer as JSON: {error}")).into_response(),
    }
}

fn located(mut response: Response, location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => {
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(_) => ApiError::internal(format!("`{location:?}` is no location")).into_response(),
    }
}
