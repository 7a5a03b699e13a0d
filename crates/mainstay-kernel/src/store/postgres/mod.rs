//! PostgreSQL: a few shared connections for reads, a pool for everything that writes.

mod bind;
pub(crate) mod capture;
mod cell;
mod changes;
mod commit;
mod fault;
mod groups;
mod lane;
mod migrate;
mod pool;
mod prepared;
mod replica;
mod results;
mod session;
mod single;
mod target;
#[cfg(test)]
mod tests;
mod tls;
mod transaction;
mod turn;
pub(crate) mod words;
mod work;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;

use self::bind::Bind;
pub(crate) use self::cell::Cell;
use self::fault::Use;
use self::groups::Groups;
use self::lane::Lane;
use self::migrate::MIGRATIONS;
use self::pool::Pool;
use self::prepared::Shape;
use self::replica::Replica;
use self::target::Target;
pub(crate) use self::transaction::PostgresTx;
pub(crate) use self::turn::Turn;
use super::{Backend, Commit, Kept, Record};
use crate::{DbOptions, Error, Owned, Request, Result, Row, Statement, StoreUrl, Timestamp, Value};

/// Connections for questions about tasks.
const DESK: usize = 2;

/// How long closing waits for what runs.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// How long a broken connection's backend may take to end.
const END_LIMIT: Duration = Duration::from_secs(5);

/// The SQL of the framework's own tables.
pub(crate) fn framework_tables() -> String {
    MIGRATIONS.iter().map(|it| it.text.trim_end()).collect::<Vec<_>>().join("\n\n")
}

/// A PostgreSQL database.
pub(crate) struct Postgres {
    writes: Arc<Target>,
    pool: Pool,
    /// For the framework's own questions about tasks: a lease is renewed however long everybody else waits.
    desk: Pool,
    groups: Groups,
    reads: Box<Lane>,
    replica: Option<Box<Replica>>,
    owned: Owned,
}

impl Postgres {
    /// Opens one connection of each kind, to know that it can be done. The replica may be away.
    ///
    /// # Errors
    /// Unavailable, when there is no server; bad request, when the URL is not one.
    pub(crate) async fn open(options: &DbOptions) -> Result<Self> {
        let owned = Owned::new();
        let url = url(&options.url)?;
        let writes = Arc::new(Target::new(url, Use::Writes, options, &owned)?);
        let pool = Pool::new(Arc::clone(&writes), options.pool_size)?;
        let desk = Pool::new(Arc::new(Target::new(url, Use::Tasks, options, &owned)?), DESK)?;
        let lane = |url| {
            Target::new(url, Use::Reads, options, &owned).map(|it| Lane::new(it, options.shared_connections))
        };
        let reads = Box::new(lane(url)?);
        let replica = match &options.replica {
            Some(replica) => Some(Box::new(Replica::new(lane(self::url(replica)?)?))),
            None => None,
        };
        let (written, read) = join(pool.lease(), reads.probe()).await;
        written?.give_back();
        read?;
        let groups = Groups::new(pool.clone(), &owned);
        Ok(Self { writes, pool, desk, groups, reads, replica, owned })
    }

    /// Takes a connection for a transaction, which its first statement opens.
    pub(crate) async fn begin(&self, request: Option<&Request>) -> Result<PostgresTx> {
        Ok(PostgresTx::new(self.pool.lease().await?, request))
    }

    /// Takes a connection for reads that all see the same, which the first of them opens.
    pub(crate) async fn snapshot(&self, limit: Duration) -> Result<PostgresTx> {
        Ok(PostgresTx::snapshot(self.pool.lease().await?, limit))
    }

    /// Runs one write, its answer kept by the same statement.
    pub(crate) async fn write_one(
        &self,
        statement: &Statement,
        record: Option<Record<'_>>,
    ) -> Result<(Commit, Vec<Row>)> {
        single::write(&self.pool, statement, record).await
    }

    /// Runs one insert, its answer kept by the same statement; others may share its commit.
    pub(crate) async fn insert_one(
        &self,
        statement: &Statement,
        record: Option<Record<'_>>,
    ) -> Result<(Commit, Vec<Row>)> {
        self.groups.insert(statement, record).await
    }

