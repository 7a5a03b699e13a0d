//! Answers as texts that are the same in each run: what is new each time is named by its shape.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::Answer;
use crate::pattern::is_time;

/// The headers that say something of the application, in this order.
const HEADERS: [&str; 8] = [
    "content-type",
    "location",
    "allow",
    "retry-after",
    "www-authenticate",
    "idempotent-replayed",
    "cache-control",
    "etag",
];

/// How many characters a UUID has.
const UUID: usize = 36;

impl Answer {
    /// The answer as a text for a snapshot: what was asked, the status, the headers that matter and the body, with
    /// ids, times, versions, cursors and request ids in redacted form. The same id has the same number.
    ///
    /// ```ignore
    /// mainstay_test::insta::assert_snapshot!(ann.post("/v1/posts", json!({ "title": "hi" })).await.snapshot());
    /// ```
    pub fn snapshot(&self) -> String {
        let mut redaction = Redaction::default();
        let mut text = format!("{}\n{}\n", redaction.text(&self.asked), self.status);
        for name in HEADERS {
            let value = match (name, self.header(name)) {
                (_, "") => continue,
                ("etag", _) => "[etag]".to_owned(),
                (_, value) => redaction.text(value),
            };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{name}: {value}");
        }
        let body = if self.body.is_null() {
            redaction.text(&String::from_utf8_lossy(&self.bytes))
        } else {
            serde_json::to_string_pretty(&redaction.value("", &self.body)).unwrap_or_default()
        };
        if !body.is_empty() {
            text.push('\n');
            text.push_str(&body);
        }
        text
    }
}

/// What was redacted so far.
#[derive(Default)]
struct Redaction {
    ids: Vec<String>,
}

impl Redaction {
    fn value(&mut self, key: &str, value: &Value) -> Value {
        match (key, value) {
            ("request_id" | "requestId", Value::String(_)) => "[request id]".into(),
            ("next", Value::String(_)) => "[cursor]".into(),
            ("version", Value::Number(_)) => "[version]".into(),
            (_, Value::String(text)) if is_time(text) => "[time]".into(),
            (_, Value::String(text)) => self.text(text).into(),
            (key, Value::Array(items)) => items.iter().map(|it| self.value(key, it)).collect(),
            (_, Value::Object(fields)) => {
                let redacted = fields.iter().map(|(name, it)| (name.clone(), self.value(name, it)));
                Value::Object(redacted.collect::<Map<_, _>>())
            }
            (_, Value::Null | Value::Bool(_) | Value::Number(_)) => value.clone(),
        }
    }

    /// A text with a number for each id in it.
    fn text(&mut self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            match rest.get(..UUID).filter(|it| uuid::Uuid::try_parse(it).is_ok()) {
                Some(id) => {
                    // Writing to a string cannot fail.
                    let _ = write!(redacted, "[id {}]", self.number(id));
                    rest = &rest[UUID..];
                }
                None => {
                    redacted.push(next);
                    rest = &rest[next.len_utf8()..];
                }
            }
        }
        redacted
    }

    /// From 1, in the order in which ids were met.
    fn number(&mut self, id: &str) -> usize {
        let known = self.ids.iter().position(|it| it == id);
        1 + known.unwrap_or_else(|| {
            self.ids.push(id.to_owned());
            self.ids.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_new_each_time_is_named_by_its_shape() {
        let (one, other) = ("0197c5a0-0000-7000-8000-000000000001", "0197c5a0-0000-7000-8000-000000000002");
        let value = json!({
            "id": one, "user": other, "same": one, "createdAt": "2026-01-01T00:00:00.000Z", "version": 3,
            "text": format!("no post with id {other}, ünder"), "next": "abc", "request_id": "req_1", "list": [one, 1],
        });
        let redacted = Redaction::default().value("", &value);
        assert_eq!(
            redacted,
            json!({
                "createdAt": "[time]", "id": "[id 1]", "list": ["[id 1]", 1], "next": "[cursor]",
                "request_id": "[request id]", "same": "[id 1]", "text": "no post with id [id 2], ünder",
                "user": "[id 2]", "version": "[version]",
            })
        );
    }
}
