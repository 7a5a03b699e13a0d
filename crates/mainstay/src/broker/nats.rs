use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use mainstay_kernel::{Db, Dialect, Error, ErrorKind, Result};
use mainstay_nats::{Authenticate, CommitHints, Incoming, Ingress, Nats, NatsOptions, Outgoing, Pointers};
use mainstay_queue::{QueueSpec, Shares, Work};
use mainstay_web::Site;
use prometheus_client::registry::Registry;
use secrecy::ExposeSecret as _;

use crate::Assembly;
use crate::config::{Config, Role, Roles};

/// Requests that come over NATS, and tasks that go over it.
pub(crate) struct Broker {
    nats: Nats,
    ingress: Ingress,
    outgoing: Outgoing,
    /// What others publish; from the start on.
    incoming: OnceLock<Incoming>,
    /// Where other processes may watch what is committed here.
    hints: Option<CommitHints>,
    db: Db,
    app: String,
    roles: Roles,
    /// Whether it shares its tasks with other processes: on SQLite there are none.
    shares: bool,
}

impl Broker {
    /// Connects, where `NATS_URL` says to what.
    pub(crate) async fn connect(config: &Config, assembly: &Assembly) -> Result<Option<Self>> {
        if config.nats.servers.is_empty() {
            return Ok(None);
        }
        let nats = Nats::connect(options(config)).await?;
        let site = assembly.site.clone();
        let db = site.db().clone();
        let shares = db.dialect() == Dialect::Postgres;
        let operations = assembly.operations().clone();
        let ingress = Ingress::new(nats.clone(), &db, operations, authenticate(site))?;
        let outgoing = Outgoing::attach(nats.clone(), &db, &config.app, ingress.queues().to_vec()).await?;
        let hints = match shares && assembly.schemas().iter().any(|it| it.live) {
            true => Some(CommitHints::start(nats.clone(), &db).await?),
            false => None,
        };
        let (app, roles, incoming) = (config.app.clone(), config.roles.clone(), OnceLock::new());
        Ok(Some(Self { nats, ingress, outgoing, incoming, hints, db, app, roles, shares }))
    }

    /// Adds what it needs to be done beside requests.
    pub(crate) fn join(&self, work: &mut Work) {
        work.workers.push(Ingress::worker());
        work.workers.extend(Outgoing::workers());
        work.relayed.push(Outgoing::QUEUE);
        if self.shares {
            work.shares = Shares::by(Pointers::new(self.nats.clone()));
        }
    }

    /// Begins to answer requests, as many at the same time of a queue as tasks of it run, and to listen to what others
    /// publish.
    pub(crate) async fn start(&self, work: &Work) -> Result<()> {
        if self.roles.has(Role::Worker) || self.roles.has(Role::Relay) {
            let incoming = Incoming::start(&self.nats, &self.db, &self.app, &self.outgoing);
            // It is started once.
            let _ = self.incoming.set(incoming);
        }
        if !self.roles.has(Role::Web) {
            return Ok(());
        }
        let size = |queue: &str| work.queue(queue).map_or(QueueSpec::CONCURRENCY, |it| it.concurrency);
        self.ingress.start(size).await
    }

    /// Takes no more requests, and waits for those that run; whether all were answered.
    pub(crate) async fn stop(&self, bound: Duration) -> bool {
        let listening = async {
            match self.incoming.get() {
                Some(incoming) => incoming.stop(bound).await,
                None => true,
            }
        };
        let (answered, listened) = tokio::join!(self.ingress.stop(bound), listening);
        // At last, for those that ran commit too.
        let told = match &self.hints {
            Some(hints) => hints.stop(bound).await,
            None => true,
        };
        answered && listened && told
    }

    pub(crate) fn begin_stop(&self) {
        self.ingress.begin_stop();
        if let Some(incoming) = self.incoming.get() {
            incoming.begin_stop();
        }
        if let Some(hints) = &self.hints {
            hints.begin_stop();
        }
    }

    /// Ends the connection, when nobody has anything to send any more.
    pub(crate) async fn leave(&self) {
        self.nats.drain().await;
    }

    pub(crate) fn register(&self, registry: &mut Registry) {
        self.ingress.register(registry);
    }
}

fn options(config: &Config) -> NatsOptions {
    let nats = &config.nats;
    NatsOptions {
        servers: nats.servers.iter().map(|it| it.expose_secret().to_owned()).collect(),
        prefix: nats.prefix.clone().unwrap_or_default(),
        credentials: nats.credentials.clone(),
        authorities: nats.authorities.clone(),
        name: config.app.clone(),
    }
}

/// Who sends these headers is found out as over HTTP.
fn authenticate(site: Site) -> Authenticate {
    Arc::new(move |given| {
        let site = site.clone();
        Box::pin(async move { site.caller(&headers(given)?).await })
    })
}

fn headers(given: Vec<(String, String)>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        // Others say nothing of the caller, and may be spelled as NATS allows and HTTP does not.
        let (Ok(name), Ok(value)) = (HeaderName::try_from(&name), HeaderValue::try_from(&value)) else {
            if name.eq_ignore_ascii_case("authorization") || name.eq_ignore_ascii_case("x-service-token") {
                let message = format!("the header `{name}` cannot be read");
                return Err(Error::new(ErrorKind::Unauthenticated(message)));
            }
            continue;
        };
        headers.append(name, value);
    }
    Ok(headers)
}
