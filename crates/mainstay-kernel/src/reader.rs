use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::db::Shared;
use crate::store::{Snapshot, StoreTx};
use crate::{Dialect, Result, Row, Sql, Statement};

/// Reads. Outside a transaction each call sees what is committed; `&mut Tx` gives one that also
/// sees what the transaction wrote.
pub struct Reader {
    lane: Lane,
    ran: AtomicUsize,
}

/// Where a reader's statements go.
pub(crate) enum Lane {
    Primary(Arc<Shared>),
    Replica(Arc<Shared>),
    Transaction(Open),
    Snapshot(Arc<Shared>, Snapshot),
}

/// An open transaction, how many of its statements are being awaited, and whether one has failed.
pub(crate) struct Open {
    pub(crate) store: StoreTx,
    pub(crate) statements: Arc<AtomicUsize>,
    failed: AtomicBool,
    /// How many statements the database has run.
    ran: Arc<AtomicU64>,
}

impl Open {
    pub(crate) fn new(store: StoreTx, ran: Arc<AtomicU64>) -> Self {
        Self { store, statements: Arc::default(), failed: AtomicBool::new(false), ran }
    }

    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        let _awaited = self.awaited();
        self.noted(self.store.rows(statement).await)
    }

    async fn only_reading(&self, statement: &Statement) -> Result<Vec<Row>> {
        let _awaited = self.awaited();
        self.noted(self.store.only_reading(statement).await)
    }

    pub(crate) async fn execute(&self, statement: &Statement) -> Result<u64> {
        let _awaited = self.awaited();
        self.noted(self.store.execute(statement).await)
    }

    pub(crate) async fn lock(&self, key: &str) -> Result<()> {
        let _awaited = self.awaited();
        self.noted(self.store.lock(key).await)
    }

    fn awaited(&self) -> Awaited<'_> {
        self.ran.fetch_add(1, Ordering::Relaxed);
        Awaited::new(&self.statements)
    }

    pub(crate) fn fail(&self) {
        self.failed.store(true, Ordering::Relaxed);
    }

    /// Whether something in it has failed. Such a transaction cannot commit on PostgreSQL, so it does
    /// not on SQLite either.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    fn noted<T>(&self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.fail();
        }
        result
    }
}

/// Counts a statement as awaited until it is dropped.
struct Awaited<'a>(&'a AtomicUsize);

impl<'a> Awaited<'a> {
    fn new(statements: &'a AtomicUsize) -> Self {
        statements.fetch_add(1, Ordering::Relaxed);
        Self(statements)
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reader {
    pub(crate) fn new(lane: Lane) -> Self {
        Self { lane, ran: AtomicUsize::new(0) }
    }

    /// How many statements it has run: a test can tell by it that there is none for each row.
    pub fn statements(&self) -> usize {
        self.ran.load(Ordering::Relaxed)
    }

    /// A transaction counts for the database by itself.
    pub(crate) fn count_one(&self) {
        self.ran.fetch_add(1, Ordering::Relaxed);
        if let Lane::Primary(shared) | Lane::Replica(shared) | Lane::Snapshot(shared, _) = &self.lane {
            shared.ran.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The dialect that statements must be written in.
    pub fn dialect(&self) -> Dialect {
        match &self.lane {
            Lane::Primary(shared) | Lane::Replica(shared) | Lane::Snapshot(shared, _) => {
                shared.store.dialect()
            }
            Lane::Transaction(open) => open.store.dialect(),
        }
    }

    /// All rows of a statement that may scan.
    ///
    /// # Errors
    /// Too slow, when it runs into the limit for reads; unavailable, when the database is away.
    pub async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        self.count_one();
        match &self.lane {
            Lane::Primary(shared) => shared.store.rows(statement).await,
            Lane::Replica(shared) => shared.store.stale_rows(statement).await,
            Lane::Transaction(open) => open.rows(statement).await,
            Lane::Snapshot(shared, snapshot) => shared.store.rows_in(snapshot, statement).await,
        }
    }

    /// All rows of an author's statement, which the database keeps from writing, inside a transaction too.
    pub(crate) async fn only_reading(&self, statement: &Statement) -> Result<Vec<Row>> {
        match &self.lane {
            // Their connections only read.
            Lane::Primary(_) | Lane::Replica(_) | Lane::Snapshot(..) => self.rows(statement).await,
            Lane::Transaction(open) => {
                self.count_one();
                open.only_reading(statement).await
            }
        }
    }

    /// At most one row, of a statement that finds it by a key.
    ///
    /// # Errors
    /// As [`Reader::rows`].
    pub async fn point(&self, statement: &Statement) -> Result<Option<Row>> {
        self.count_one();
        match &self.lane {
            Lane::Primary(shared) => shared.store.point(statement).await,
            Lane::Replica(shared) => shared.store.stale_point(statement).await,
            Lane::Transaction(open) => Ok(open.rows(statement).await?.into_iter().next()),
            Lane::Snapshot(shared, snapshot) => {
                Ok(shared.store.rows_in(snapshot, statement).await?.into_iter().next())
            }
        }
    }

    /// A number that stays the same as long as nothing was committed, where one process owns the
    /// database; `None` where others may write to it, and inside a transaction.
    pub fn stamp(&self) -> Option<u64> {
        match &self.lane {
            Lane::Primary(shared) | Lane::Replica(shared) => shared.store.stamp(),
            Lane::Transaction(_) | Lane::Snapshot(..) => None,
        }
    }

    /// SQL of your own that reads, in the dialect of the store, with `?` or `:name` for each value.
    pub fn sql(&self, text: &str) -> Sql<'_> {
        Sql::new(self, text)
    }

    pub(crate) fn open(&self) -> Option<&Open> {
        match &self.lane {
            Lane::Transaction(open) => Some(open),
            Lane::Primary(_) | Lane::Replica(_) | Lane::Snapshot(..) => None,
        }
    }

    pub(crate) fn into_open(self) -> Option<Open> {
        match self.lane {
            Lane::Transaction(open) => Some(open),
            Lane::Primary(_) | Lane::Replica(_) | Lane::Snapshot(..) => None,
        }
    }

    /// Gives the connection of a snapshot back.
    pub(crate) async fn end(self) {
        if let Lane::Snapshot(_, snapshot) = self.lane {
            snapshot.end().await;
        }
    }
}
