use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use mainstay_auth::{AuthOptions, derive_key};
use mainstay_kernel::{Clock, DbOptions, Sampler, StoreUrl};
use mainstay_model::migration::LedgerName;
use mainstay_web::{Cidr, TrustedOrigins};
use secrecy::{ExposeSecret, SecretString};

use super::choice::{LogFormat, Mode, Role};
use super::fault::Faults;
use super::reading::Reading;
use super::settings::{self, Given};
use super::sources::Sources;
use super::table;

/// The framework's configuration, checked. Printing it for debugging shows no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// The application's name, as its author gave it.
    pub app: String,
    /// The project root: where the files are read and where relative paths begin.
    pub root: PathBuf,
    /// Where the process runs (`MAINSTAY_ENV`).
    pub mode: Mode,
    /// What the process does.
    pub roles: Roles,
    /// The queues whose tasks the process runs (`QUEUES`); all of them when empty.
    pub queues: Vec<String>,
    /// How many tasks the process runs at the same time, over all queues (`WORKER_CONCURRENCY`).
    pub worker_concurrency: Option<u32>,
    /// The server.
    pub http: Http,
    /// The database.
    pub database: Database,
    /// Redis (`REDIS_URL`), which nothing uses yet.
    pub redis: Option<SecretString>,
    /// The broker.
    pub nats: Nats,
    /// Credentials and signing.
    pub auth: Auth,
    /// The log.
    pub log: Log,
    /// Which traces are recorded, and where they go.
    pub traces: Traces,
    /// What the application's own configuration came to, and every variable.
    pub given: Given,
    /// What is worth saying at start, such as that a secret is random. To be logged as warnings.
    pub notices: Vec<String>,
}

/// What a process does for the application (`ROLES`, `SERVER`, `DAEMON`). Never nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

/// How the server listens and what it bears.
#[derive(Clone, Debug)]
pub struct Http {
    /// The address to listen on (`HOST`).
    pub host: IpAddr,
    /// The port to listen on (`PORT`); 0: any free one.
    pub port: u16,
    /// What the paths of models and endpoints begin with (`API_PREFIX`), such as `/v1`, without a
    /// slash at its end; empty for none.
    pub api_prefix: String,
    /// Whose pages may call the server (`TRUSTED_ORIGINS`).
    pub trusted_origins: TrustedOrigins,
    /// Whose `X-Forwarded-*` headers are believed (`TRUSTED_PROXIES`).
    pub trusted_proxies: Vec<Cidr>,
    /// The largest body of a request in bytes (`REQUEST_BODY_MAX_BYTES`).
    pub body_max_bytes: u64,
    /// How long the head of a request may take (`REQUEST_HEADER_TIMEOUT`).
    pub header_timeout: Duration,
    /// How long the body of a request may take (`REQUEST_BODY_TIMEOUT`).
    pub body_timeout: Duration,
    /// How many connections are open at most (`MAX_CONNECTIONS`).
    pub max_connections: u32,
    /// How long stopping may take (`SHUTDOWN_TIMEOUT`).
    pub shutdown_timeout: Duration,
    /// What opens `/metrics` and all of `/readyz` in production (`METRICS_TOKEN`).
    pub metrics_token: Option<SecretString>,
}

/// The database and the limits of its use.
#[derive(Clone, Debug)]
pub struct Database {
    /// Which database (`DATABASE_URL`).
    pub url: StoreUrl,
    /// A PostgreSQL replica for reads that may lag (`DATABASE_READ_URL`).
    pub replica: Option<StoreUrl>,
    /// Pooled PostgreSQL connections, for transactions (`DATABASE_POOL_SIZE`).
    pub pool_size: u32,
    /// Shared PostgreSQL connections, for reads (`DATABASE_SHARED_CONNECTIONS`).
    pub shared_connections: u32,
    /// How long a transaction may hold SQLite's writer (`DATABASE_WRITE_BUDGET`).
    pub write_budget: Duration,
    /// How long a read that a caller shapes may run (`DATABASE_READ_LIMIT`).
    pub read_limit: Duration,
    /// Where written migrations are recorded (`DATABASE_MIGRATIONS_TABLE`).
    pub migrations_table: LedgerName,
}

