use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::registry::Registry;

use crate::attempts::{Attempts, Settled};
use crate::changes::Commits;
use uuid::Uuid;

use crate::extension::Extension;
use crate::in_flight::InFlight;
use crate::metrics::Metrics;
use crate::reader::Lane;
use crate::store::{Record, Store};
use crate::work::Relay;
use crate::{
    Answer, Clock, DbOptions, Dialect, Error, ErrorKind, Faults, Limiter, Owned, Reader, Request, Result,
    Row, Statement, Tx, watch,
};

/// A handle on the database. Cheap to clone.
#[derive(Clone)]
pub struct Db(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) options: DbOptions,
    pub(crate) extension: Extension,
    /// How many statements it has run.
    pub(crate) ran: Arc<AtomicU64>,
    pub(crate) faults: Faults,
    pub(crate) relay: Relay,
    pub(crate) commits: Commits,
    limiter: Limiter,
    pub(crate) metrics: Metrics,
    in_flight: InFlight,
    owned: Owned,
}

/// An answer and whether it is a repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What the request is answered with.
    pub answer: Answer,
    /// Whether it was kept from an earlier run of the same request.
    pub replayed: bool,
}

/// What a statement written by [`Db::write_one`] did.
#[derive(Debug)]
pub enum Written {
    /// It ran; the rows it gave back, one (possibly empty) for each row it touched.
    Rows(Vec<Row>),
    /// The request had been answered before.
    Replayed(Answer),
}

/// What the one statement of a write does.
#[derive(Clone, Copy)]
enum One {
    Insert,
    Change,
}

/// A boxed future that borrows the transaction.
pub type Boxed<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// Runs a block in one transaction, borrowing what it captures.
///
/// ```
/// # async fn doc(db: &mainstay_kernel::Db) -> mainstay_kernel::Result<()> {
/// let names = vec!["ann", "bob"];
/// mainstay_kernel::write_tx!(db, |tx| {
///     for name in &names {
///         tx.sql("insert into people (name) values (?)").bind(*name).execute().await?;
///     }
///     Ok(())
/// })
/// .await
/// # }
/// ```
#[macro_export]
macro_rules! write_tx {
    ($db:expr, |$tx:ident| $body:block) => {
        async {
            let handler = async |$tx: &mut $crate::Tx| $body;
            $db.write_with(|tx, _env| ::std::boxed::Box::pin(handler(tx))).await
        }
    };
}

/// Says that what a handler borrows outlives its transaction; see [`Db::write_with`].
#[derive(Clone, Copy)]
pub struct Env<'t, 'e>(PhantomData<&'t &'e ()>);

impl Db {
    /// Opens the database and brings the framework's own tables up to date.
    ///
    /// # Errors
    /// Unavailable, when it cannot be reached; bad request, when another process owns the file, it cannot
    /// be opened, or a migration that was applied has changed since.
    pub async fn open(options: DbOptions) -> Result<Self> {
        let store = Store::open(&options).await?;
        store.migrate(options.clock.now()).await?;
        let limiter = Limiter::new(options.clock.clone());
        Ok(Self(Arc::new(Shared {
            store,
            options,
            extension: Extension::default(),
            ran: Arc::default(),
            faults: Faults::default(),
            relay: Relay::default(),
            commits: Commits::new(),
            limiter,
            metrics: Metrics::new(),
            in_flight: InFlight::default(),
            owned: Owned::new(),
        })))
    }

    /// Attaches a value that every transaction of this database can find by its type
    /// ([`Tx::extension`]), whichever handle opens it: the models' hooks are such a value, and the operations.
    ///
    /// # Errors
    /// Internal, when it has one of this type already.
    pub fn extend<T: Any + Send + Sync>(&self, value: T) -> Result<()> {
        self.0.extension.attach(value)
    }

