//! The two stores. All SQL of the kernel is below this module.

pub(crate) mod capture;
pub(crate) mod changes;
pub(crate) mod mark;
pub(crate) mod postgres;
pub(crate) mod report;
pub(crate) mod sqlite;
pub(crate) mod work;

use std::time::Duration;

use crate::request::{Answer, Request};
use crate::work::Outbox;
use crate::{Dialect, Error, Result, Row, Statement, Timestamp};

/// What is said of a statement that writes and was given to a reader.
pub(crate) const READER_WRITES: &str = "a statement given to a reader writes: give it to `&mut Tx`";

/// The SQL of the framework's own tables, as a new database gets them.
pub fn framework_tables(dialect: Dialect) -> String {
    match dialect {
        Dialect::Postgres => postgres::framework_tables(),
        Dialect::Sqlite => sqlite::framework_tables(),
    }
}

/// The database. A closed set, so an enum.
pub(crate) enum Store {
    Postgres(postgres::Postgres),
    Sqlite(sqlite::Sqlite),
}

/// An open transaction.
pub(crate) enum StoreTx {
    Postgres(postgres::PostgresTx),
    Sqlite(sqlite::SqliteTx),
}

/// Reads that all see the same.
pub(crate) enum Snapshot {
    Postgres(Box<postgres::PostgresTx>),
    Sqlite(sqlite::SqliteSnapshot),
}

/// The right to migrate, which one process at a time has.
pub(crate) enum Turn {
    Postgres(Box<postgres::Turn>),
    Sqlite(tokio::sync::OwnedMutexGuard<()>),
}

/// An answer to be kept, in the transaction that earned it.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub(crate) request: &'a Request,
    pub(crate) answer: &'a Answer,
    pub(crate) now: Timestamp,
    pub(crate) expires: Timestamp,
}

/// An answer that was kept.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) path: String,
    pub(crate) input: Vec<u8>,
    pub(crate) answer: Answer,
}

/// What became of the attempt to commit.
#[derive(Debug)]
pub(crate) enum Commit {
    /// Durable.
    Done,
    /// Rolled back; run the handler again.
    Again,
    /// Rolled back with its whole group; run the handler again, alone.
    AgainAlone,
    /// Rolled back: another transaction kept an answer for the same request first.
    Duplicate,
    /// The connection broke while committing. The backend's id, to make sure that it is gone.
    Unknown { backend: Backend },
    /// Rolled back for good.
    Failed(Error),
}

/// A server process, told by its start from a later one with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backend {
    pub(crate) id: i32,
    pub(crate) started: Timestamp,
}

/// How a transaction is to be opened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Company {
    /// It may share its commit with others.
    Grouped,
    /// It commits by itself.
    Alone,
}

impl Store {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    /// Opens a transaction. With a request, its kept answer is looked up in the same flush as the
    /// first statement; finding one makes that statement fail with `Answered`.
    pub(crate) async fn begin(&self, request: Option<&Request>, company: Company) -> Result<StoreTx> {
        match self {
            Self::Postgres(store) => Ok(StoreTx::Postgres(store.begin(request).await?)),
            Self::Sqlite(store) => Ok(StoreTx::Sqlite(store.begin(request, company).await?)),
        }
    }

    /// Runs one statement, and keeps the answer beside it, as one atomic write without a
    /// transaction of its own. The number of rows it touched; with none, nothing is kept.
    pub(crate) async fn write_one(
        &self,
        statement: &Statement,
        record: Option<Record<'_>>,
    ) -> Result<(Commit, Vec<Row>)> {
        match self {
            Self::Postgres(store) => store.write_one(statement, record).await,
            Self::Sqlite(store) => store.write_one(statement, record).await,
        }
    }