/// The broker, where there is one.
#[derive(Clone, Debug)]
pub struct Nats {
    /// Its servers (`NATS_URL`); none when empty.
    pub servers: Vec<SecretString>,
    /// What its subjects and streams begin with (`NATS_PREFIX`).
    pub prefix: Option<String>,
    /// A file of credentials (`NATS_CREDENTIALS`).
    pub credentials: Option<PathBuf>,
    /// Certificates of authorities (`NATS_CA`).
    pub authorities: Option<PathBuf>,
}

/// Credentials of callers and the framework's own signing.
#[derive(Clone, Debug)]
pub struct Auth {
    /// What bearer tokens are signed with (`AUTH_JWT_SECRET`).
    pub jwt_secret: SecretString,
    /// By how much the issuer's clock may differ (`AUTH_JWT_LEEWAY`).
    pub jwt_leeway: Duration,
    /// The only issuer that is accepted (`AUTH_JWT_ISSUER`).
    pub jwt_issuer: Option<String>,
    /// What a token's audience must name (`AUTH_JWT_AUDIENCE`).
    pub jwt_audience: Option<String>,
    /// Services by name with their tokens (`AUTH_SERVICE_TOKENS`).
    pub service_tokens: Vec<(String, SecretString)>,
    /// What the framework signs with (`AUTH_SECRET`); see [`Auth::key`].
    pub secret: SecretString,
}

/// What is logged and how.
#[derive(Clone, Debug)]
pub struct Log {
    /// Which lines, as `tracing_subscriber::EnvFilter` reads it (`LOG`).
    pub filter: String,
    /// In which form (`LOG_FORMAT`).
    pub format: LogFormat,
}

/// Which traces are recorded, and where they go.
#[derive(Clone, Debug)]
pub struct Traces {
    /// Whom spans are sent to (`OTEL_EXPORTER_OTLP_ENDPOINT`); nobody when unset.
    pub collector: Option<Collector>,
    /// The name under which this process is known there (`OTEL_SERVICE_NAME`).
    pub service: String,
    /// Which traces are recorded (`OTEL_TRACES_SAMPLER`, `OTEL_TRACES_SAMPLER_ARG`), where there is a collector.
    pub sampler: Sampler,
}

/// An OpenTelemetry collector.
#[derive(Clone, Debug)]
pub struct Collector {
    /// Its URL (`OTEL_EXPORTER_OTLP_ENDPOINT`).
    pub endpoint: SecretString,
    /// What goes to it with every request (`OTEL_EXPORTER_OTLP_HEADERS`).
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// Whether the framework was built to send spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Otlp {
    Built,
    Missing,
}

impl Otlp {
    const OURS: Self = if cfg!(feature = "otlp") { Self::Built } else { Self::Missing };
}

impl Config {
    /// Reads the environment of the process and the files of its project root.
    ///
    /// # Errors
    /// Everything that is wrong, at once, without any secret.
    pub fn load(app: impl Into<String>) -> Result<Self, Faults> {
        Self::from_sources(Sources::of_process(app)?)
    }

    /// Reads these sources and nothing else.
    ///
    /// # Errors
    /// Everything that is wrong, at once, without any secret.
    pub fn from_sources(sources: Sources) -> Result<Self, Faults> {
        let mut reading = Reading::begin(&sources);
        let mut config = Self {
            app: sources.app.clone(),
            root: sources.root.clone(),
            mode: reading.mode(),
            roles: Roles::read(&mut reading),
            queues: reading.value(&table::QUEUES),
            worker_concurrency: reading.optional(&table::WORKER_CONCURRENCY),
            http: Http::read(&mut reading),
            database: Database::read(&mut reading),
            redis: reading.optional(&table::REDIS_URL),
            nats: Nats::read(&mut reading),
            auth: Auth::read(&mut reading),
            log: Log { filter: reading.value(&table::LOG), format: reading.value(&table::LOG_FORMAT) },
            traces: Traces::read(&mut reading, Otlp::OURS),
            given: Given::default(),
            notices: Vec::new(),
        };
        if config.redis.is_some() {
            reading.notice("REDIS_URL is set and right, and nothing uses it yet".to_owned());
        }
        let (given, faults) = settings::read(&sources);
        config.given = given;
        config.notices = reading.end(faults)?;
        Ok(config)
    }
}

