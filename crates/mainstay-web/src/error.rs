//! The edge's one error type. A handler returns it; [`Edge`](crate::Edge) renders it, once the
//! request id and the client's `Accept` are known.

mod table;

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::header::{CONNECTION, HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;

/// An error as a client sees it: status, stable code, description, optional structure and headers.
/// There is a constructor for each row of the contract's table.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiError(Box<ErrorBody>);

/// What an [`ApiError`] leaves in the response's extensions for the envelope to be made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ErrorBody {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    pub(crate) description: String,
    pub(crate) data: Option<Value>,
    pub(crate) headers: HeaderMap,
}

impl ApiError {
    /// An error with a status (400–599), a stable `snake_case` code and a description for people.
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        description: impl Into<String>,
    ) -> Self {
        Self(Box::new(ErrorBody {
            status,
            code: code.into(),
            description: description.into(),
            data: None,
            headers: HeaderMap::new(),
        }))
    }

    /// Adds structure for programs, the envelope's `data`.
    #[must_use]
    pub fn data(mut self, data: Value) -> Self {
        self.0.data = Some(data);
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// Says when another try makes sense; rounded up to whole seconds (RFC 9110, 10.2.3).
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.0.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        self
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// The description for people.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.0.description
    }

    /// The structure for programs.
    #[must_use]
    pub fn structure(&self) -> Option<&Value> {
        self.0.data.as_ref()
    }

    /// Ends the connection after the answer: what follows on it cannot be trusted to be a request.
    #[must_use]
    pub(crate) fn and_close(self) -> Self {
        self.header(CONNECTION, HeaderValue::from_static("close"))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.0.status.as_u16(), self.0.code, self.0.description)
    }
}

impl std::error::Error for ApiError {}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.0.status.into_response();
        response.extensions_mut().insert(*self.0);
        response
    }
}
