use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::connection::State;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectOptions, Event, ServerAddr};
use mainstay_kernel::{Error, Result};
use percent_encoding::percent_decode_str;

use crate::subject::Namespace;

/// How long the first connection may take before the process goes on without it.
const FIRST: Duration = Duration::from_secs(5);

/// Where the broker is, and as whom to enter.
#[derive(Clone, Default)]
pub struct NatsOptions {
    /// Its servers: `nats://host:4222` or `tls://host:4222`, with `user:password@` or `token@` where it asks for one.
    pub servers: Vec<String>,
    /// What every subject and stream of this environment begins with, such as `staging`; nothing when empty.
    pub prefix: String,
    /// A file of credentials, as `nsc` writes it.
    pub credentials: Option<PathBuf>,
    /// Certificates of authorities to trust beside the system's, as PEM.
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
}

impl Nats {
    /// Connects. Where the broker does not answer within seconds the process goes on, and the connection is made when
    /// it does.
    ///
    /// # Errors
    /// Internal, when an address, the prefix or the credentials cannot be read, or the broker refuses them.
    pub async fn connect(options: NatsOptions) -> Result<Self> {
        let namespace = Namespace::new(&options.prefix)?;
        let servers = servers(&options.servers)?;
        let settings = entering(settings(&options).await?, &servers);
        let client = settings.connect(servers).await.map_err(|error| {
            Error::internal("the broker that NATS_URL names cannot be entered").caused_by(error)
        })?;
        let this = Self(Arc::new(Shared { jetstream: jetstream::new(client.clone()), client, namespace }));
        this.greet().await;
        Ok(this)
    }

    /// Waits a moment for the first connection, and says what answers.
    async fn greet(&self) {
        if tokio::time::timeout(FIRST, self.0.client.flush()).await.is_ok_and(|it| it.is_ok()) {
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

fn servers(addresses: &[String]) -> Result<Vec<ServerAddr>> {
    let read = |address: &String| {
        address.parse::<ServerAddr>().map_err(|error| {
            // Not the address itself: it may carry a password.
            Error::internal("an address in NATS_URL cannot be read, expected such as `nats://127.0.0.1:4222`")
                .caused_by(error)
        })
    };
    addresses.iter().map(read).collect()
}

/// As whom an address says, the first that says so: the client library does not look there.
fn entering(settings: ConnectOptions, servers: &[ServerAddr]) -> ConnectOptions {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let named = servers.iter().find_map(|it| Some((it.username()?, it.password())));
    match named {
        Some((user, Some(password))) => settings.user_and_password(decoded(user), decoded(password)),
        Some((token, None)) => settings.token(decoded(token)),
        None => settings,
    }
}

async fn settings(options: &NatsOptions) -> Result<ConnectOptions> {
    let mut settings = ConnectOptions::new()
        .name(&options.name)
        .retry_on_initial_connect()
        .max_reconnects(None)
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(|attempt| Duration::from_millis((50 << attempt.min(6)).min(2000) as u64))
        .event_callback(async |event| heed(&event));
    if let Some(path) = &options.credentials {
        settings = settings.credentials_file(path).await.map_err(|error| {
            let path = path.display();
            Error::internal(format!("the credentials at `{path}` (NATS_CREDENTIALS) cannot be read"))
                .caused_by(error)
        })?;
    }
    if let Some(path) = &options.authorities {
        settings = settings.add_root_certificates(path.clone());
    }
    Ok(settings)
}

fn heed(event: &Event) {
    match event {
        Event::Connected | Event::Closed | Event::Draining => {}
        Event::Disconnected => tracing::warn!("the connection to NATS broke; it is made again"),
        Event::LameDuckMode => tracing::info!("the NATS server is about to stop; others are tried"),
        Event::SlowConsumer(_) | Event::ServerError(_) | Event::ClientError(_) => {
            tracing::warn!(%event, "NATS");
        }
    }
}