    /// [`Store::write_one`] for an insert, which may share its commit with others.
    pub(crate) async fn insert_one(
        &self,
        statement: &Statement,
        record: Option<Record<'_>>,
    ) -> Result<(Commit, Vec<Row>)> {
        match self {
            Self::Postgres(store) => store.insert_one(statement, record).await,
            Self::Sqlite(store) => store.write_one(statement, record).await,
        }
    }

    /// Opens a snapshot, whose reads take no longer than this limit each.
    pub(crate) async fn snapshot(&self, limit: Duration) -> Result<Snapshot> {
        match self {
            Self::Postgres(store) => Ok(Snapshot::Postgres(Box::new(store.snapshot(limit).await?))),
            Self::Sqlite(store) => Ok(Snapshot::Sqlite(store.snapshot().await?)),
        }
    }

    /// Rows in a snapshot.
    pub(crate) async fn rows_in(&self, snapshot: &Snapshot, statement: &Statement) -> Result<Vec<Row>> {
        match (self, snapshot) {
            (_, Snapshot::Postgres(tx)) => tx.rows(statement).await,
            (Self::Sqlite(store), Snapshot::Sqlite(snapshot)) => store.rows_in(snapshot, statement).await,
            (Self::Postgres(_), Snapshot::Sqlite(_)) => {
                Err(Error::internal("a snapshot is another store's: a fault of the framework"))
            }
        }
    }

