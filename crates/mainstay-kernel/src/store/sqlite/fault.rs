//! What an error of SQLite means.

use std::time::Duration;

use rusqlite::{ErrorCode, ffi};

use crate::store::READER_WRITES;
use crate::{Error, ErrorKind};

/// What becomes of the process after a failed COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The group is rolled back and the writer goes on.
    GoOn,
    /// The kernel may have dropped pages that it failed to write while later syncs succeed, so
    /// nothing in memory can be trusted any more ("fsyncgate", PostgreSQL 2018).
    End,
}

/// Whether the process may go on after a COMMIT failed like this.
pub(super) fn fate_of(error: &rusqlite::Error) -> Fate {
    match extended(error) {
        Some(ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC | ffi::SQLITE_IOERR_CORRUPTFS) => {
            Fate::End
        }
        Some(_) | None => Fate::GoOn,
    }
}

/// The framework's error for one of the driver's, which stays its cause. `limit` is how long the
/// statement was given.
pub(super) fn to_error(error: rusqlite::Error, limit: Duration) -> Error {
    Error::new(kind_of(&error, limit)).caused_by(error)
}

/// [`to_error`] on a connection that only reads.
pub(super) fn to_reading_error(error: rusqlite::Error, limit: Duration) -> Error {
    match extended(&error) {
        Some(ffi::SQLITE_READONLY) => Error::internal(READER_WRITES).caused_by(error),
        Some(_) | None => to_error(error, limit),
    }
}

/// Whether a unique index of that table refused the row.
pub(super) fn is_duplicate_in(error: &rusqlite::Error, table: &str) -> bool {
    unique_violation(error).is_some_and(|(refusing, _, _)| refusing == table)
}

fn kind_of(error: &rusqlite::Error, limit: Duration) -> ErrorKind {
    if let Some((table, constraint, columns)) = unique_violation(error) {
        return ErrorKind::UniqueViolation { table, constraint, columns };
    }
    if is_foreign_key_violation(error) {
        return ErrorKind::ForeignKeyViolation {
            table: String::new(),
            constraint: None,
            columns: Vec::new(),
        };
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => ErrorKind::Conflict,
        Some(ErrorCode::OperationInterrupted) => {
            ErrorKind::TooSlow(u64::try_from(limit.as_millis()).unwrap_or(u64::MAX))
        }
        Some(
            ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::ReadOnly,
        ) => ErrorKind::Unavailable,
        Some(_) | None => ErrorKind::Internal("the database refused a statement".to_owned()),
    }
}

/// Table, index and columns, as far as SQLite names them.
fn unique_violation(error: &rusqlite::Error) -> Option<(String, Option<String>, Vec<String>)> {
    let rusqlite::Error::SqliteFailure(code, Some(message)) = error else { return None };
    let unique =
        [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY, ffi::SQLITE_CONSTRAINT_ROWID];
    if !unique.contains(&code.extended_code) {
        return None;
    }
    let what = message.strip_prefix("UNIQUE constraint failed: ")?;
    if let Some(index) = what.strip_prefix("index '") {
        return Some((String::new(), Some(index.trim_end_matches('\'').to_owned()), Vec::new()));
    }
    let pairs: Vec<(&str, &str)> = what.split(", ").filter_map(|it| it.rsplit_once('.')).collect();
    let table = pairs.first()?.0.to_owned();
    Some((table, None, pairs.into_iter().map(|(_, column)| column.to_owned()).collect()))
}

/// What restricts a delete is a trigger of SQLite's own: its code is theirs, and its message tells.
fn is_foreign_key_violation(error: &rusqlite::Error) -> bool {
    let rusqlite::Error::SqliteFailure(code, message) = error else { return false };
    code.extended_code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY
        || code.extended_code == ffi::SQLITE_CONSTRAINT_TRIGGER
            && message.as_deref() == Some("FOREIGN KEY constraint failed")
}

