use std::borrow::Cow;
use std::time::Duration;

use mainstay_kernel::{Answer, Error, ErrorKind};
use serde_json::{Value, json};

/// An error as it is told over NATS: a status and a code, and for whoever reads it a message.
pub(super) struct Told {
    pub(super) status: u16,
    code: Cow<'static, str>,
    message: String,
    data: Option<Value>,
}

impl Told {
    fn new(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into(), data: None }
    }

    fn data(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    /// As it is sent, and kept.
    pub(super) fn answer(self) -> Answer {
        let Self { status, code, message, data } = self;
        let mut body = json!({ "code": code, "error": code, "message": message });
        if let (Some(data), Value::Object(body)) = (data, &mut body) {
            body.insert("data".to_owned(), data);
        }
        let head = vec![("content-type".to_owned(), "application/json".to_owned())];
        Answer { status, head, body: body.to_string().into_bytes() }
    }
}

/// What a request came to that failed. Causes are the log's.
pub(super) fn told(error: &Error) -> Told {
    let message = error.kind().to_string();
    let bad = |message| Told::new(400, "BAD_REQUEST", message);
    let conflict = || Told::new(409, "CONFLICT", message.clone());
    match error.kind() {
        ErrorKind::BadRequest(_, text) => bad(text.clone()),
        ErrorKind::Invalid(faults) | ErrorKind::ReadOnly(faults) => {
            bad(message).data(json!({ "fields": faults }))
        }
        ErrorKind::Unauthenticated(text) => Told::new(401, "UNAUTHORIZED", text.clone()),
        ErrorKind::Forbidden(text) => Told::new(403, "FORBIDDEN", text.clone()),
        ErrorKind::NotFound(..) => Told::new(404, "NOT_FOUND", message),
        ErrorKind::UniqueViolation { columns, .. } | ErrorKind::ForeignKeyViolation { columns, .. } => {
            let said = match error.is_unique_violation() {
                true => "another row has this value already",
                false => "a reference names a row that is not there, or the row is still referenced",
            };
            Told::new(409, "CONFLICT", said).data(json!({ "fields": columns }))
        }
        ErrorKind::StaleVersion
        | ErrorKind::PatchTestFailed(_)
        | ErrorKind::RequestInProgress
        | ErrorKind::RequestExpired
        | ErrorKind::AlreadyDone => conflict(),
        ErrorKind::RequestIdConflict => Told::new(409, "REQUEST_ID_CONFLICT", message),
        ErrorKind::Declared(declared) => Told {
            data: declared.data.clone(),
            ..Told::new(declared.status, in_upper_snake(&declared.code), declared.message.clone())
        },
        ErrorKind::RateLimited(quota) => Told::new(429, "TOO_MANY_REQUESTS", "too many requests, slow down")
            .data(json!({ "retryAfter": in_seconds(quota.retry_after) })),
        ErrorKind::TooSlow(_) => Told::new(499, "ABORTED", message),
        ErrorKind::Conflict | ErrorKind::GroupLost => Told::new(500, "CONCURRENCY_CONFLICT", message),
        ErrorKind::Unavailable | ErrorKind::OutcomeUnknown | ErrorKind::Draining => {
            Told::new(503, "UNAVAILABLE", message)
        }
        ErrorKind::Answered | ErrorKind::LeaseLost | ErrorKind::Internal(_) => {
            Told::new(500, "INTERNAL_SERVER_ERROR", "something went wrong on our side")
        }
    }
}

/// Of what was done, and whose answer does not fit into a message.
pub(super) fn too_large() -> Told {
    let message =
        "it was done, and its answer is larger than the broker carries: ask for less, or raise `max_payload`";
    Told::new(500, "INTERNAL_SERVER_ERROR", message)
}

/// The codes that an application may have chosen over those of this contract: as it spells them, in upper snake case.
fn in_upper_snake(code: &str) -> String {
    match code {
        // What the framework itself says of a path that is none.
        "not_found" => "NOT_FOUND".to_owned(),
        _ => code.to_ascii_uppercase(),
    }
}

fn in_seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_status_and_code() {
        let declared = Error::http(423, "todo_locked", "locked").data(json!({ "by": "ann" }));
        for (error, status, code) in [
            (Error::bad_request("unknown_field", "unknown field `x`"), 400, "BAD_REQUEST"),
            (Error::new(ErrorKind::Invalid(Vec::new())), 400, "BAD_REQUEST"),
            (Error::new(ErrorKind::Unauthenticated("sign in".to_owned())), 401, "UNAUTHORIZED"),
            (Error::new(ErrorKind::Forbidden("no".to_owned())), 403, "FORBIDDEN"),
            (Error::new(ErrorKind::NotFound("post".to_owned(), "1".to_owned())), 404, "NOT_FOUND"),
            (Error::http(404, "not_found", "no operation"), 404, "NOT_FOUND"),
            (Error::new(ErrorKind::StaleVersion), 409, "CONFLICT"),
            (Error::new(ErrorKind::RequestIdConflict), 409, "REQUEST_ID_CONFLICT"),
            (declared, 423, "TODO_LOCKED"),
            (Error::new(ErrorKind::TooSlow(5)), 499, "ABORTED"),
            (Error::new(ErrorKind::Conflict), 500, "CONCURRENCY_CONFLICT"),
            (Error::new(ErrorKind::Unavailable), 503, "UNAVAILABLE"),
            (Error::internal("a secret"), 500, "INTERNAL_SERVER_ERROR"),
        ] {
            let answer = told(&error).answer();
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!((answer.status, body["code"].as_str()), (status, Some(code)), "{error}");
            assert_eq!(body["code"], body["error"]);
            assert!(!body["message"].as_str().unwrap().contains("secret"));
        }
    }
}