    /// Rows by a scan.
    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        match self {
            Self::Postgres(store) => store.rows(statement).await,
            Self::Sqlite(store) => store.rows(statement).await,
        }
    }

    /// At most one row, found by a key.
    pub(crate) async fn point(&self, statement: &Statement) -> Result<Option<Row>> {
        match self {
            Self::Postgres(store) => store.point(statement).await,
            Self::Sqlite(store) => store.point(statement),
        }
    }

    /// [`Store::rows`] from the replica, where there is one.
    pub(crate) async fn stale_rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        match self {
            Self::Postgres(store) => store.stale_rows(statement).await,
            Self::Sqlite(store) => store.rows(statement).await,
        }
    }

    /// [`Store::point`] from the replica, where there is one.
    pub(crate) async fn stale_point(&self, statement: &Statement) -> Result<Option<Row>> {
        match self {
            Self::Postgres(store) => store.stale_point(statement).await,
            Self::Sqlite(store) => store.point(statement),
        }
    }

    /// Changes with each commit, where one process owns the database.
    pub(crate) fn stamp(&self) -> Option<u64> {
        match self {
            Self::Postgres(_) => None,
            Self::Sqlite(store) => Some(store.version()),
        }
    }

    /// Waits until nobody else migrates.
    pub(crate) async fn turn(&self) -> Result<Turn> {
        match self {
            Self::Postgres(store) => Ok(Turn::Postgres(Box::new(store.turn().await?))),
            Self::Sqlite(store) => Ok(Turn::Sqlite(store.turn().await)),
        }
    }

    /// Makes sure that a backend whose connection broke can commit nothing any more.
    pub(crate) async fn end_backend(&self, backend: Backend) -> Result<()> {
        match self {
            Self::Postgres(store) => store.end_backend(backend).await,
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// The answer kept for this request, read from the primary outside any transaction.
    pub(crate) async fn kept(&self, request: &Request) -> Result<Option<Kept>> {
        match self {
            Self::Postgres(store) => store.kept(request).await,
            Self::Sqlite(store) => store.kept(request),
        }
    }

    /// Deletes up to `batch` answers that expired before `now`; how many it deleted.
    pub(crate) async fn expire_results(&self, now: Timestamp, batch: u32) -> Result<u64> {
        match self {
            Self::Postgres(store) => store.expire_results(now, batch).await,
            Self::Sqlite(store) => store.expire_results(now, batch).await,
        }
    }

    /// Forgets changes that have been in sight since before `before`; how many it deleted, or on PostgreSQL how many
    /// tables of them it emptied.
    pub(crate) async fn expire_changes(
        &self,
        now: Timestamp,
        before: Timestamp,
        turn_before: Timestamp,
    ) -> Result<u64> {
        match self {
            Self::Postgres(store) => store.expire_changes(now, before, turn_before).await,
            Self::Sqlite(store) => store.expire_changes(before).await,
        }
    }

    /// Deletes up to `batch` marks of either kind that say nothing any more; the more of the two.
    pub(crate) async fn expire_marks(&self, now: Timestamp, before: Timestamp, batch: u32) -> Result<u64> {
        let mut most = 0;
        for statement in mark::expire(self.dialect(), now, before, batch) {
            let (_, gone) = self.write_one(&statement, None).await?;
            most = most.max(gone.len() as u64);
        }
        Ok(most)
    }

    /// Creates or upgrades the framework's own tables.
    pub(crate) async fn migrate(&self, now: Timestamp) -> Result<()> {
        match self {
            Self::Postgres(store) => store.migrate(now).await,
            Self::Sqlite(store) => store.migrate(now).await,
        }
    }

    /// Waits until nothing is in flight and closes. Safe to call twice.
    pub(crate) async fn stop(&self) {
        match self {
            Self::Postgres(store) => store.stop().await,
            Self::Sqlite(store) => store.stop().await,
        }
    }
}

impl Snapshot {
    /// Gives its connection back.
    pub(crate) async fn end(self) {
        match self {
            Self::Postgres(tx) => drop(tx.rollback().await),
            Self::Sqlite(snapshot) => drop(snapshot),
        }
    }
}

impl StoreTx {
    pub(crate) fn dialect(&self) -> Dialect {
        match self {
            Self::Postgres(_) => Dialect::Postgres,
            Self::Sqlite(_) => Dialect::Sqlite,
        }
    }

    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        match self {
            Self::Postgres(tx) => tx.rows(statement).await,
            Self::Sqlite(tx) => tx.rows(statement),
        }
    }

    /// [`StoreTx::rows`] of a statement that the database keeps from writing.
    pub(crate) async fn only_reading(&self, statement: &Statement) -> Result<Vec<Row>> {
        match self {
            Self::Postgres(tx) => tx.only_reading(statement).await,
            Self::Sqlite(tx) => tx.only_reading(statement),
        }
    }

    pub(crate) async fn execute(&self, statement: &Statement) -> Result<u64> {
        match self {
            Self::Postgres(tx) => tx.execute(statement).await,
            Self::Sqlite(tx) => tx.execute(statement),
        }
    }

    /// Holds this key until the transaction ends. SQLite's writer is such a lock already.
    pub(crate) async fn lock(&self, key: &str) -> Result<()> {
        match self {
            Self::Postgres(tx) => tx.lock(key).await,
            Self::Sqlite(_) => Ok(()),
        }
    }

    /// Keeps the answer, writes what is left behind and commits. Consumes the transaction whatever comes of it.
    pub(crate) async fn commit_leaving(
        self,
        outbox: &mut Outbox,
        record: Option<Record<'_>>,
        now: Timestamp,
    ) -> Commit {
        match self {
            Self::Postgres(tx) => tx.commit_leaving(outbox, record, now).await,
            Self::Sqlite(tx) => tx.commit_leaving(outbox, record, now).await,
        }
    }

    /// Rolls back. What the first failed statement says about running it again.
    pub(crate) async fn rollback(self) -> Rollback {
        match self {
            Self::Postgres(tx) => tx.rollback().await,
            Self::Sqlite(tx) => tx.rollback().await,
        }
    }
}

/// Why the transaction had failed before it was rolled back, whatever its handler made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rollback {
    /// No statement failed in a way that another run would mend.
    Final,
    /// A conflict or a lost connection: run the handler again.
    Again,
    /// Its whole group was rolled back: run the handler again, alone.
    AgainAlone,
    /// The request was answered already: replay.
    Answered,
}
