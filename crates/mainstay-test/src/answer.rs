use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::pattern::{differences, report};

/// What an actor was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) asked: String,
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

    /// Goes on when it is an error of this status and code, in the contract's envelope.
    ///
    /// # Panics
    /// When it is not.
    #[track_caller]
    #[must_use]
    pub fn expect_error(self, status: u16, code: &str) -> Self {
        let answer = self.expect_status(status);
        let Value::Object(body) = &answer.body else {
            panic!(
                "{} was answered without an envelope: {}",
                answer.asked,
                String::from_utf8_lossy(&answer.bytes)
            )
        };
        let described =
            body.get("error_description").and_then(Value::as_str).is_some_and(|it| !it.is_empty());
        let is_envelope = body.get("error") == Some(&code.into())
            && body.get("status") == Some(&status.into())
            && body.get("request_id") == Some(&answer.header("x-request-id").into())
            && body.get("result") == Some(&Value::Null)
            && body.get("success") == Some(&false.into())
            && body.len() == if body.contains_key("data") { 7 } else { 6 };
        assert!(is_envelope && described, "{} was answered {} instead of {code}", answer.asked, answer.body);
        answer
    }

    /// Goes on when the body is like this pattern, as [`differences`] compares them.
    ///
    /// # Panics
    /// When it is not, with each place where it differs.
    #[track_caller]
    #[must_use]
    pub fn expect_json(self, pattern: &Value) -> Self {
        let found = differences(pattern, &self.body);
        assert!(found.is_empty(), "{}", report(&self.asked, &found, &self.body));
        self
    }

    /// Goes on when the `result` is like this pattern.
    ///
    /// # Panics
    /// As [`Answer::expect_json`].
    #[track_caller]
    #[must_use]
    pub fn expect_result(self, pattern: &Value) -> Self {
        let found = differences(pattern, self.result());
        assert!(found.is_empty(), "{}", report(&self.asked, &found, &self.body));
        self
    }

    /// The `result` of the answer.
    pub fn result(&self) -> &Value {
        &self.body["result"]
    }

    /// The body as text.
    ///
    /// # Panics
    /// When it is not UTF-8.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_else(|_| panic!("{} was answered no text", self.asked))
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

    /// The codes of the faulty fields, as `field: code`, in their order.
    pub fn faults(&self) -> Vec<String> {
        let faults = self.body["data"]["fields"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        faults.map(|it| format!("{}: {}", text(&it["field"]), text(&it["code"]))).collect()
    }

    /// What the answer says to people.
    pub fn description(&self) -> &str {
        self.body["error_description"].as_str().unwrap_or_default()
    }

    /// The rows of a list, which its result holds under the model's plural.
    pub fn rows(&self) -> &[Value] {
        let mut lists = self.result().as_object().into_iter().flatten().filter_map(|(_, it)| it.as_array());
        lists.next_back().map_or(&[], Vec::as_slice)
    }

    /// One field of each row of a list.
    pub fn column(&self, field: &str) -> Vec<Value> {
        self.rows().iter().map(|row| row[field].clone()).collect()
    }
}