impl Roles {
    fn read(reading: &mut Reading<'_>) -> Self {
        let mut roles = reading.value(&table::ROLES);
        let (server, daemon) = (reading.value(&table::SERVER), reading.value(&table::DAEMON));
        roles.retain(|role| match role {
            Role::Web => server,
            Role::Worker | Role::Relay | Role::Cron => daemon,
        });
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() {
            reading.contradiction(
                &table::ROLES,
                "ROLES, SERVER and DAEMON together leave nothing to do: allow one role",
            );
        }
        Self(roles)
    }

    /// Whether the process has this role.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}

impl Http {
    fn read(reading: &mut Reading<'_>) -> Self {
        Self {
            host: reading.value(&table::HOST),
            port: reading.value(&table::PORT),
            api_prefix: reading.value(&table::API_PREFIX),
            trusted_origins: reading.value(&table::TRUSTED_ORIGINS),
            trusted_proxies: reading.value(&table::TRUSTED_PROXIES),
            body_max_bytes: reading.value(&table::REQUEST_BODY_MAX_BYTES),
            header_timeout: reading.value(&table::REQUEST_HEADER_TIMEOUT),
            body_timeout: reading.value(&table::REQUEST_BODY_TIMEOUT),
            max_connections: reading.value(&table::MAX_CONNECTIONS),
            shutdown_timeout: reading.value(&table::SHUTDOWN_TIMEOUT),
            metrics_token: reading.optional(&table::METRICS_TOKEN),
        }
    }
}

impl Database {
    fn read(reading: &mut Reading<'_>) -> Self {
        let database = Self {
            url: reading.value(&table::DATABASE_URL),
            replica: reading.optional(&table::DATABASE_READ_URL),
            pool_size: reading.value(&table::DATABASE_POOL_SIZE),
            shared_connections: reading.value(&table::DATABASE_SHARED_CONNECTIONS),
            write_budget: reading.value(&table::DATABASE_WRITE_BUDGET),
            read_limit: reading.value(&table::DATABASE_READ_LIMIT),
            migrations_table: reading.value(&table::DATABASE_MIGRATIONS_TABLE),
        };
        let is_postgres = |url: &StoreUrl| matches!(url, StoreUrl::Postgres(_));
        if database
            .replica
            .as_ref()
            .is_some_and(|replica| !is_postgres(replica) || !is_postgres(&database.url))
        {
            reading.contradiction(
                &table::DATABASE_READ_URL,
                "only PostgreSQL has replicas: remove it, or name PostgreSQL here and in DATABASE_URL",
            );
        }
        database
    }

