use std::collections::BTreeMap;

use async_nats::jetstream::Message;
use mainstay_kernel::{Error, Result, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::headers::{each, header};

/// A request as it was published, before anything of it is believed.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
pub(super) struct Incoming {
    /// The queue below whose subject it came.
    pub(super) queue: String,
    /// What it calls: the subject below that of the queue.
    pub(super) path: String,
    /// Where the answer goes.
    pub(super) reply_to: Option<String>,
    /// Its headers by their names in lower case, without those that say who calls.
    pub(super) headers: BTreeMap<String, String>,
    /// Its body, when that is text.
    pub(super) body: Option<String>,
}

/// Headers that are secrets: read at once, and never written down.
const CREDENTIALS: [&str; 2] = ["authorization", "x-service-token"];

/// Where a request's id may stand, the first that is there counts.
const IDS: [&str; 3] = ["request-id", "rbf-request-id", "nats-msg-id"];

impl Incoming {
    /// Reads a message below `subject`, which is the queue's.
    pub(super) fn read(queue: &str, subject: &str, message: &Message) -> Self {
        let headers = message.headers.as_ref();
        let path = message.subject.strip_prefix(subject).and_then(|it| it.strip_prefix('.'));
        let given = each(headers).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
        Self {
            queue: queue.to_owned(),
            path: path.unwrap_or_default().to_owned(),
            reply_to: header(headers, "Reply-To").map(str::to_owned),
            headers: given.filter(|(name, _)| !CREDENTIALS.contains(&name.as_str())).collect(),
            body: String::from_utf8(message.payload.to_vec()).ok(),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The request's id, as it was given.
    pub(super) fn given_id(&self) -> Option<&str> {
        IDS.iter().find_map(|name| self.header(name))
    }

    /// The request's id.
    pub(super) fn id(&self) -> Result<&str> {
        match self.given_id() {
            Some(id) if (1..=255).contains(&id.len()) && id.bytes().all(|it| (b' '..=b'~').contains(&it)) => {
                Ok(id)
            }
            Some(_) => Err(bad("`Request-Id` must be 1 to 255 printable ASCII characters")),
            None => Err(bad("a request needs an id of its own: give it as the header `Request-Id`")),
        }
    }

    /// Its input as JSON; nothing is `null`.
    pub(super) fn input(&self) -> Result<&str> {
        let kind = self.header("content-type").map(|it| it.split(';').next().unwrap_or_default().trim());
        if let Some(kind) = kind.filter(|it| !it.eq_ignore_ascii_case("application/json")) {
            return Err(bad(format!("expected a body of type application/json, not `{kind}`")));
        }
        self.body.as_deref().ok_or_else(|| bad("the body is not JSON: it is not UTF-8"))
    }

    /// Not before this time.
    pub(super) fn target(&self) -> Result<Option<Timestamp>> {
        self.time("target-at", "Target-At")
    }

    /// Not after this time: then it is dropped.
    pub(super) fn expires(&self) -> Result<Option<Timestamp>> {
        self.time("expires-at", "Expires-At")
    }

    /// The trace that it is part of.
    pub(super) fn traceparent(&self) -> Option<&str> {
        self.header("traceparent")
    }

    fn time(&self, name: &str, spelled: &str) -> Result<Option<Timestamp>> {
        let Some(text) = self.header(name) else { return Ok(None) };
        let millis = text.trim().parse::<i64>().ok().and_then(|it| it.checked_mul(1000));
        millis.map(Timestamp::from_micros).map(Some).ok_or_else(|| {
            bad(format!("`{spelled}` must be milliseconds since 1970 as a whole number, not `{text}`"))
        })
    }
}

pub(super) fn bad(message: impl Into<String>) -> Error {
    Error::bad_request("bad_request", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incoming(headers: &[(&str, &str)]) -> Incoming {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Incoming {
            queue: "jobs".to_owned(),
            path: "users.create".to_owned(),
            reply_to: None,
            headers,
            body: Some(String::new()),
        }
    }

    #[test]
    fn the_id_may_stand_in_three_headers_and_the_first_counts() {
        let all = incoming(&[("nats-msg-id", "c"), ("rbf-request-id", "b"), ("request-id", "a")]);
        assert_eq!(all.id().unwrap(), "a");
        assert_eq!(incoming(&[("nats-msg-id", "c"), ("rbf-request-id", "b")]).id().unwrap(), "b");
        assert_eq!(incoming(&[("nats-msg-id", "c")]).id().unwrap(), "c");
        assert!(incoming(&[]).id().unwrap_err().to_string().contains("Request-Id"));
        assert!(incoming(&[("request-id", "é")]).id().is_err());
        assert!(incoming(&[("request-id", "")]).id().is_err());
    }

    #[test]
    fn times_are_milliseconds() {
        let target = incoming(&[("target-at", "1700000000123")]).target().unwrap().unwrap();
        assert_eq!(target.as_millis(), 1_700_000_000_123);
        for wrong in ["soon", "1.5", "", "9223372036854775807"] {
            assert!(incoming(&[("expires-at", wrong)]).expires().is_err(), "{wrong}");
        }
        assert_eq!(incoming(&[]).expires().unwrap(), None);
    }

    #[test]
    fn only_json_is_an_input() {
        assert!(incoming(&[("content-type", "application/json; charset=utf-8")]).input().is_ok());
        assert!(incoming(&[("content-type", "text/plain")]).input().is_err());
        assert!(Incoming { body: None, ..incoming(&[]) }.input().is_err());
    }
}
