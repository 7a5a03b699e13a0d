use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mainstay_kernel::Db;
use mainstay_queue::Engine;
use mainstay_web::{EdgeService, Server, Shutdown, Site};
use tokio_util::sync::CancellationToken;

use crate::broker::Broker;

/// How long the database's own work has to end, also when the time to stop is over.
const LAST_WRITES: Duration = Duration::from_secs(1);

/// An application that serves as a part of another program: what [`App::start`](crate::App::start) gives.
/// Dropped, it begins to stop and is not waited for.
#[must_use = "dropped, it stops"]
pub struct Running {
    address: SocketAddr,
    site: Site,
    shutdown: Shutdown,
    ended: CancellationToken,
    beside: Beside,
    stop_timeout: Duration,
}

/// What runs beside the server.
pub(crate) struct Beside {
    pub(crate) engine: Option<Engine>,
    pub(crate) broker: Option<Broker>,
}

impl Beside {
    /// Takes nothing new and waits for what runs; whether all of it ended.
    async fn stop(&self, bound: Duration) -> bool {
        let worked = async {
            match &self.engine {
                Some(engine) => engine.stop(bound).await,
                None => true,
            }
        };
        let answered = async {
            match &self.broker {
                Some(broker) => broker.stop(bound).await,
                None => true,
            }
        };
        let (worked, answered) = tokio::join!(worked, answered);
        if let Some(broker) = &self.broker {
            broker.leave().await;
        }
        worked && answered
    }
}

impl Running {
    pub(crate) fn serve(
        server: Server,
        service: EdgeService,
        site: Site,
        beside: Beside,
        stop_timeout: Duration,
    ) -> Self {
        let (address, shutdown) = (server.local_addr(), service.shutdown().clone());
        let ended = CancellationToken::new();
        let (serving, end) = (server.serve(service), ended.clone().drop_guard());
        site.db().owned().spawn("server", async move {
            let _end = end;
            serving.await;
            tracing::info!("drained");
        });
        Self { address, site, shutdown, ended, beside, stop_timeout }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) const fn shutdown(&self) -> &Shutdown {
        &self.shutdown
    }

    /// What its handlers share.
    pub const fn site(&self) -> &Site {
        &self.site
    }

    /// Its database.
    pub fn db(&self) -> &Db {
        self.site.db()
    }

    /// Tells it to stop, and does not wait: it refuses new requests and goes on with those it has.
    pub fn begin_stop(&self) {
        self.shutdown.begin();
    }

    /// Waits until somebody told it to stop, the last request is answered and the tasks that run are done; hands the
    /// others back and closes the database; whether all ended within `SHUTDOWN_TIMEOUT`.
    pub async fn ended(&self) -> bool {
        self.shutdown.draining().await;
        let began = Instant::now();
        let ((), worked) = tokio::join!(self.ended.cancelled(), self.beside.stop(self.stop_timeout));
        let left = self.stop_timeout.saturating_sub(began.elapsed()).max(LAST_WRITES);
        self.db().stop(left).await && worked
    }

    /// Stops it: no new requests, those that run have `SHUTDOWN_TIMEOUT` to end, then the database is closed. Safe to
    /// call twice, also at the same time; whether all ended in time.
    pub async fn stop(&self) -> bool {
        self.begin_stop();
        self.ended().await
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.begin_stop();
        if let Some(engine) = &self.beside.engine {
            engine.begin_stop();
        }
        if let Some(broker) = &self.beside.broker {
            broker.begin_stop();
        }
    }
}