    /// How to open it.
    pub fn options(&self, clock: Clock) -> DbOptions {
        DbOptions {
            replica: self.replica.clone(),
            clock,
            pool_size: self.pool_size as usize,
            shared_connections: self.shared_connections as usize,
            write_budget: self.write_budget,
            read_limit: self.read_limit,
            ..DbOptions::new(self.url.clone())
        }
    }
}

impl Nats {
    fn read(reading: &mut Reading<'_>) -> Self {
        Self {
            servers: reading.value(&table::NATS_URL),
            prefix: reading.optional(&table::NATS_PREFIX),
            credentials: reading.optional(&table::NATS_CREDENTIALS),
            authorities: reading.optional(&table::NATS_CA),
        }
    }
}

impl Traces {
    fn read(reading: &mut Reading<'_>, built: Otlp) -> Self {
        let endpoint = reading.optional(&table::OTEL_EXPORTER_OTLP_ENDPOINT);
        let headers = reading.value(&table::OTEL_EXPORTER_OTLP_HEADERS);
        let service = reading.value(&table::OTEL_SERVICE_NAME);
        let pick = reading.value(&table::OTEL_TRACES_SAMPLER);
        let share = reading.value(&table::OTEL_TRACES_SAMPLER_ARG);
        let collector = match (endpoint, built) {
            (Some(endpoint), Otlp::Built) => Some(Collector { endpoint, headers }),
            (Some(_), Otlp::Missing) => {
                reading.notice(
                    "OTEL_EXPORTER_OTLP_ENDPOINT is set, and no span is sent: build the application with \
                     `mainstay = { features = [\"otlp\"] }`"
                        .to_owned(),
                );
                None
            }
            (None, _) => None,
        };
        let sampler = if collector.is_some() { pick.sampler(share) } else { Sampler::Passing };
        Self { collector, service, sampler }
    }
}

impl Auth {
    fn read(reading: &mut Reading<'_>) -> Self {
        Self {
            jwt_secret: reading.key(&table::AUTH_JWT_SECRET),
            jwt_leeway: reading.value(&table::AUTH_JWT_LEEWAY),
            jwt_issuer: reading.optional(&table::AUTH_JWT_ISSUER),
            jwt_audience: reading.optional(&table::AUTH_JWT_AUDIENCE),
            service_tokens: reading.value(&table::AUTH_SERVICE_TOKENS),
            secret: reading.key(&table::AUTH_SECRET),
        }
    }

    /// What credentials are verified with.
    pub fn options(&self) -> AuthOptions {
        let plain = |(name, token): &(String, SecretString)| (name.clone(), token.expose_secret().to_owned());
        AuthOptions {
            leeway: self.jwt_leeway,
            issuer: self.jwt_issuer.clone(),
            audience: self.jwt_audience.clone(),
            service_tokens: self.service_tokens.iter().map(plain).collect(),
            ..AuthOptions::new(self.jwt_secret.expose_secret())
        }
    }

    /// The framework's own key for one purpose, derived from `AUTH_SECRET`.
    pub fn key(&self, purpose: &str) -> [u8; 32] {
        derive_key(self.secret.expose_secret().as_bytes(), purpose)
    }
}

#[cfg(test)]
mod tests {
    use mainstay_kernel::Share;

    use super::*;

    fn traces(built: Otlp, variables: &[(&str, &str)]) -> (Traces, String) {
        let sources = Sources::new("blog", "/srv/blog").environment(variables.iter().copied());
        let mut reading = Reading::begin(&sources);
        let traces = Traces::read(&mut reading, built);
        (traces, reading.end(Vec::new()).expect("no faults").join("\n"))
    }

    #[test]
    fn a_collector_that_nothing_can_be_sent_to_is_told_with_the_way_to_turn_it_on() {
        let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318/hunter2")];
        let (without, said) = traces(Otlp::Missing, &variables);
        assert!(said.contains(r#"features = ["otlp"]"#) && !said.contains("hunter2"), "{said}");
        assert!(without.collector.is_none() && !without.sampler.is_recording());
        let (with, said) = traces(Otlp::Built, &variables);
        assert!(with.collector.is_some() && said.is_empty(), "{said}");
    }

    #[test]
    fn nothing_is_recorded_without_a_collector_and_by_the_standard_sampler_with_one() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318");
        let sampler = |variables: &[_]| traces(Otlp::Built, variables).0.sampler;
        assert_eq!(sampler(&[("OTEL_TRACES_SAMPLER", "always_on")]), Sampler::Passing);
        assert_eq!(sampler(&[endpoint]), Sampler::Callers(Share::ALL));
        let quarter = Share::of(0.25).unwrap();
        for (name, expected) in [
            ("always_on", Sampler::Own(Share::ALL)),
            ("always_off", Sampler::Own(Share::NONE)),
            ("traceidratio", Sampler::Own(quarter)),
            ("parentbased_always_off", Sampler::Callers(Share::NONE)),
            ("parentbased_traceidratio", Sampler::Callers(quarter)),
        ] {
            let variables = [endpoint, ("OTEL_TRACES_SAMPLER", name), ("OTEL_TRACES_SAMPLER_ARG", "0.25")];
            assert_eq!(sampler(&variables), expected, "{name}");
        }
    }
}
