use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Why a call gave nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CallError<E> {
    /// An error that the operation declares.
    #[error("the operation refused: {1}")]
    Declared(E, Refusal),
    /// Another error, of the application or of the framework.
    #[error("{0}")]
    Refused(Refusal),
    /// There was no answer in time. It may have happened, and may yet: call again under the same id to know.
    #[error("no answer within {0:?}, call again under the same request id to know what became of it")]
    TimedOut(Duration),
    /// The call was never made: what is wrong with it.
    #[error("the call cannot be made: {0}")]
    Malformed(String),
    /// What came back is no answer of this operation.
    #[error("the answer is none of this operation: {0}")]
    Unreadable(String),
    /// The connection was closed.
    #[error("the connection to NATS is closed")]
    Closed,
}

/// An error as it was answered.
#[derive(Clone, Debug, PartialEq, Deserialize, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct Refusal {
    /// As over HTTP: 404.
    #[serde(skip)]
    pub status: u16,
    /// In upper snake case: `NOT_FOUND`.
    pub code: String,
    /// For people.
    pub message: String,
    /// Structure for programs.
    #[serde(default)]
    pub data: Option<Value>,
}

impl Refusal {
    /// Whether the same call may succeed without any change to it.
    pub fn is_of_the_moment(&self) -> bool {
        self.status == 503 || self.code == "CONCURRENCY_CONFLICT"
    }
}

/// An operation that declares no errors.
#[derive(Debug, Deserialize)]
pub enum Undeclared {}

/// Reads what was answered with this status.
pub(crate) fn read<O: DeserializeOwned, E: DeserializeOwned>(
    status: u16,
    body: &[u8],
) -> Result<O, CallError<E>> {
    if status < 400 {
        return serde_json::from_slice(body).map_err(|error| CallError::Unreadable(error.to_string()));
    }
    let refusal: Refusal =
        serde_json::from_slice(body).map_err(|error| CallError::Unreadable(error.to_string()))?;
    let refusal = Refusal { status, ..refusal };
    // A declared error has a type: by its code, and its data where it has some.
    let mut told = serde_json::Map::from_iter([("code".to_owned(), Value::String(refusal.code.clone()))]);
    told.extend(refusal.data.clone().map(|data| ("data".to_owned(), data)));
    match serde_json::from_value(Value::Object(told)) {
        Ok(declared) => Err(CallError::Declared(declared, refusal)),
        Err(_) => Err(CallError::Refused(refusal)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "code", content = "data", rename_all = "SCREAMING_SNAKE_CASE")]
    enum Declared {
        EmailTaken,
        Locked { seconds: u32 },
    }

    fn said(status: u16, body: &str) -> CallError<Declared> {
        read::<(), Declared>(status, body.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_declared_error_has_its_type_and_another_its_code() {
        let taken = r#"{"code":"EMAIL_TAKEN","error":"EMAIL_TAKEN","message":"taken"}"#;
        assert!(
            matches!(said(409, taken), CallError::Declared(Declared::EmailTaken, it) if it.status == 409)
        );
        let locked = r#"{"code":"LOCKED","error":"LOCKED","message":"l","data":{"seconds":5}}"#;
        assert!(matches!(said(423, locked), CallError::Declared(Declared::Locked { seconds: 5 }, _)));
        let other = r#"{"code":"NOT_FOUND","error":"NOT_FOUND","message":"no"}"#;
        assert!(matches!(said(404, other), CallError::Refused(it) if it.code == "NOT_FOUND"));
        assert!(matches!(said(500, "<html>"), CallError::Unreadable(_)));
        assert!(matches!(read::<u8, Undeclared>(200, b"\"a\""), Err(CallError::Unreadable(_))));
        assert_eq!(read::<Option<u8>, Undeclared>(200, b"null").unwrap(), None);
    }
}