    /// Reads on the primary.
    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        self.reads.rows(statement).await
    }

    /// Reads one row on the primary.
    pub(crate) async fn point(&self, statement: &Statement) -> Result<Option<Row>> {
        Ok(self.rows(statement).await?.into_iter().next())
    }

    /// Reads on the replica, or where there is none on the primary.
    pub(crate) async fn stale_rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        match &self.replica {
            Some(replica) => replica.rows(&self.reads, statement).await,
            None => self.rows(statement).await,
        }
    }

    /// Reads one row on the replica, or where there is none on the primary.
    pub(crate) async fn stale_point(&self, statement: &Statement) -> Result<Option<Row>> {
        Ok(self.stale_rows(statement).await?.into_iter().next())
    }

    /// The answer kept for a request.
    pub(crate) async fn kept(&self, request: &Request) -> Result<Option<Kept>> {
        let read = Statement::with(results::READ, vec![Value::Uuid(request.id)]);
        self.point(&read).await?.as_ref().map(results::decode).transpose()
    }

    /// Deletes answers that expired before `now`.
    pub(crate) async fn expire_results(&self, now: Timestamp, batch: u32) -> Result<u64> {
        let values = [Value::Timestamp(now), Value::Int(batch.into())];
        let lease = self.pool.lease().await?;
        let prepared = lease.prepare(Shape::Plain, results::EXPIRE, values.len()).await?;
        let ran = lease.run(&prepared, values.iter().map(Bind::Value)).await?;
        lease.give_back();
        Ok(ran.touched)
    }

    /// Creates or upgrades the framework's tables, one node at a time.
    pub(crate) async fn migrate(&self, now: Timestamp) -> Result<()> {
        let session = self.writes.connect().await?;
        migrate::run(&session, MIGRATIONS, now).await?;
        changes::settle(&session).await
    }

    /// Waits until nobody else migrates the current schema.
    pub(crate) async fn turn(&self) -> Result<Turn> {
        Turn::take(self.writes.connect().await?).await
    }

    /// Runs statements one by one, outside of any transaction.
    pub(crate) async fn outside(&self, statements: &[String]) -> Result<()> {
        turn::outside(&self.writes.connect().await?, statements).await
    }

    /// Ends a backend whose connection broke while committing, and waits until it is gone: from
    /// then on what is committed stays so, and nothing follows.
    ///
    /// # Errors
    /// Unavailable, when the server cannot be reached or the backend does not end in time.
    pub(crate) async fn end_backend(&self, backend: Backend) -> Result<()> {
        // The start tells it from a later process with the same number.
        const END: &str = "SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity \
             WHERE pid = $1 AND backend_start = $2";
        let session = self.writes.connect().await?;
        let limit = i64::try_from(END_LIMIT.as_millis()).unwrap_or(i64::MAX);
        let values = [Value::Int(backend.id.into()), Value::Timestamp(backend.started), Value::Int(limit)];
        let prepared = session.prepare(Shape::Plain, END, values.len()).await?;
        let ran = session.run(&prepared, values.iter().map(Bind::Value)).await?;
        match ran.rows.first().map(|row| row.at::<bool>(0)).transpose()? {
            None | Some(true) => Ok(()),
            Some(false) => Err(Error::new(crate::ErrorKind::Unavailable).caused_by(format!(
                "backend {} did not end within {} s",
                backend.id,
                END_LIMIT.as_secs()
            ))),
        }
    }

    /// Waits for what runs and closes. Later calls find nothing to do.
    pub(crate) async fn stop(&self) {
        self.pool.close();
        self.desk.close();
        self.reads.close();
        if let Some(replica) = &self.replica {
            replica.close();
        }
        if !self.owned.stop(STOP_LIMIT).await {
            tracing::warn!(
                seconds = STOP_LIMIT.as_secs(),
                "connections to postgres were still in use at the end"
            );
        }
    }
}

fn url(url: &StoreUrl) -> Result<&str> {
    match url {
        StoreUrl::Postgres(url) => Ok(url),
        StoreUrl::SqliteFile(_) | StoreUrl::SqliteMemory => Err(Error::bad_request(
            "bad_database_url",
            "expected postgres://user@host/database, got a SQLite file",
        )),
    }
}
