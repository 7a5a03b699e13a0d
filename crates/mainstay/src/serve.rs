//! `serve`: from a configuration to a process that answers, and back to nothing.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use mainstay_auth::Credentials;
use mainstay_kernel::{Clock, Db, Error, Frame, Result, Sampler};
use mainstay_queue::{Duty, Engine, Work};
use mainstay_web::{
    AccessLog, BindError, BodyLimit, Edge, EdgeConfig, Health, Metrics, Server, ServerConfig, Shutdown,
};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::broker::Broker;
use crate::command::Console;
use crate::config::{Config, Mode, Role};
use crate::log::{self, Log};
use crate::migrate::Written;
use crate::otlp::{self, Exporter};
use crate::running::Beside;
use crate::{App, Assembly, Running, assembly, command};

/// Whether a process that serves the same database now is asked to stop first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takeover {
    Yes,
    No,
}

impl Takeover {
    pub(crate) fn of(flag: bool) -> Self {
        if flag { Self::Yes } else { Self::No }
    }
}

/// Serves the application until it is told to stop.
pub(crate) async fn serve(app: App, config: Config, takeover: Takeover) -> Result<()> {
    let (spans, exporter) = otlp::begin(&config)?.unzip();
    let Log { access, buffer } = log::start(&config, spans);
    if takeover == Takeover::Yes {
        command::hand_over(&config).await?;
    }
    // Before it is ready: whoever is told so may stop it.
    let mut signals = Signals::listen()?;
    let running = tokio::select! {
        started = start(app, &config, Told { access, exporter }) => started?,
        () = signals.received() => return Ok(()),
    };
    let owned = running.db().owned();
    owned.spawn("access log", buffer.drain(owned.stopping()));
    owned.spawn("signals", signals.begin(running.shutdown().clone(), owned.stopping()));
    command::show(Frame::Out(format!("API server running on http://{}\n", running.address())));
    running.ended().await;
    Ok(())
}

/// Where a process tells of the requests that it answers.
#[derive(Default)]
pub(crate) struct Told {
    access: AccessLog,
    exporter: Option<Exporter>,
}

impl Told {
    /// Which traces are recorded: none, where nobody sends them.
    fn sampler(&self, config: &Config) -> Sampler {
        if self.exporter.is_some() { config.traces.sampler } else { Sampler::Passing }
    }
}

/// Starts to serve: when this returns, requests are answered.
pub(crate) async fn start(app: App, config: &Config, told: Told) -> Result<Running> {
    for notice in &config.notices {
        tracing::info!("{notice}");
    }
    let sampler = told.sampler(config);
    let edge = Edge { access_log: told.access, ..Edge::new(edge_config(config, sampler)) };
    let shutdown = edge.shutdown.clone();
    let db = Db::open(config.database.options(Clock::system())).await?;
    let credentials = Arc::new(Credentials::new(config.auth.options(), Clock::system())?);
    let commands = app.commands();
    let mut assembly = Assembly::new(app, db.clone(), credentials.clone(), &config.http.api_prefix)?;
    assembly.notices.clone_from(&config.notices);
    let manifest = assembly.manifest(&config.database.url);
    let (health, boot) = Health::booting(
        manifest.clone(),
        assembly::operators(config),
        edge.metrics.clone(),
        shutdown.clone(),
    );
    watch_database(&health, &db);
    prepare_tables(&assembly, config).await?;

    let server = bind(config).await?;
    command::listen(config, Console::of(&assembly, config, credentials, commands), &shutdown).await?;
    db.owned().spawn("expire", expire(db.clone()));
    let metrics = edge.metrics.clone();
    assembly.work.sampler = sampler;
    if let Some(exporter) = told.exporter {
        export(exporter, &metrics, &db);
    }
    let broker = Broker::connect(config, &assembly).await?;
    let work = work(&mut assembly, config, broker.as_ref())?;
    let engine = run(&db, work.clone()).await?;
    if let Some(engine) = &engine {
        metrics.register(|registry| engine.register(registry));
    }
    if let Some(broker) = &broker {
        broker.start(&work).await?;
        metrics.register(|registry| broker.register(registry));
    }
    if !config.roles.has(Role::Web) {
        assembly.answer_nothing();
    }
    boot.ready(manifest);
    let site = assembly.site.clone();
    let service = assembly.service(edge, &health);
    let beside = Beside { engine, broker };
    Ok(Running::serve(server, service, site, beside, config.http.shutdown_timeout))
}

