use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::{self, Context};
use mainstay_kernel::Result;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::breaks::Breaks;
use crate::entrance::enter;
use crate::subject::Namespace;

/// How long the first connection may take before the process goes on without it.
const FIRST: Duration = Duration::from_secs(5);

/// How long JetStream may take to answer. A cluster that has lost a leader does not answer at all until it has another.
const ANSWERED: Duration = Duration::from_secs(3);

/// Where the broker is, and as whom to enter.
#[derive(Clone, Default)]
pub struct NatsOptions {
    /// Its servers: `nats://host:4222` or `tls://host:4222`, with `user:password@` or `token@` where it asks for one.
    pub servers: Vec<String>,
    /// What every subject and stream of this environment begins with, such as `staging`; nothing when empty.
    pub prefix: String,
    /// A file of credentials, as `nsc` writes it.
    pub credentials: Option<PathBuf>,
    /// Certificates of authorities to trust in place of the system's, as PEM.
    pub authorities: Option<PathBuf>,
    /// What the broker shows of this connection.
    pub name: String,
}

impl fmt::Debug for NatsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Servers may carry a password.
        let Self { prefix, name, servers, .. } = self;
        f.debug_struct("NatsOptions")
            .field("name", name)
            .field("prefix", prefix)
            .field("servers", &servers.len())
            .finish_non_exhaustive()
    }
}

/// A connection to the broker, which is made again when it breaks. Clones share.
#[derive(Clone)]
pub struct Nats(Arc<Shared>);

struct Shared {
    client: Client,
    jetstream: Context,
    namespace: Namespace,
    breaks: Arc<Breaks>,
}

impl Nats {
    /// Connects. Where the broker does not answer within seconds the process goes on, and the connection is made when
    /// it does.
    ///
    /// # Errors
    /// Internal, when an address, the prefix, the credentials or the certificates cannot be read, the broker refuses the
    /// credentials, or its own certificate does not hold.
    pub async fn connect(options: NatsOptions) -> Result<Self> {
        let namespace = Namespace::new(&options.prefix)?;
        let (breaks, end) = (Arc::new(Breaks::default()), Instant::now() + FIRST);
        let client = enter(&options, &breaks, end).await?;
        let mut jetstream = jetstream::new(client.clone());
        jetstream.set_timeout(ANSWERED);
        let this = Self(Arc::new(Shared { jetstream, client, namespace, breaks }));
        this.greet(end).await;
        Ok(this)
    }

    /// Waits until then for the first connection, and says what answers.
    async fn greet(&self, end: Instant) {
        if tokio::time::timeout_at(end, self.0.client.flush()).await.is_ok_and(|it| it.is_ok()) {
            let server = self.0.client.server_info();
            tracing::info!(server = server.server_name, version = server.version, "connected to NATS");
            if !server.jetstream {
                tracing::error!("this NATS server has no JetStream: start it with `-js`");
            }
        } else {
            tracing::warn!("NATS does not answer: requests and tasks over it wait until it does");
        }
    }

    /// Whether the broker is there at the moment.
    pub fn is_connected(&self) -> bool {
        self.0.client.connection_state() == State::Connected
    }

    /// Waits for the broker for so long; whether it is there.
    pub(crate) async fn until_connected(&self, bound: Duration) -> bool {
        // A flush is answered by the server, once there is one.
        self.is_connected()
            || tokio::time::timeout(bound, self.0.client.flush()).await.is_ok_and(|it| it.is_ok())
    }

    /// Changes whenever the connection was made again from now on: what was asked of the broker before is forgotten there.
    pub(crate) fn made_again(&self) -> watch::Receiver<u64> {
        self.0.breaks.made_again()
    }

    /// Sends what is on its way, and closes the connection.
    pub async fn drain(&self) {
        if let Err(error) = self.0.client.drain().await {
            tracing::debug!(%error, "the connection to NATS was closed before it was drained");
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(crate) fn jetstream(&self) -> &Context {
        &self.0.jetstream
    }

    pub(crate) fn namespace(&self) -> &Namespace {
        &self.0.namespace
    }
}
