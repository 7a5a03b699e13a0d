//! The accept loop: how many connections, for how long, and how they end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

use crate::accept_backoff::AcceptBackoff;
use crate::connection;
use crate::edge::EdgeService;

/// The server's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Connections at one time; further ones wait in the system's queue. Default: 10 000.
    pub max_connections: usize,
    /// Time for a request's head to arrive, counted from the end of the last answer, so also the
    /// longest a connection may be idle. Default: 10 s.
    pub header_timeout: Duration,
    /// The most bytes of a request's head; over it 431. Default: 32 KiB. At least 8 KiB.
    pub max_header_bytes: usize,
    /// Time a client may take to read anything at all of an answer. Default: 30 s.
    pub write_stall_timeout: Duration,
    /// Time for running requests to finish once draining has begun; then they are aborted.
    /// Default: 25 s, below the 30 s that orchestrators wait before they kill.
    pub drain_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            header_timeout: Duration::from_secs(10),
            max_header_bytes: 32 * 1024,
            write_stall_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(25),
        }
    }
}

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody else does already.
    #[error("port {} on {} is in use: stop the program that holds it, or choose another port (0 takes any that is free)", .0.port(), .0.ip())]
    InUse(SocketAddr),
    /// Ports below 1024 need a privilege.
    #[error("port {} on {} needs a privilege that this process lacks: choose a port from 1024 on", .0.port(), .0.ip())]
    Denied(SocketAddr),
    /// No interface has this address.
    #[error("{} is not an address of this machine: use 127.0.0.1 for this machine only, 0.0.0.0 for every interface", .0.ip())]
    NotOurs(SocketAddr),
    /// Anything else.
    #[error("cannot listen on {address}")]
    Other {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// A listening socket, ready to serve.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    local_addr: SocketAddr,
    config: ServerConfig,
}

impl Server {
    /// Listens on `address`; port 0 takes any that is free. Connections queue until
    /// [`Server::serve`].
    ///
    /// # Errors
    /// When the address cannot be listened on, with the fix.
    pub async fn bind(address: SocketAddr, config: ServerConfig) -> Result<Self, BindError> {
        let refused = |error| bind_error(address, error);
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        let local_addr = listener.local_addr().map_err(refused)?;
        Ok(Self { listener, local_addr, config })
    }

    /// The address with the port that was taken.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Serves `edge` until its [`Shutdown`](crate::Shutdown) begins, then drains: accepts no more,
    /// closes idle connections, lets running requests finish for `drain_timeout`, aborts the rest.
    /// Returns when no connection is left. Dropped, it aborts all.
    pub async fn serve(self, edge: EdgeService) {
        let Self { listener, local_addr, config } = self;
        let mut connections = JoinSet::new();
        accept_until_draining(&listener, &edge, config, &mut connections).await;
        drop(listener);
        tracing::info!(address = %local_addr, connections = connections.len(), "draining");
        drain(connections, config.drain_timeout).await;
    }
}

async fn accept_until_draining(
    listener: &TcpListener,
    edge: &EdgeService,
    config: ServerConfig,
    connections: &mut JoinSet<()>,
) {
    let protocol = connection::protocol(&config);
    let permits = Arc::new(Semaphore::new(config.max_connections));
    let mut backoff = AcceptBackoff::default();
    loop {
        let (permit, stream, peer) = tokio::select! {
            biased;
            () = edge.shutdown().draining() => return,
            Some(ended) = connections.join_next() => {
                report(ended);
                continue;
            }
            accepted = accept(listener, &permits, &mut backoff) => accepted,
        };
        let serving = connection::serve(stream, peer, edge.clone(), protocol.clone(), config);
        connections.spawn(async move {
            serving.await;
            drop(permit);
        });
    }
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    backoff: &mut AcceptBackoff,
) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
    let permit = Arc::clone(permits).acquire_owned().await.expect("this semaphore is never closed");
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                backoff.reset();
                return (permit, stream, peer);
            }
            Err(error) => {
                if let Some(wait) = backoff.after(&error) {
                    tracing::warn!(%error, ?wait, "cannot accept connections");
                    let _passed = timeout(wait, std::future::pending::<()>()).await;
                }
            }
        }
    }
}

async fn drain(mut connections: JoinSet<()>, limit: Duration) {
    let ending = async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    };
    if timeout(limit, ending).await.is_err() {
        tracing::warn!(connections = connections.len(), ?limit, "aborting what did not finish in time");
        connections.shutdown().await;
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "a connection's task ended early");
    }
}

fn bind_error(address: SocketAddr, source: io::Error) -> BindError {
    let kind = source.kind();
    if kind == io::ErrorKind::AddrInUse {
        BindError::InUse(address)
    } else if kind == io::ErrorKind::PermissionDenied {
        BindError::Denied(address)
    } else if kind == io::ErrorKind::AddrNotAvailable {
        BindError::NotOurs(address)
    } else {
        BindError::Other { address, source }
    }
}
