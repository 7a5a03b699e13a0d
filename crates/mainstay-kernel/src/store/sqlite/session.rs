use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit as Bound;
use rusqlite::{Connection, OpenFlags};

use super::home::{Home, not_opened};
use super::limit::Limit;
use super::{cell, functions};
use crate::row::Repr;
use crate::{Error, Result, Row, Statement};

/// Statements that stay prepared on each connection.
const PREPARED: usize = 256;

/// Pragmas that only read (ALTER TABLE itself uses one); every other one is the framework's.
const READING_PRAGMAS: [&str; 11] = [
    "data_version",
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
];

/// How many rows of a statement are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Most {
    One,
    All,
}

/// One connection, with its time limit and its guard.
pub(super) struct Session {
    connection: Connection,
    limit: Limit,
    /// Whether the statement at hand is the framework's: only it begins, commits and sets pragmas.
    ours: Arc<AtomicBool>,
    /// Held until the connection is closed, which happens before.
    _home: Arc<Home>,
}

/// What a statement did.
pub(super) struct Ran {
    /// The rows it gave back.
    pub(super) rows: Vec<Row>,
    /// The rows it changed, without those that triggers changed; for one that gives rows back, how
    /// many it gave.
    pub(super) touched: u64,
    /// Whether it could write.
    pub(super) may_write: bool,
}

impl Session {
    /// The connection that writes. It puts the file into WAL mode.
    pub(super) fn writer(home: Arc<Home>) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let synchronous = if home.is_durable() { "full" } else { "off" };
        let pragmas = format!(
            "pragma journal_mode = wal;
             pragma synchronous = {synchronous};
             pragma recursive_triggers = on;
             pragma cache_size = -16000;
             pragma wal_autocheckpoint = 4000;
             pragma journal_size_limit = 67108864;"
        );
        let session = Self::open(home, flags, &pragmas)?;
        let mode: String = session
            .connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .map_err(|error| not_opened(session._home.database(), &error))?;
        if mode == "wal" {
            return session.guarded();
        }
        let why = "its file system cannot share memory (WAL mode): put it on a local disk";
        Err(not_opened(session._home.database(), &why))
    }

    /// A connection that reads.
    pub(super) fn reader(home: Arc<Home>) -> Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::open(home, flags, "pragma query_only = on; pragma cache_size = -4000;")?.guarded()
    }

    fn open(home: Arc<Home>, flags: OpenFlags, pragmas: &str) -> Result<Self> {
        let opened = || {
            let mut connection = Connection::open_with_flags(home.database(), flags)?;
            // Others can only be in the way for a moment: this process owns the file.
            connection.busy_timeout(Duration::from_secs(1))?;
            connection.execute_batch("pragma foreign_keys = on; pragma mmap_size = 268435456;")?;
            connection.execute_batch(pragmas)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            restrict(&connection)?;
            functions::register(&connection)?;
            let limit = Limit::watch(&mut connection)?;
            Ok((connection, limit))
        };
        let (connection, limit) =
            opened().map_err(|error: rusqlite::Error| not_opened(home.database(), &error))?;
        Ok(Self { connection, limit, ours: Arc::default(), _home: home })
    }

    /// Refuses from now on what only the framework may do: a COMMIT among an author's statements
    /// would commit the strangers in its group.
    fn guarded(mut self) -> Result<Self> {
        let ours = Arc::clone(&self.ours);
        let judge = move |context: AuthContext<'_>| {
            let allowed = ours.load(Ordering::Relaxed) || is_open_to_all(&context.action);
            if allowed { Authorization::Allow } else { Authorization::Deny }
        };
        match self.connection.authorizer(Some(judge)) {
            Ok(()) => Ok(self),
            Err(error) => Err(Error::internal("a connection cannot be guarded").caused_by(error)),
        }
    }

    /// Runs a statement, which is ended at `due`.
    pub(super) fn run(
        &self,
        statement: &Statement,
        most: Most,
        due: Option<Instant>,
    ) -> rusqlite::Result<Ran> {
        let _armed = self.limit.arm(due);
        let changes = self.connection.total_changes();
        let mut prepared = self.connection.prepare_cached(statement.text())?;
        cell::bind(&mut prepared, statement.params())?;
        let may_write = !prepared.readonly();
        let gives_rows = prepared.column_count() > 0;
        let rows = collect(&mut prepared.raw_query(), most)?;
        let touched = if gives_rows {
            rows.len() as u64
        } else if self.connection.total_changes() == changes {
            // The count below is still the one of an earlier statement.
            0
        } else {
            self.connection.changes()
        };
        Ok(Ran { rows, touched, may_write })
    }

    /// Whether a statement can only read.
    pub(super) fn only_reads(&self, statement: &Statement) -> rusqlite::Result<bool> {
        Ok(self.connection.prepare_cached(statement.text())?.readonly())
    }

    /// Runs one of the framework's own statements without values, such as COMMIT.
    pub(super) fn command(&self, text: &str) -> rusqlite::Result<()> {
        self.as_ours(|connection| connection.prepare_cached(text)?.raw_query().next().map(drop))
    }

    /// Runs several of the framework's own statements.
    pub(super) fn script(&self, text: &str) -> rusqlite::Result<()> {
        self.as_ours(|connection| connection.execute_batch(text))
    }

    fn as_ours<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        self.ours.store(true, Ordering::Relaxed);
        let result = work(&self.connection);
        self.ours.store(false, Ordering::Relaxed);
        result
    }

    /// Whether no transaction is open: SQLite closes it by itself after some errors.
    pub(super) fn is_autocommit(&self) -> bool {
        self.connection.is_autocommit()
    }

    /// Moves the write-ahead log into the file and closes.
    pub(super) fn checkpoint_and_close(self) {
        if let Err(error) = self.script("pragma wal_checkpoint(truncate)") {
            tracing::warn!(%error, "the write-ahead log could not be emptied: the next start does it");
        }
    }
}

