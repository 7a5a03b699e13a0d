use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use crate::db::Shared;
use crate::extension::Locals;
use crate::reader::{Lane, Open};
use crate::sql::WriteSql;
use crate::store::{Commit, Record, Rollback, Store, StoreTx};
use crate::work::Outbox;
use crate::{Caller, Error, Reader, Result, Row, Statement, Timestamp};

/// One transaction: everything written through it commits together or not at all.
///
/// The framework begins and commits it; a handler gets `&mut Tx`, which reads like a [`Reader`].
/// A handler may be run more than once, so its effects belong in the database.
pub struct Tx {
    reader: Reader,
    now: Timestamp,
    caller: Caller,
    shared: Arc<Shared>,
    traceparent: Option<String>,
    locals: Locals,
    outbox: Outbox,
}

impl Tx {
    pub(crate) fn new(store: StoreTx, shared: &Arc<Shared>) -> Self {
        Self {
            reader: Reader::new(Lane::Transaction(Open::new(store, Arc::clone(&shared.ran)))),
            now: shared.options.clock.now(),
            caller: Caller::System,
            shared: Arc::clone(shared),
            traceparent: None,
            locals: Locals::default(),
            outbox: Outbox::default(),
        }
    }

    /// When the transaction began, by the application's clock.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// For whom it writes: the framework itself, unless [`Tx::act_for`] said otherwise.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Says for whom it writes from here on. It grants and denies nothing.
    pub fn act_for(&mut self, caller: &Caller) {
        self.caller = caller.clone();
    }

    /// The trace it is part of, as a `traceparent` of W3C Trace Context.
    pub fn traceparent(&self) -> Option<&str> {
        self.traceparent.as_deref()
    }

    /// Says which trace it is part of from here on.
    pub fn trace(&mut self, traceparent: Option<String>) {
        self.traceparent = traceparent;
    }

    /// The `T` that [`Db::extend`](crate::Db::extend) attached.
    pub fn extension<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.shared.extension.get()
    }

    /// This transaction's own `T`, gone with it: another run of the handler starts with a new one.
    pub fn local<T: Any + Default + Send + Sync>(&mut self) -> &mut T {
        self.locals.of()
    }

    /// Waits for everybody else who holds this key and holds it until the transaction ends. On
    /// SQLite nobody else writes meanwhile, so there is nobody to wait for.
    ///
    /// On PostgreSQL the transaction still sees what was there when it began: where it read what the
    /// one before it wrote, it conflicts and is run again.
    ///
    /// # Errors
    /// Too slow, when the others take longer than the limit for locks.
    pub async fn lock(&mut self, key: &str) -> Result<()> {
        match self.reader.open() {
            Some(open) => open.lock(key).await,
            None => Err(not_open()),
        }
    }

    /// Sees to it that the transaction cannot commit, whatever its handler makes of the error: for a
    /// failure that is not a statement's.
    pub fn fail(&mut self) {
        if let Some(open) = self.reader.open() {
            open.fail();
        }
    }

    /// Runs a statement that writes; how many rows it touched.
    ///
    /// # Errors
    /// What the store says of it, such as a unique violation. The transaction cannot commit then,
    /// whatever the handler returns.
    pub async fn execute(&mut self, statement: &Statement) -> Result<u64> {
        self.reader.count_one();
        match self.reader.open() {
            Some(open) => open.execute(statement).await,
            None => Err(not_open()),
        }
    }

    /// Runs a statement that writes and gives rows back (`RETURNING`).
    ///
    /// # Errors
    /// As [`Tx::execute`].
    pub async fn returning(&mut self, statement: &Statement) -> Result<Vec<Row>> {
        self.reader.rows(statement).await
    }

    /// SQL of your own, in the dialect of the store, with `?` or `:name` for each value.
    pub fn sql(&mut self, text: &str) -> WriteSql<'_> {
        WriteSql::new(self, text)
    }

    /// Counts the statements that are being awaited.
    pub(crate) fn statements(&self) -> Arc<AtomicUsize> {
        self.reader.open().map(|open| Arc::clone(&open.statements)).unwrap_or_default()
    }

    /// Whether a statement has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.reader.open().is_some_and(Open::has_failed)
    }

    pub(crate) fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    /// The store, outside of this transaction.
    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    /// Says that something is due then, once this is committed.
    pub(crate) fn wake_at(&mut self, due: Timestamp) {
        self.outbox.due.push(due);
    }

    /// Keeps the answer, writes what is left behind and commits. What of it was committed is delivered, once that
    /// is known: [`Outbox::deliver`]. What is left behind began to wait `now`, however long the transaction was open.
    pub(crate) async fn commit(self, record: Option<Record<'_>>, now: Timestamp) -> (Commit, Outbox) {
        let Self { reader, shared, mut outbox, .. } = self;
        let commit = match reader.into_open() {
            Some(open) => {
                outbox.find_slots(&shared.relay, now);
                open.store.commit_leaving(&mut outbox, record, now).await
            }
            None => Commit::Failed(not_open()),
        };
        (commit, outbox)
    }

    /// Undoes everything.
    pub(crate) async fn rollback(self) -> Rollback {
        match self.reader.into_open() {
            Some(open) => open.store.rollback().await,
            None => Rollback::Final,
        }
    }

    /// Lifts the time budget, for migrations.
    pub(crate) fn without_budget(&self) {
        if let Some(Open { store: StoreTx::Sqlite(tx), .. }) = self.reader.open() {
            tx.without_budget();
        }
    }
}

fn not_open() -> Error {
    Error::internal("a transaction's reader is not its own: a fault of the framework")
}

impl Deref for Tx {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        &self.reader
    }
}