/// Begins to send spans, until the database is closed.
fn export(exporter: Exporter, metrics: &Metrics, db: &Db) {
    metrics.register(|registry| exporter.register(registry));
    db.owned().spawn("spans", exporter.run(db.owned().stopping()));
}

/// What there is to do beside requests, as far as the process' roles say so.
fn work(assembly: &mut Assembly, config: &Config, broker: Option<&Broker>) -> Result<Work> {
    let mut work = std::mem::take(&mut assembly.work);
    work.only.clone_from(&config.queues);
    work.most = config.worker_concurrency;
    let has = |role| config.roles.has(role);
    work.duty = match (has(Role::Worker), has(Role::Relay), has(Role::Cron)) {
        (true, _, true) => Duty::TasksAndCrons,
        (true, _, false) => Duty::Tasks,
        (false, true, true) => Duty::RelayAndCrons,
        (false, true, false) => Duty::Relay,
        (false, false, true) => Duty::Crons,
        (false, false, false) => Duty::Nothing,
    };
    if let Some(broker) = broker {
        broker.join(&mut work);
    }
    if work.is_empty() {
        must_answer(config)?;
    }
    Ok(work)
}

/// Begins to run tasks and crons, if there are any.
async fn run(db: &Db, work: Work) -> Result<Option<Engine>> {
    if work.is_empty() {
        return Ok(None);
    }
    let engine = Engine::new(db, work)?;
    engine.start().await?;
    Ok(Some(engine))
}

/// Refuses to stand there doing nothing.
fn must_answer(config: &Config) -> Result<()> {
    if config.roles.has(Role::Web) {
        return Ok(());
    }
    Err(Error::internal(
        "this process is not to answer requests (SERVER is false, or ROLES lacks `web`) and has no background \
         work to do instead: allow `web`, or run one of the other commands",
    ))
}

/// Makes what the tables lack in development; in production, refuses to serve on a database that lacks
/// something.
pub(crate) async fn prepare_tables(assembly: &Assembly, config: &Config) -> Result<()> {
    let written = Written::of(assembly, config);
    match config.mode {
        Mode::Development => {
            written.follow().await?;
            written.describe(&config.root.join(".mainstay"))
        }
        Mode::Test => written.follow().await,
        Mode::Production => written.must_be_applied(assembly.name).await,
    }
}

fn edge_config(config: &Config, sampler: Sampler) -> EdgeConfig {
    EdgeConfig {
        sampler,
        body_limit: BodyLimit { max_bytes: config.http.body_max_bytes, timeout: config.http.body_timeout },
        trusted_origins: config.http.trusted_origins.clone(),
        trusted_proxies: config.http.trusted_proxies.clone(),
        ..EdgeConfig::default()
    }
}

async fn bind(config: &Config) -> Result<Server> {
    let limits = ServerConfig {
        max_connections: config.http.max_connections as usize,
        header_timeout: config.http.header_timeout,
        drain_timeout: config.http.shutdown_timeout,
        ..ServerConfig::default()
    };
    let address = SocketAddr::new(config.http.host, config.http.port);
    Server::bind(address, limits).await.map_err(|error| {
        let said = Error::internal(error.to_string());
        if let BindError::Other { source, .. } = error { said.caused_by(source) } else { said }
    })
}

fn watch_database(health: &Health, db: &Db) {
    let db = db.clone();
    health.check("database", mainstay_web::CheckConfig::default(), move || {
        let db = db.clone();
        async move { db.ping().await }
    });
}

/// Forgets what is no longer kept, every ten minutes.
async fn expire(db: Db) {
    let stopping = db.owned().stopping();
    while !stopping.is_cancelled() {
        if let Err(error) = db.expire().await {
            tracing::warn!(%error, "could not forget old records; the next round tries again");
        }
        let _ = tokio::time::timeout(Duration::from_secs(600), stopping.cancelled()).await;
    }
}

/// What asks the process to stop. From [`Signals::listen`] on, neither ends it by itself.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// At once, not when its task first runs: whoever was told that the server is ready may stop it.
    fn listen() -> Result<Self> {
        let listen = |kind| {
            signal(kind).map_err(|error| Error::internal("signals cannot be received").caused_by(error))
        };
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    async fn begin(mut self, shutdown: Shutdown, stopping: tokio_util::sync::CancellationToken) {
        tokio::select! {
            () = self.received() => shutdown.begin(),
            () = stopping.cancelled() => {}
        }
    }
}