    /// The `T` that was attached.
    pub fn extension<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        self.0.extension.get()
    }

    /// What tests make go wrong.
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// The SQL this database speaks.
    pub fn dialect(&self) -> Dialect {
        self.0.store.dialect()
    }

    /// Where the time comes from.
    pub fn clock(&self) -> &Clock {
        &self.0.options.clock
    }

    /// What counts how often somebody calls something.
    pub fn limiter(&self) -> &Limiter {
        &self.0.limiter
    }

    /// Adds what is counted of transactions to an exposition.
    pub fn register(&self, registry: &mut Registry) {
        self.0.metrics.register(registry);
    }

    pub(crate) fn relay(&self) -> &Relay {
        &self.0.relay
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    /// How many statements it has run since it was opened, those of commits aside: a test can tell by
    /// it that one request costs no more of them than another.
    pub fn statements(&self) -> u64 {
        self.0.ran.load(Ordering::Relaxed)
    }

    /// The tasks that live as long as this database is open.
    pub fn owned(&self) -> &Owned {
        &self.0.owned
    }

    /// Reads what is committed on the primary.
    pub fn reader(&self) -> Reader {
        Reader::new(Lane::Primary(Arc::clone(&self.0)))
    }

    /// Runs `read` with a reader whose statements all see what was committed when the first of them ran, on the
    /// primary. It holds nobody up.
    ///
    /// # Errors
    /// Those of `read`; unavailable, when the database is away.
    pub async fn snapshot<'e, T, F>(&self, read: F) -> Result<T>
    where
        F: for<'r> FnOnce(&'r Reader, Env<'r, 'e>) -> Boxed<'r, Result<T>>,
    {
        let snapshot = self.0.store.snapshot(self.0.options.read_limit).await?;
        let reader = Reader::new(Lane::Snapshot(Arc::clone(&self.0), snapshot));
        let result = read(&reader, Env(PhantomData)).await;
        reader.end().await;
        result
    }

    /// Reads from the replica, which may lag; from the primary where there is none.
    pub fn replica(&self) -> Reader {
        Reader::new(Lane::Replica(Arc::clone(&self.0)))
    }

    /// Runs `handler` in one transaction and commits it before this returns. When another
    /// transaction gets in the way the handler is run again, so it must own what it captures;
    /// with borrowed captures use `write_tx!`.
    ///
    /// # Errors
    /// The handler's own, after everything is undone; a conflict that ten runs did not resolve;
    /// outcome unknown, when the connection broke while committing.
    pub async fn write<T, F>(&self, handler: F) -> Result<T>
    where
        F: AsyncFn(&mut Tx) -> Result<T>,
    {
        run(Attempts::new(&self.0, None)?, handler).await
    }

    /// [`Db::write`] for handlers that borrow their captures; `write_tx!` writes the call.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_with<'e, T, F>(&self, handler: F) -> Result<T>
    where
        F: for<'t> Fn(&'t mut Tx, Env<'t, 'e>) -> Boxed<'t, Result<T>> + Send + Sync,
    {
        match run_with(Attempts::new(&self.0, None)?, unprepared, handler, |_| None).await? {
            Ran::Fresh(value) => Ok(value),
            Ran::Replayed(_) => Err(replayed()),
        }
    }

    /// Runs `handler` in one transaction that also keeps its answer under the request.
    ///
    /// # Errors
    /// As [`Db::write`]; request id conflict, when the request was answered for other input.
    pub async fn write_kept<'e, F>(&self, request: Option<&Request>, handler: F) -> Result<Outcome>
    where
        F: for<'t> Fn(&'t mut Tx, Env<'t, 'e>) -> Boxed<'t, Result<Answer>> + Send + Sync,
    {
        self.write_prepared(request, unprepared, handler).await
    }

    /// [`Db::write_kept`] for a handler whose input has to be made anew for each run: `prepare` runs before the
    /// transaction is begun, so that what it takes holds nobody up.
    ///
    /// # Errors
    /// As [`Db::write_kept`]; those of `prepare`.
    pub async fn write_prepared<'e, P, F>(
        &self,
        request: Option<&Request>,
        prepare: P,
        handler: F,
    ) -> Result<Outcome>
    where
        P: Fn() -> Boxed<'e, Result<()>> + Send + Sync,
        F: for<'t> Fn(&'t mut Tx, Env<'t, 'e>) -> Boxed<'t, Result<Answer>> + Send + Sync,
    {
        let attempts = Attempts::new(&self.0, request)?;
        Ok(match run_with(attempts, prepare, handler, |answer| Some(answer)).await? {
            Ran::Fresh(answer) => Outcome { answer, replayed: false },
            Ran::Replayed(answer) => Outcome { answer, replayed: true },
        })
    }

    /// Runs one statement as the whole write, its answer kept in the same instant: the cheapest
    /// write there is. When it touches no row, nothing is kept.
    ///
    /// # Errors
    /// As [`Db::write_kept`].
    pub async fn write_one(
        &self,
        statement: &Statement,
        kept: Option<(&Request, &Answer)>,
    ) -> Result<Written> {
        self.settle_one(One::Change, statement, kept).await
    }

    /// [`Db::write_one`] for an insert. When many arrive at the same time they share a commit; one
    /// that fails, or waits for another transaction, is run again by itself.
    ///
    /// # Errors
    /// As [`Db::write_kept`].
    pub async fn insert_one(
        &self,
        statement: &Statement,
        kept: Option<(&Request, &Answer)>,
    ) -> Result<Written> {
        self.settle_one(One::Insert, statement, kept).await
    }

    async fn settle_one(
        &self,
        one: One,
        statement: &Statement,
        kept: Option<(&Request, &Answer)>,
    ) -> Result<Written> {
        let mut attempts = Attempts::new(&self.0, kept.map(|(request, _)| request))?;
        loop {
            let record = kept.map(|(request, answer)| self.0.record(request, answer));
            self.0.ran.fetch_add(1, Ordering::Relaxed);
            let (commit, rows) = match (attempts.fault()?, one) {
                (Some(commit), _) => (commit, Vec::new()),
                (None, One::Insert) => self.0.store.insert_one(statement, record).await?,
                (None, One::Change) => self.0.store.write_one(statement, record).await?,
            };
            match attempts.settle_one(commit).await? {
                Settled::Committed | Settled::Failed => return Ok(Written::Rows(rows)),
                Settled::Again => {}
                Settled::Replay(answer) => return Ok(Written::Replayed(answer)),
            }
        }
    }

    /// Answers a request that may be repeated exactly once: a duplicate of a running request waits
    /// for it and replays its answer, and before an error is given the kept answer is looked up
    /// again, because a duplicate can fail on the first one's rows. `keep` says which errors are
    /// answers too.
    ///
    /// # Errors
    /// Those of `run` that `keep` does not turn into answers; request in progress, when the first
    /// one takes longer than the wait.
    pub async fn once<F, K>(&self, request: Option<&Request>, keep: K, run: F) -> Result<Outcome>
    where
        F: AsyncFnOnce() -> Result<Outcome>,
        K: Fn(&Error) -> Option<Answer>,
    {
        let Some(request) = request else { return run().await };
        let turn = self.0.in_flight.enter(request.id, self.0.options.replay_wait).await?;
        if turn.waited
            && let Some(answer) = self.0.replay(request).await?
        {
            return Ok(Outcome { answer, replayed: true });
        }
        let error = match run().await {
            Ok(outcome) => return Ok(outcome),
            Err(error) => error,
        };
        if let Some(answer) = self.0.replay(request).await? {
            return Ok(Outcome { answer, replayed: true });
        }
        match keep(&error) {
            Some(answer) => self.keep(request, answer).await,
            None => Err(error),
        }
    }

    /// The answer that was kept for this request, for work that has no transaction to find it in.
    ///
    /// # Errors
    /// Request id conflict, when the request was answered for other input; unavailable, when the database is away.
    pub async fn kept(&self, request: &Request) -> Result<Option<Answer>> {
        self.0.replay(request).await
    }

    /// Keeps an answer that changed nothing.
    async fn keep(&self, request: &Request, answer: Answer) -> Result<Outcome> {
        self.write_kept(Some(request), |_, _| Box::pin(std::future::ready(Ok(answer.clone())))).await
    }

    /// Refuses a request key that is a UUIDv7 older than answers are kept: its answer may be gone,
    /// and running it again could do its work twice.
    ///
    /// # Errors
    /// Request expired.
    pub fn accept_key(&self, key: &str) -> Result<()> {
        let Some(made) = crate::request::made_at(key) else { return Ok(()) };
        let age = self.clock().now().as_micros() - made.as_micros();
        let kept = i64::try_from(self.0.options.result_retention.as_micros()).unwrap_or(i64::MAX);
        if age > kept { Err(Error::new(ErrorKind::RequestExpired)) } else { Ok(()) }
    }

    /// [`Db::write`] without a time budget, alone in its commit: for migrations and seeds, which
    /// nobody waits behind.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_unbounded<T, F>(&self, handler: F) -> Result<T>
    where
        F: AsyncFn(&mut Tx) -> Result<T>,
    {
        run(Attempts::new(&self.0, None)?.unbounded(), handler).await
    }

    /// What tells this database from others, also where it is reached under another name. A restored copy has it too.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn identity(&self) -> Result<Uuid> {
        let system = self.reader().point(&crate::store::mark::system()).await?;
        system.map_or_else(|| Err(Error::internal("the database has no identity")), |row| row.at(0))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Unavailable, when it does not.
    pub async fn ping(&self) -> Result<()> {
        self.reader().sql("select 1").rows().await.map(drop)
    }

    /// Waits up to `bound` for what runs, then closes. Safe to call twice; whether all had ended.
    pub async fn stop(&self, bound: Duration) -> bool {
        let ended = self.0.owned.stop(bound).await;
        let closed = tokio::time::timeout(bound, self.0.store.stop()).await.is_ok();
        ended && closed
    }
}

