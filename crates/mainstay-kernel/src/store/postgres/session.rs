use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::TryStreamExt as _;
use tokio::task::AbortHandle;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Connection, Socket, Statement as Prepared};

use super::bind::Bind;
use super::fault::{Limits, Use, explain, is_stale};
use super::prepared::{Cache, Shape, refuse_traces};
use super::target::{CONNECT_LIMIT, Target};
use crate::row::Repr;
use crate::store::Backend;
use crate::{Error, ErrorKind, Owned, Result, Row};

/// One connection with the statements prepared on it.
pub(super) struct Session {
    client: Client,
    cache: Mutex<Cache>,
    backend: Backend,
    limits: Limits,
    /// What the server said when it ended the connection.
    ended: Arc<OnceLock<SqlState>>,
    /// A statement learned of the end before the driver did.
    broken: AtomicBool,
    driver: AbortHandle,
}

/// What a statement gave back and how many rows it touched.
#[derive(Debug)]
pub(super) struct Ran {
    pub(super) rows: Vec<Row>,
    pub(super) touched: u64,
}

impl Session {
    pub(super) async fn start<T>(
        client: Client,
        connection: Connection<Socket, T>,
        target: &Target,
    ) -> Result<Self>
    where
        T: TlsStream + Unpin + Send + 'static,
    {
        let ended = Arc::new(OnceLock::new());
        let driver = drive(connection, target, Arc::clone(&ended));
        let limits = target.limits();
        let backend = own_backend(&client, &limits).await?;
        Ok(Self {
            client,
            cache: Mutex::default(),
            backend,
            limits,
            ended,
            broken: AtomicBool::new(false),
            driver,
        })
    }

    /// The statement, prepared. Without a round trip when it was before.
    pub(super) async fn prepare(&self, shape: Shape, text: &str, params: usize) -> Result<Prepared> {
        if let Some(prepared) = self.cache().get(shape, text) {
            return Ok(prepared);
        }
        if self.limits.how == Use::Reads {
            refuse_traces(text)?;
        }
        let sent = shape.compose(text, params)?;
        let prepared = self.client.prepare(&sent).await.map_err(|error| self.explain(error))?;
        self.cache().insert(shape, text, prepared.clone());
        Ok(prepared)
    }

    /// Runs a prepared statement. It is sent when this is first polled.
    pub(super) async fn run<'a, P>(&self, prepared: &Prepared, params: P) -> Result<Ran>
    where
        P: IntoIterator<Item = Bind<'a>>,
        P::IntoIter: ExactSizeIterator,
    {
        self.stream(prepared, params).await.map_err(|error| self.explain(error))
    }

    async fn stream<'a, P>(&self, prepared: &Prepared, params: P) -> Result<Ran, tokio_postgres::Error>
    where
        P: IntoIterator<Item = Bind<'a>>,
        P::IntoIter: ExactSizeIterator,
    {
        let mut stream = pin!(self.client.query_raw(prepared, params).await?);
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await? {
            rows.push(Row(Repr::Postgres(row)));
        }
        Ok(Ran { rows, touched: stream.rows_affected().unwrap_or(0) })
    }

    /// Runs statements without parameters. They are sent when this is first polled.
    pub(super) async fn batch(&self, text: &str) -> Result<()> {
        self.client.batch_execute(text).await.map_err(|error| self.explain(error))
    }

    fn explain(&self, error: tokio_postgres::Error) -> Error {
        if error.as_db_error().is_some_and(is_stale) {
            self.cache().clear();
        }
        let error = explain(error, &self.limits, self.ended.get());
        if matches!(error.kind(), ErrorKind::Unavailable) {
            self.broken.store(true, Ordering::Release);
        }
        error
    }

    /// The process that serves this connection.
    pub(super) fn backend(&self) -> Backend {
        self.backend
    }

    /// Whether the connection is known to be broken.
    pub(super) fn is_closed(&self) -> bool {
        self.broken.load(Ordering::Acquire) || self.client.is_closed()
    }

    /// Gives up whatever the server does for this connection, then closes it.
    pub(super) fn discard(self, target: &Arc<Target>) {
        if self.client.is_closed() || tokio::runtime::Handle::try_current().is_err() {
            self.driver.abort();
            return;
        }
        let (owned, target) = (target.owned().clone(), Arc::clone(target));
        owned.spawn("discard connection", async move {
            let cancel = self.client.cancel_token();
            // A server that cannot be asked notices the closed connection by itself.
            let _ = tokio::time::timeout(CONNECT_LIMIT, cancel.cancel_query(target.tls().clone())).await;
            self.driver.abort();
        });
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn drive<T>(connection: Connection<Socket, T>, target: &Target, ended: Arc<OnceLock<SqlState>>) -> AbortHandle
where
    T: TlsStream + Unpin + Send + 'static,
{
    let place = Arc::clone(target.place());
    let owned: &Owned = target.owned();
    let driver = owned.spawn("postgres connection", async move {
        // Pinned here, so that what waits for an answer learns of the end after its reason is noted.
        let mut connection = pin!(connection);
        if let Err(error) = connection.as_mut().await {
            tracing::warn!(%place, error = &error as &dyn std::error::Error, "a connection to postgres broke");
            if let Some(code) = error.code() {
                let _ = ended.set(code.clone());
            }
        }
    });
    driver.abort_handle()
}

async fn own_backend(client: &Client, limits: &Limits) -> Result<Backend> {
    const OWN: &str = "SELECT pid, backend_start FROM pg_stat_get_activity(pg_backend_pid())";
    let rows = client.query_typed(OWN, &[]).await.map_err(|error| explain(error, limits, None))?;
    let row = rows.into_iter().next().map(|row| Row(Repr::Postgres(row)));
    let row = row.ok_or_else(|| Error::internal("the server does not know the connection that asks it"))?;
    let id = i32::try_from(row.at::<i64>(0)?)
        .map_err(|error| Error::internal("no process id").caused_by(error))?;
    Ok(Backend { id, started: row.at(1)? })
}