fn is_open_to_all(action: &AuthAction<'_>) -> bool {
    if let AuthAction::Pragma { pragma_name, .. } = action {
        return READING_PRAGMAS.contains(pragma_name);
    }
    !matches!(
        action,
        AuthAction::Transaction { .. }
            | AuthAction::Savepoint { .. }
            | AuthAction::Attach { .. }
            | AuthAction::Detach { .. }
    )
}

/// No surprises: a misspelt "column" is not a text, a schema calls nothing unsafe, and no statement
/// is larger than any that we build.
fn restrict(connection: &Connection) -> rusqlite::Result<()> {
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
    ] {
        connection.set_db_config(setting, on)?;
    }
    for (bound, most) in [
        (Bound::SQLITE_LIMIT_LENGTH, 256 * 1024 * 1024),
        (Bound::SQLITE_LIMIT_SQL_LENGTH, 1024 * 1024),
        (Bound::SQLITE_LIMIT_EXPR_DEPTH, 500),
        (Bound::SQLITE_LIMIT_COMPOUND_SELECT, 100),
        (Bound::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000),
        (Bound::SQLITE_LIMIT_TRIGGER_DEPTH, 100),
        (Bound::SQLITE_LIMIT_ATTACHED, 0),
        (Bound::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(bound, most)?;
    }
    Ok(())
}

fn collect(rows: &mut rusqlite::Rows<'_>, most: Most) -> rusqlite::Result<Vec<Row>> {
    let mut columns: Option<Arc<[String]>> = None;
    let mut collected = Vec::new();
    while let Some(row) = rows.next()? {
        // Asked only now: a changed schema changes the columns at the first step.
        let columns = columns.get_or_insert_with(|| row.as_ref().column_names().map(str::to_owned).collect());
        let cells =
            (0..columns.len()).map(|index| cell::take(row.get_ref(index)?)).collect::<Result<_, _>>()?;
        collected.push(Row(Repr::Sqlite { columns: Arc::clone(columns), cells }));
        if most == Most::One {
            break;
        }
    }
    Ok(collected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreUrl;

    fn pragma<T: rusqlite::types::FromSql>(session: &Session, name: &str) -> T {
        session.as_ours(|connection| connection.pragma_query_value(None, name, |row| row.get(0))).unwrap()
    }

    #[test]
    fn a_file_is_written_durably_and_what_is_fleeting_is_not() {
        let folder = tempfile::tempdir().unwrap();
        for (url, synchronous) in
            [(StoreUrl::SqliteFile(folder.path().join("app.db")), 2), (StoreUrl::SqliteMemory, 0)]
        {
            let writer = Session::writer(Arc::new(Home::open(&url).unwrap())).unwrap();
            assert_eq!(pragma::<i64>(&writer, "synchronous"), synchronous);
            assert_eq!(pragma::<String>(&writer, "journal_mode"), "wal");
            for on in ["foreign_keys", "recursive_triggers"] {
                assert_eq!(pragma::<i64>(&writer, on), 1, "{on}");
            }
            assert_eq!(pragma::<i64>(&writer, "trusted_schema"), 0);
        }
    }
}
