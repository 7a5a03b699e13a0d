use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{
    self, Metrics, Object, PoolConfig, PoolError, QueueMode, RecycleError, RecycleResult, Timeouts,
};

use super::session::Session;
use super::target::Target;
use crate::{Error, ErrorKind, Result};

/// How long a write waits until one of the connections is free.
const WAIT_LIMIT: Duration = Duration::from_secs(10);

/// The connections that write, one transaction each at a time. Cheap to clone.
#[derive(Clone)]
pub(super) struct Pool(managed::Pool<Connections>);

struct Connections(Arc<Target>);

impl managed::Manager for Connections {
    /// Boxed once, as it is moved with each transaction.
    type Type = Box<Session>;
    type Error = Error;

    async fn create(&self) -> Result<Box<Session>> {
        self.0.connect().await.map(Box::new)
    }

    async fn recycle(&self, session: &mut Box<Session>, _: &Metrics) -> RecycleResult<Error> {
        if session.is_closed() { Err(RecycleError::message("it is closed")) } else { Ok(()) }
    }
}

impl Pool {
    pub(super) fn new(target: Arc<Target>, size: usize) -> Result<Self> {
        let mut config = PoolConfig::new(size.max(1));
        // Few connections in use are better cached, by the server as well, than many in turn.
        config.queue_mode = QueueMode::Lifo;
        config.timeouts = Timeouts { wait: Some(WAIT_LIMIT), create: None, recycle: None };
        let pool =
            managed::Pool::builder(Connections(target)).config(config).runtime(Runtime::Tokio1).build();
        pool.map(Self)
            .map_err(|error| Error::internal("the connection pool cannot be built").caused_by(error))
    }

    pub(super) async fn lease(&self) -> Result<Lease> {
        match self.0.get().await {
            Ok(object) => Ok(Lease { object: Some(object), target: Arc::clone(&self.0.manager().0) }),
            Err(PoolError::Backend(error)) => Err(error),
            Err(PoolError::Closed) => Err(Error::new(ErrorKind::Draining)),
            Err(PoolError::Timeout(_)) => Err(Error::new(ErrorKind::Unavailable).caused_by(format!(
                "none of {} connections became free within {} s: raise the pool's size, or make transactions shorter",
                self.0.status().max_size,
                WAIT_LIMIT.as_secs()
            ))),
            Err(error @ (PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_))) => {
                Err(Error::internal("the connection pool is not set up").caused_by(error))
            }
        }
    }

    /// Closes connections as they become free; later leases fail with draining.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

/// A connection taken out of the pool. Unless it is given back it is closed: whatever was begun on
/// it must not reach the next one.
pub(super) struct Lease {
    object: Option<Object<Connections>>,
    target: Arc<Target>,
}

impl Lease {
    /// Gives the connection back. Only with nothing open on it and nothing under way.
    pub(super) fn give_back(mut self) {
        if let Some(object) = self.object.take_if(|session| !session.is_closed()) {
            drop(object);
        }
    }
}

impl Deref for Lease {
    type Target = Session;

    #[expect(clippy::expect_used, reason = "only giving back and dropping empty it, and both consume it")]
    fn deref(&self) -> &Session {
        self.object.as_ref().expect("a lease holds its connection until it ends")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(object) = self.object.take() {
            Object::take(object).discard(&self.target);
        }
    }
}
