//! What a failed statement means to the framework.

use std::error::Error as StdError;
use std::time::Duration;

use tokio_postgres::error::{DbError, Severity, SqlState};

use crate::store::READER_WRITES;
use crate::{Error, ErrorKind};

/// The unique index that tells a repeated request from a new one.
const RESULT_KEY: &str = "mainstay_result_pkey";

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// Statements shaped by callers, which the server holds to reading.
    Reads,
    /// Transactions and single writes.
    Writes,
    /// The framework's own statements about tasks.
    Tasks,
}

/// How long things may take on a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) how: Use,
    pub(super) read: Duration,
    pub(super) lock: Duration,
    pub(super) idle: Duration,
}

/// Turns a driver's error into ours. The driver's words are kept as the cause, for the log alone.
pub(super) fn explain(error: tokio_postgres::Error, limits: &Limits, ended: Option<&SqlState>) -> Error {
    let kind = match (error.as_db_error(), ended) {
        (Some(refusal), _) => refused(refusal, limits),
        (None, Some(state)) if error.is_closed() => ended_by(state, limits),
        (None, _) if error.is_closed() => ErrorKind::Unavailable,
        (None, _) => {
            ErrorKind::Internal("a statement could not be sent or its answer not be read".to_owned())
        }
    };
    Error::new(kind).caused_by(error)
}

fn refused(refusal: &DbError, limits: &Limits) -> ErrorKind {
    let code = refusal.code();
    if is_conflict(code) || is_stale(refusal) {
        ErrorKind::Conflict
    } else if *code == SqlState::UNIQUE_VIOLATION {
        let (table, constraint, columns) = names(refusal);
        ErrorKind::UniqueViolation { table, constraint, columns }
    } else if [SqlState::FOREIGN_KEY_VIOLATION, SqlState::RESTRICT_VIOLATION].contains(code) {
        let (table, constraint, columns) = names(refusal);
        ErrorKind::ForeignKeyViolation { table, constraint, columns }
    } else if *code == SqlState::LOCK_NOT_AVAILABLE {
        if refusal.where_().is_some_and(|place| place.contains(RESULT_KEY)) {
            ErrorKind::RequestInProgress
        } else {
            too_slow(limits.lock)
        }
    } else if *code == SqlState::QUERY_CANCELED && limits.how == Use::Reads {
        too_slow(limits.read)
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION && limits.how == Use::Reads {
        ErrorKind::Internal(READER_WRITES.to_owned())
    } else if ends_connection(refusal) {
        ended_by(code, limits)
    } else {
        ErrorKind::Internal(format!("the database refused a statement (SQLSTATE {})", code.code()))
    }
}

/// Out of memory is meant for the shared table of conflicts, which many transactions fill together.
fn is_conflict(code: &SqlState) -> bool {
    let conflicts =
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::OUT_OF_MEMORY];
    conflicts.contains(code)
}

fn ended_by(state: &SqlState, limits: &Limits) -> ErrorKind {
    if *state == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT {
        too_slow(limits.idle)
    } else {
        ErrorKind::Unavailable
    }
}

fn too_slow(limit: Duration) -> ErrorKind {
    ErrorKind::TooSlow(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))
}

/// Whether the connection is of no more use: the server ends it, or has become a standby.
fn ends_connection(refusal: &DbError) -> bool {
    matches!(refusal.parsed_severity(), Some(Severity::Fatal | Severity::Panic))
        || *refusal.code() == SqlState::READ_ONLY_SQL_TRANSACTION
}

/// Whether a prepared statement no longer fits: its table was altered, or somebody deallocated it.
/// It is prepared anew when the handler is run again.
pub(super) fn is_stale(refusal: &DbError) -> bool {
    let replanned = *refusal.code() == SqlState::FEATURE_NOT_SUPPORTED
        && refusal.routine() == Some("RevalidateCachedQuery");
    replanned || *refusal.code() == SqlState::INVALID_SQL_STATEMENT_NAME
}

fn names(refusal: &DbError) -> (String, Option<String>, Vec<String>) {
    let table = refusal.table().unwrap_or_default().to_owned();
    let constraint = refusal.constraint().map(str::to_owned);
    (table, constraint, refusal.detail().map(columns).unwrap_or_default())
}

/// The columns in `Key (a, b)=(1, 2) already exists.` In every language the names stand between the
/// first parenthesis and `)=(`; what follows are values, which no message may hold.
fn columns(detail: &str) -> Vec<String> {
    let names = detail.split_once(")=(").and_then(|(before, _)| before.split_once('('));
    names
        .map(|(_, names)| names.split(", ").map(|it| it.trim_matches('"').to_owned()).collect())
        .unwrap_or_default()
}

/// Whether the row that failed is a request's kept answer: another run kept one first.
pub(super) fn is_duplicate(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::UniqueViolation { constraint: Some(name), .. } if name == RESULT_KEY)
}

/// Whether the statement divided by zero, as a fence does that holds no longer.
pub(super) fn is_fenced(error: &Error) -> bool {
    let refusal = error.source().and_then(|it| it.downcast_ref::<tokio_postgres::Error>());
    refusal.and_then(tokio_postgres::Error::code) == Some(&SqlState::DIVISION_BY_ZERO)
}

/// There is no connection: says where it was looked for and what to do.
pub(super) fn unreachable(place: &str, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    let (place, cause) = (place.to_owned(), cause.into());
    let refused = cause.downcast_ref::<tokio_postgres::Error>().is_some_and(|it| it.as_db_error().is_some());
    Error::new(ErrorKind::Unavailable).caused_by(if refused {
        NoConnection::Refused { place, source: cause }
    } else {
        NoConnection::Unreachable { place, source: cause }
    })
}

#[derive(Debug, thiserror::Error)]
enum NoConnection {
    #[error("cannot connect to postgres at {place}: start it, or point DATABASE_URL at a running one")]
    Unreachable { place: String, source: Box<dyn StdError + Send + Sync> },
    #[error(
        "postgres at {place} refused the connection: check the user, password and database in DATABASE_URL"
    )]
    Refused { place: String, source: Box<dyn StdError + Send + Sync> },
}

#[cfg(test)]
mod tests {
    use super::columns;

    #[test]
    fn columns_are_read_in_any_language_and_values_are_not() {
        assert_eq!(columns("Key (email)=(a@b.example) already exists."), ["email"]);
        assert_eq!(columns("Schlüssel »(a, \"b c\")=(1, x)=(y)« existiert bereits."), ["a", "b c"]);
        assert_eq!(columns("Key (lower(email))=(x) already exists."), ["lower(email)"]);
        assert!(columns("no such form").is_empty());
    }
}
