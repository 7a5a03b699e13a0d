use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// What an actor was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    asked: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub bytes: Bytes,
    /// The body as JSON; null when it is none.
    pub body: Value,
}

impl Answer {
    pub(crate) fn new(asked: String, status: StatusCode, headers: HeaderMap, bytes: Bytes) -> Self {
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { asked, status, headers, bytes, body }
    }

    /// Goes on when the status is this one.
    ///
    /// # Panics
    /// When it is another, with the whole answer.
    #[track_caller]
    #[must_use]
    pub fn expect_status(self, status: u16) -> Self {
        assert_eq!(
            self.status.as_u16(),
            status,
            "{} was answered {} instead of {status}: {}",
            self.asked,
            self.status,
            String::from_utf8_lossy(&self.bytes)
        );
        self
    }

    /// Goes on when it is an error of this status and code.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    #[must_use]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        let answer = self.expect_status(status);
        assert_eq!(answer.body["error"], code, "{} was answered {}", answer.asked, answer.body);
        answer
    }

    /// The `result` of the answer.
    pub fn result(&self) -> &Value {
        &self.body["result"]
    }

    /// A header as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The `id` of the row in the answer.
    pub fn id(&self) -> &str {
        self.result()["id"].as_str().unwrap_or_default()
    }

    /// The fault of one field, from `data.fields`.
    pub fn fault(&self, field: &str) -> Option<&Value> {
        self.body["data"]["fields"].as_array()?.iter().find(|fault| fault["field"] == field)
    }
}