fn extended(error: &rusqlite::Error) -> Option<i32> {
    error.sqlite_error().map(|it| it.extended_code)
}

#[cfg(test)]
pub(super) fn failure(extended_code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(extended_code), None)
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(500);

    fn refused(statement: &str) -> ErrorKind {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "create table users (id text primary key not null, email text, tenant int, n int check (n > 0),
                                     nick text, unique (email, tenant));
                 create unique index users_nick on users (lower(nick));
                 create table posts (id integer primary key, author text not null references users (id));
                 create table bills (payer text not null references users (id) on delete restrict);
                 insert into users values ('1', 'A', 1, 1, 'N'), ('2', 'B', 2, 1, 'O');
                 insert into posts values (1, '1');
                 insert into bills values ('2');",
            )
            .unwrap();
        let error = to_error(connection.execute_batch(statement).unwrap_err(), LIMIT);
        assert!(std::error::Error::source(&error).is_some(), "the driver's error is its cause");
        error.kind().clone()
    }

    fn unique(table: &str, constraint: Option<&str>, columns: &[&str]) -> ErrorKind {
        ErrorKind::UniqueViolation {
            table: table.to_owned(),
            constraint: constraint.map(str::to_owned),
            columns: columns.iter().map(|&it| it.to_owned()).collect(),
        }
    }

    #[test]
    fn a_unique_violation_names_its_table_and_columns() {
        let cases = [
            ("insert into users values ('3', 'A', 1, 1, 'M')", unique("users", None, &["email", "tenant"])),
            ("insert into users values ('1', 'B', 1, 1, 'M')", unique("users", None, &["id"])),
            ("insert into users values ('3', 'C', 3, 1, 'n')", unique("", Some("users_nick"), &[])),
            ("insert into posts values (1, '1')", unique("posts", None, &["id"])),
        ];
        for (statement, expected) in cases {
            assert_eq!(refused(statement), expected, "{statement}");
        }
    }

    #[test]
    fn a_missing_reference_is_a_foreign_key_violation() {
        let violated = |kind| matches!(kind, ErrorKind::ForeignKeyViolation { .. });
        assert!(violated(refused("insert into posts values (2, 'nobody')")));
        assert!(violated(refused("delete from users where id = '1'")));
        assert!(violated(refused("delete from users where id = '2'")), "restricted");
    }

    #[test]
    fn other_refusals_are_ours_and_do_not_repeat_the_driver() {
        for statement in
            ["insert into users values (null, 'b', 1, 1, 'o')", "update users set n = -1", "selec 1"]
        {
            assert_eq!(
                refused(statement),
                ErrorKind::Internal("the database refused a statement".to_owned())
            );
        }
    }

    #[test]
    fn codes_mean_what_can_be_done_about_them() {
        let cases = [
            (ffi::SQLITE_BUSY, ErrorKind::Conflict),
            (ffi::SQLITE_BUSY_SNAPSHOT, ErrorKind::Conflict),
            (ffi::SQLITE_FULL, ErrorKind::Unavailable),
            (ffi::SQLITE_IOERR_WRITE, ErrorKind::Unavailable),
            (ffi::SQLITE_INTERRUPT, ErrorKind::TooSlow(500)),
        ];
        for (code, expected) in cases {
            assert_eq!(to_error(failure(code), LIMIT).kind(), &expected, "{code}");
        }
    }

    #[test]
    fn only_a_failed_sync_ends_the_process() {
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_DIR_FSYNC, ffi::SQLITE_IOERR_CORRUPTFS] {
            assert_eq!(fate_of(&failure(code)), Fate::End, "{code}");
        }
        let others = [
            ffi::SQLITE_FULL,
            ffi::SQLITE_BUSY,
            ffi::SQLITE_IOERR_WRITE,
            ffi::SQLITE_IOERR_READ,
            ffi::SQLITE_INTERRUPT,
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY,
        ];
        for code in others {
            assert_eq!(fate_of(&failure(code)), Fate::GoOn, "{code}");
        }
    }
}