/// Runs a handler until it commits or fails for good.
async fn run<T, F>(mut attempts: Attempts<'_>, handler: F) -> Result<T>
where
    F: AsyncFn(&mut Tx) -> Result<T>,
{
    loop {
        let mut tx = attempts.begin().await?;
        let result = watch::run(tx.statements(), attempts.budget(), handler(&mut tx)).await;
        match attempts.settle(tx, result.as_ref().map(|_| None)).await? {
            Settled::Committed | Settled::Failed => return result,
            Settled::Again => {}
            Settled::Replay(_) => return Err(replayed()),
        }
    }
}

/// What a handler gave, or what an earlier run of its request was answered.
enum Ran<T> {
    Fresh(T),
    Replayed(Answer),
}

/// For handlers that need nothing made anew.
fn unprepared<'e>() -> Boxed<'e, Result<()>> {
    Box::pin(std::future::ready(Ok(())))
}

/// [`run`] for handlers that borrow; `answer` is what to keep of a handler's result.
async fn run_with<'e, T, P, F>(
    mut attempts: Attempts<'_>,
    prepare: P,
    handler: F,
    answer: fn(&T) -> Option<&Answer>,
) -> Result<Ran<T>>
where
    P: Fn() -> Boxed<'e, Result<()>> + Send + Sync,
    F: for<'t> Fn(&'t mut Tx, Env<'t, 'e>) -> Boxed<'t, Result<T>> + Send + Sync,
{
    loop {
        prepare().await?;
        let mut tx = attempts.begin().await?;
        let result = watch::run(tx.statements(), attempts.budget(), handler(&mut tx, Env(PhantomData))).await;
        match attempts.settle(tx, result.as_ref().map(answer)).await? {
            Settled::Committed | Settled::Failed => return result.map(Ran::Fresh),
            Settled::Again => {}
            Settled::Replay(answer) => return Ok(Ran::Replayed(answer)),
        }
    }
}

fn replayed() -> Error {
    Error::internal("a write without a request was replayed: a fault of the framework")
}

impl Shared {
    pub(crate) fn record<'a>(&self, request: &'a Request, answer: &'a Answer) -> Record<'a> {
        let now = self.options.clock.now();
        Record { request, answer, now, expires: now.plus(self.options.result_retention) }
    }

    /// The answer kept for this request.
    pub(crate) async fn replay(&self, request: &Request) -> Result<Option<Answer>> {
        let Some(kept) = self.store.kept(request).await? else { return Ok(None) };
        if kept.path == request.path && kept.input == request.input {
            Ok(Some(kept.answer))
        } else {
            Err(Error::new(ErrorKind::RequestIdConflict))
        }
    }
}

impl Store {
    async fn open(options: &DbOptions) -> Result<Self> {
        use crate::StoreUrl::{Postgres, SqliteFile, SqliteMemory};
        match &options.url {
            Postgres(_) => Ok(Self::Postgres(crate::store::postgres::Postgres::open(options).await?)),
            SqliteFile(_) | SqliteMemory => {
                Ok(Self::Sqlite(crate::store::sqlite::Sqlite::open(options).await?))
            }
        }
    }
}
