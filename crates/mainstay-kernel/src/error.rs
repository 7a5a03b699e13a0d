use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;
use serde_json::Value as Json;

use crate::Quota;

/// The framework's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something could not be done. One type from the store to the edge; the edge alone turns it
/// into a status.
#[derive(Debug)]
#[non_exhaustive]
pub struct Error {
    kind: Box<ErrorKind>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// One thing wrong with one field of an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldFault {
    /// The field as the client knows it.
    pub field: String,
    /// Stable code, such as `required`.
    pub code: Cow<'static, str>,
    /// For people.
    pub message: String,
}

/// An error that the application declares: it has a status and a code of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    /// HTTP status, 400–599.
    pub status: u16,
    /// Stable snake_case code.
    pub code: Cow<'static, str>,
    /// For people.
    pub message: String,
    /// Structure for programs.
    pub data: Option<Json>,
    /// Seconds after which another try makes sense.
    pub retry_after: Option<u32>,
}

/// What kind of failure it is. Exhaustive, so that the edge must answer each.
#[derive(Clone, Debug, PartialEq)]
pub enum ErrorKind {
    /// The input has the wrong shape: a stable code and a description.
    BadRequest(&'static str, String),
    /// Fields of the input are wrong.
    Invalid(Vec<FieldFault>),
    /// Fields of the input are not the caller's to set.
    ReadOnly(Vec<FieldFault>),
    /// A credential is missing or bad.
    Unauthenticated(String),
    /// The caller may not do this.
    Forbidden(String),
    /// No such row, or none the caller can see. The first part is the model, such as `post`.
    NotFound(String, String),
    /// A unique index refused the row.
    UniqueViolation {
        /// The table.
        table: String,
        /// The index, where the store names it.
        constraint: Option<String>,
        /// The columns, where the store names them; the fields once the model has mapped them.
        columns: Vec<String>,
    },
    /// A reference names a row that is not there, or a row that is still referenced.
    ForeignKeyViolation {
        /// The table, where the store names it.
        table: String,
        /// The constraint, where the store names it.
        constraint: Option<String>,
        /// The fields, once the model has mapped them.
        columns: Vec<String>,
    },
    /// `If-Match` names another version than the row's.
    StaleVersion,
    /// A patch tests for another value than what is at this JSON Pointer.
    PatchTestFailed(String),
    /// The request id was used for other input.
    RequestIdConflict,
    /// The same request is still running.
    RequestInProgress,
    /// The request id is older than results are kept.
    RequestExpired,
    /// The same request was done, and its answer is not kept.
    AlreadyDone,
    /// Another transaction was in the way. The framework runs the handler again on its own.
    Conflict,
    /// A SQLite group that this transaction was part of was rolled back whole. The framework runs
    /// the handler again, alone.
    GroupLost,
    /// The request was already answered: found while this attempt ran.
    Answered,
    /// The attempt of a task no longer holds: the task was given to somebody else. Nothing was committed.
    LeaseLost,
    /// The database cannot be reached. Nothing was committed.
    Unavailable,
    /// The connection broke while committing and nobody can say whether it did.
    OutcomeUnknown,
    /// The process is about to stop.
    Draining,
    /// A statement or a handler took longer than its limit, in milliseconds.
    TooSlow(u64),
    /// The caller has used up how often it may call this.
    RateLimited(Quota),
    /// The application's own error.
    Declared(Declared),
    /// Ours, or one that the application did not declare. Never shown to a client.
    Internal(String),
}

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind) -> Self {
        Self { kind: Box::new(kind), source: None }
    }

    /// An error of our own making; `what` is logged and never shown.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal(what.into()))
    }

    /// An undeclared error of the application with its own status and code.
    ///
    /// ```
    /// let error = mainstay_kernel::Error::http(423, "todo_locked", "locked").data(serde_json::json!({"by": "ann"}));
    /// assert_eq!(error.to_string(), "locked");
    /// ```
    pub fn http(status: u16, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Declared(Declared {
            status,
            code: code.into(),
            message: message.into(),
            data: None,
            retry_after: None,
        }))
    }

    /// A malformed input, with one of the contract's codes.
    pub fn bad_request(code: &'static str, description: impl Into<String>) -> Self {
        Self::new(ErrorKind::BadRequest(code, description.into()))
    }

    /// Adds structure to a declared error.
    #[must_use]
    pub fn data(mut self, data: Json) -> Self {
        if let ErrorKind::Declared(declared) = &mut *self.kind {
            declared.data = Some(data);
        }
        self
    }

    /// Says, of a declared error, after how many seconds another try makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        if let ErrorKind::Declared(declared) = &mut *self.kind {
            declared.retry_after = Some(seconds);
        }
        self
    }

    /// Keeps the cause, for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }

    /// Replaces the kind and keeps the cause.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        *self.kind = kind;
        self
    }

    /// Whether another try of the same request may succeed without any change to it.
    pub fn is_retryable(&self) -> bool {
        matches!(
            *self.kind,
            ErrorKind::Conflict
                | ErrorKind::GroupLost
                | ErrorKind::Unavailable
                | ErrorKind::OutcomeUnknown
                | ErrorKind::Draining
                | ErrorKind::RequestInProgress
        )
    }

    /// Whether it is a request's answer as much as a row is, so that a repeat is answered the same: what the handler
    /// found, not how the input or the moment was.
    pub fn is_answer(&self) -> bool {
        match self.kind() {
            ErrorKind::NotFound(..)
            | ErrorKind::UniqueViolation { .. }
            | ErrorKind::ForeignKeyViolation { .. }
            | ErrorKind::StaleVersion
            | ErrorKind::PatchTestFailed(_) => true,
            ErrorKind::Declared(declared) => {
                declared.status < 500 && !matches!(declared.status, 400 | 401 | 403 | 413 | 422 | 429)
            }
            ErrorKind::BadRequest(..)
            | ErrorKind::Invalid(_)
            | ErrorKind::ReadOnly(_)
            | ErrorKind::Unauthenticated(_)
            | ErrorKind::Forbidden(_)
            | ErrorKind::RequestIdConflict
            | ErrorKind::RequestInProgress
            | ErrorKind::RequestExpired
            | ErrorKind::AlreadyDone
            | ErrorKind::Conflict
            | ErrorKind::GroupLost
            | ErrorKind::Answered
            | ErrorKind::LeaseLost
            | ErrorKind::Unavailable
            | ErrorKind::OutcomeUnknown
            | ErrorKind::Draining
            | ErrorKind::TooSlow(_)
            | ErrorKind::RateLimited(_)
            | ErrorKind::Internal(_) => false,
        }
    }

    /// Whether the row was not there.
    pub fn is_not_found(&self) -> bool {
        matches!(*self.kind, ErrorKind::NotFound(..))
    }

    /// Whether a unique index refused the row.
    pub fn is_unique_violation(&self) -> bool {
        matches!(*self.kind, ErrorKind::UniqueViolation { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&*self.kind, f)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRequest(_, text)
            | Self::Unauthenticated(text)
            | Self::Forbidden(text)
            | Self::NotFound(_, text)
            | Self::Internal(text) => f.write_str(text),
            Self::Invalid(faults) | Self::ReadOnly(faults) => write_faults(faults, f),
            Self::UniqueViolation { table, columns, .. } => {
                write!(f, "a row of `{table}` with the same {} exists", columns.join(", "))
            }
            Self::ForeignKeyViolation { table, columns, .. } => {
                write!(f, "a reference of `{table}` does not hold ({})", columns.join(", "))
            }
            Self::StaleVersion => f.write_str("the row has changed since the version that If-Match names"),
            Self::PatchTestFailed(pointer) => write!(f, "the value at `{pointer}` is not the one tested for"),
            Self::RequestIdConflict => f.write_str("this request id was used for another input"),
            Self::RequestInProgress => f.write_str("the same request is still running"),
            Self::RequestExpired => f.write_str("this request id is older than answers are kept"),
            Self::AlreadyDone => f.write_str("this request was done and its answer is not kept"),
            Self::Conflict => f.write_str("other transactions kept getting in the way; try again"),
            Self::GroupLost => f.write_str("the group of this transaction was rolled back; try again"),
            Self::Answered => f.write_str("this request was answered already"),
            Self::LeaseLost => f.write_str("this attempt's task was given to somebody else"),
            Self::Unavailable => f.write_str("the database cannot be reached"),
            Self::OutcomeUnknown => {
                f.write_str("the connection broke while committing; whether it did is not known")
            }
            Self::Draining => f.write_str("this process is about to stop"),
            Self::TooSlow(millis) => write!(f, "took longer than its limit of {millis} ms"),
            Self::RateLimited(quota) => {
                let (limit, wait) = (quota.limit, quota.retry_after.as_secs_f64());
                write!(f, "this may be called {limit} times, and the next time in {wait:.1} s")
            }
            Self::Declared(declared) => f.write_str(&declared.message),
        }
    }
}

fn write_faults(faults: &[FieldFault], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for (index, fault) in faults.iter().enumerate() {
        let comma = if index == 0 { "" } else { "; " };
        write!(f, "{comma}`{}`: {}", fault.field, fault.message)?;
    }
    Ok(())
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|it| it as _)
    }
}
