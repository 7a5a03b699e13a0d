//! Every variable that the framework reads.

use std::time::Duration;

use mainstay_model::migration::LedgerName;

use super::choice::{Choice, LOG_FORMATS, LogFormat, MODES, Mode, ROLES as ROLE_NAMES, Role, SWITCH};
use super::collector::{Endpoint, Headers};
use super::list::List;
use super::measure::{Size, Span};
use super::network::{Block, Host, Origins, Url};
use super::sampling::{PICKS, Part, Pick};
use super::secret::{Secret, ServiceTokens};
use super::shape::{Count, File, Filter, Folder, Ledger, PathPrefix, Port, StoreAddress, Text, Words};
use super::variable::{Described, PerStart, Preset, Secrecy, Unset, Variable};

const MAKE_SECRET: &str = "openssl rand -hex 32";

const fn millis(min: u64, max: u64) -> Span {
    Span { min: Duration::from_millis(min), max: Duration::from_millis(max) }
}

pub(super) static ENV: Variable<Choice<Mode>, Preset> = Variable::new(
    "MAINSTAY_ENV",
    MODES,
    Preset::Text("development"),
    "production",
    "Where the process runs. Production is strict: secrets are required and inspection is closed.",
);

pub(super) static ROOT: Variable<Folder, Unset> = Variable::new(
    "MAINSTAY_ROOT",
    Folder,
    Unset,
    "/srv/blog",
    "The project root, where the other sources and relative paths begin. Read from the process environment alone.",
);

pub(super) static ROLES: Variable<List<Choice<Role>>, Preset> = Variable::new(
    "ROLES",
    List(ROLE_NAMES),
    Preset::Text("web,worker,relay,cron"),
    "web,relay",
    "What this process does for the application.",
);

pub(super) static SERVER: Variable<Choice<bool>, Preset> = Variable::new(
    "SERVER",
    SWITCH,
    Preset::Text("true"),
    "false",
    "Whether this process answers requests: `false` takes `web` out of its roles.",
);

pub(super) static DAEMON: Variable<Choice<bool>, Preset> = Variable::new(
    "DAEMON",
    SWITCH,
    Preset::Text("true"),
    "false",
    "Whether this process works in the background: `false` takes `worker`, `relay` and `cron` out of its roles.",
);

pub(super) static QUEUES: Variable<List<Text>, Preset> = Variable::new(
    "QUEUES",
    List(Text),
    Preset::Text(""),
    "mail,jobs",
    "The queues whose tasks this process runs; all of them when empty.",
);

pub(super) static WORKER_CONCURRENCY: Variable<Count, Unset> = Variable::new(
    "WORKER_CONCURRENCY",
    Count { min: 1, max: 100_000 },
    Unset,
    "32",
    "How many tasks this process runs at the same time, over all queues; as many as their queues allow when unset.",
);

pub(super) static HOST: Variable<Host, Preset> = Variable::new(
    "HOST",
    Host,
    Preset::ByMode { production: "0.0.0.0", elsewhere: "127.0.0.1" },
    "0.0.0.0",
    "The address to listen on.",
);

pub(super) static PORT: Variable<Port, Preset> =
    Variable::new("PORT", Port, Preset::Text("3000"), "8080", "The port to listen on.");

pub(super) static API_PREFIX: Variable<PathPrefix, Preset> = Variable::new(
    "API_PREFIX",
    PathPrefix,
    Preset::Text("/v1"),
    "/api",
    "What the paths of models and endpoints begin with.",
);

pub(super) static TRUSTED_ORIGINS: Variable<Origins, Preset> = Variable::new(
    "TRUSTED_ORIGINS",
    Origins,
    Preset::Text(""),
    "https://app.example.org",
    "Whose pages in a browser may call this server (CORS).",
);

pub(super) static TRUSTED_PROXIES: Variable<List<Block>, Preset> = Variable::new(
    "TRUSTED_PROXIES",
    List(Block),
    Preset::Text(""),
    "10.0.0.0/8",
    "Whose `X-Forwarded-*` headers are believed.",
);

pub(super) static REQUEST_BODY_MAX_BYTES: Variable<Size, Preset> = Variable::new(
    "REQUEST_BODY_MAX_BYTES",
    Size { min: 1, max: 4 << 30 },
    Preset::Text("1MiB"),
    "2MiB",
    "The largest body of a request. A larger one is refused before it is buffered.",
);

pub(super) static REQUEST_HEADER_TIMEOUT: Variable<Span, Preset> = Variable::new(
    "REQUEST_HEADER_TIMEOUT",
    millis(100, 600_000),
    Preset::Text("10s"),
    "10s",
    "How long a client may take to send the head of a request.",
);

pub(super) static REQUEST_BODY_TIMEOUT: Variable<Span, Preset> = Variable::new(
    "REQUEST_BODY_TIMEOUT",
    millis(100, 3_600_000),
    Preset::Text("30s"),
    "1m",
    "How long a client may take to send the body of a request.",
);

pub(super) static MAX_CONNECTIONS: Variable<Count, Preset> = Variable::new(
    "MAX_CONNECTIONS",
    Count { min: 1, max: 1_000_000 },
    Preset::Text("10000"),
    "20000",
    "How many connections are open at most; more wait to be accepted.",
);

pub(super) static SHUTDOWN_TIMEOUT: Variable<Span, Preset> = Variable::new(
    "SHUTDOWN_TIMEOUT",
    millis(0, 600_000),
    Preset::Text("10s"),
    "30s",
    "How long a stopping process waits for what it has begun.",
);

pub(super) static METRICS_TOKEN: Variable<Secret, Unset> = Variable::new(
    "METRICS_TOKEN",
    Secret::TOKEN,
    Unset,
    "<16 bytes or more>",
    "The bearer token that opens `/metrics`, `/openapi.json`, `/docs` and the whole of `/readyz` in production.",
)
.secret();

pub(super) static DATABASE_URL: Variable<StoreAddress, Preset> = Variable::new(
    "DATABASE_URL",
    StoreAddress,
    Preset::PerApp("sqlite://.mainstay/<app>.db"),
    "postgres://user:password@host/database",
    "The database. A relative path begins at the project root.",
)
.secret();

pub(super) static DATABASE_READ_URL: Variable<StoreAddress, Unset> = Variable::new(
    "DATABASE_READ_URL",
    StoreAddress,
    Unset,
    "postgres://user:password@replica/database",
    "A PostgreSQL replica for reads that may lag.",
)
.secret();

pub(super) static DATABASE_POOL_SIZE: Variable<Count, Preset> = Variable::new(
    "DATABASE_POOL_SIZE",
    Count { min: 1, max: 1000 },
    Preset::Text("16"),
    "32",
    "PostgreSQL connections for transactions.",
);

pub(super) static DATABASE_SHARED_CONNECTIONS: Variable<Count, Preset> = Variable::new(
    "DATABASE_SHARED_CONNECTIONS",
    Count { min: 1, max: 64 },
    Preset::Text("4"),
    "2",
    "PostgreSQL connections that reads outside transactions share.",
);

pub(super) static DATABASE_WRITE_BUDGET: Variable<Span, Preset> = Variable::new(
    "DATABASE_WRITE_BUDGET",
    millis(1, 600_000),
    Preset::Text("500ms"),
    "1s",
    "How long a transaction may hold SQLite's writer.",
);

pub(super) static DATABASE_READ_LIMIT: Variable<Span, Preset> = Variable::new(
    "DATABASE_READ_LIMIT",
    millis(1, 3_600_000),
    Preset::Text("5s"),
    "10s",
    "How long a read that a caller shapes may run.",
);

pub(super) static DATABASE_MIGRATIONS_TABLE: Variable<Ledger, Preset> = Variable::new(
    "DATABASE_MIGRATIONS_TABLE",
    Ledger,
    Preset::Text(LedgerName::DEFAULT),
    "schema_history",
    "The table that records which written migrations were applied.",
);

pub(super) static REDIS_URL: Variable<Url, Unset> = Variable::new(
    "REDIS_URL",
    Url { schemes: &["redis", "rediss"] },
    Unset,
    "redis://127.0.0.1:6379",
    "Redis. Checked; nothing uses it yet.",
)
.secret();

pub(super) static NATS_URL: Variable<List<Url>, Preset> = Variable::new(
    "NATS_URL",
    List(Url { schemes: &["nats", "tls"] }),
    Preset::Text(""),
    "nats://127.0.0.1:4222",
    "The NATS servers, over which operations are called and tasks find a process with room; needs the feature `nats`.",
)
.secret();

pub(super) static NATS_PREFIX: Variable<Words, Unset> = Variable::new(
    "NATS_PREFIX",
    Words,
    Unset,
    "staging",
    "What every subject and stream begins with, so that environments share a broker: `staging.jobs.users.create`.",
);

pub(super) static NATS_CREDENTIALS: Variable<File, Unset> = Variable::new(
    "NATS_CREDENTIALS",
    File,
    Unset,
    "secrets/blog.creds",
    "A file of NATS credentials. A relative path begins at the project root.",
);

pub(super) static NATS_CA: Variable<File, Unset> = Variable::new(
    "NATS_CA",
    File,
    Unset,
    "secrets/ca.pem",
    "Certificates of the authorities that sign the NATS servers', in place of the system's. A relative path begins at the project root.",
);

pub(super) static AUTH_JWT_SECRET: Variable<Secret, PerStart> = Variable::new(
    "AUTH_JWT_SECRET",
    Secret::KEY,
    PerStart,
    MAKE_SECRET,
    "What bearer tokens (HS256) are signed with.",
)
.secret();

pub(super) static AUTH_JWT_LEEWAY: Variable<Span, Preset> = Variable::new(
    "AUTH_JWT_LEEWAY",
    millis(0, 600_000),
    Preset::Text("0s"),
    "30s",
    "By how much the clock of a token's issuer may differ.",
);

pub(super) static AUTH_JWT_ISSUER: Variable<Text, Unset> = Variable::new(
    "AUTH_JWT_ISSUER",
    Text,
    Unset,
    "https://id.example.org",
    "The only `iss` that is accepted. Not set: any, or none.",
);

pub(super) static AUTH_JWT_AUDIENCE: Variable<Text, Unset> = Variable::new(
    "AUTH_JWT_AUDIENCE",
    Text,
    Unset,
    "blog",
    "What `aud` must name. Not set: a token with an `aud` is refused (RFC 7519, section 4.1.3).",
);

pub(super) static AUTH_SERVICE_TOKENS: Variable<ServiceTokens, Preset> = Variable::new(
    "AUTH_SERVICE_TOKENS",
    ServiceTokens,
    Preset::Text(""),
    "billing:<16 bytes or more>",
    "Services and their tokens for `X-Service-Token` and `X-API-Key`. A name may have several.",
)
.secret();

pub(super) static AUTH_SECRET: Variable<Secret, PerStart> = Variable::new(
    "AUTH_SECRET",
    Secret::KEY,
    PerStart,
    MAKE_SECRET,
    "What the framework itself signs with; each purpose has a key derived from it.",
)
.secret();

pub(super) static LOG: Variable<Filter, Preset> = Variable::new(
    "LOG",
    Filter,
    Preset::Text("info"),
    "info,mainstay_web=debug",
    "Which log lines are written.",
);

pub(super) static LOG_FORMAT: Variable<Choice<LogFormat>, Preset> = Variable::new(
    "LOG_FORMAT",
    LOG_FORMATS,
    Preset::ByMode { production: "json", elsewhere: "pretty" },
    "json",
    "How log lines are written.",
);

pub(super) static OTEL_EXPORTER_OTLP_ENDPOINT: Variable<Endpoint, Unset> = Variable::new(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    Endpoint,
    Unset,
    "http://127.0.0.1:4318",
    "The OpenTelemetry collector that spans are sent to, over OTLP/HTTP at `/v1/traces` below it. Needs the feature `otlp`.",
)
.secret();

pub(super) static OTEL_EXPORTER_OTLP_HEADERS: Variable<Headers, Preset> = Variable::new(
    "OTEL_EXPORTER_OTLP_HEADERS",
    Headers,
    Preset::Text(""),
    "authorization=Bearer%20<token>",
    "Headers that go to the collector with them.",
)
.secret();

pub(super) static OTEL_SERVICE_NAME: Variable<Text, Preset> = Variable::new(
    "OTEL_SERVICE_NAME",
    Text,
    Preset::PerApp("<app>"),
    "blog",
    "The name under which the collector knows this process.",
);

pub(super) static OTEL_TRACES_SAMPLER: Variable<Choice<Pick>, Preset> = Variable::new(
    "OTEL_TRACES_SAMPLER",
    PICKS,
    Preset::Text("parentbased_always_on"),
    "parentbased_traceidratio",
    "Which traces are recorded; one whose name begins with `parentbased_` records what the caller does, and picks from \
     the traces that begin here.",
);

pub(super) static OTEL_TRACES_SAMPLER_ARG: Variable<Part, Preset> = Variable::new(
    "OTEL_TRACES_SAMPLER_ARG",
    Part,
    Preset::Text("1"),
    "0.1",
    "The share of traces that `traceidratio` records.",
);

/// Every variable, in the order of the table and of a report's faults.
pub(super) static ALL: &[&dyn Described] = &[
    &ENV,
    &ROOT,
    &ROLES,
    &SERVER,
    &DAEMON,
    &QUEUES,
    &WORKER_CONCURRENCY,
    &HOST,
    &PORT,
    &API_PREFIX,
    &TRUSTED_ORIGINS,
    &TRUSTED_PROXIES,
    &REQUEST_BODY_MAX_BYTES,
    &REQUEST_HEADER_TIMEOUT,
    &REQUEST_BODY_TIMEOUT,
    &MAX_CONNECTIONS,
    &SHUTDOWN_TIMEOUT,
    &METRICS_TOKEN,
    &DATABASE_URL,
    &DATABASE_READ_URL,
    &DATABASE_POOL_SIZE,
    &DATABASE_SHARED_CONNECTIONS,
    &DATABASE_WRITE_BUDGET,
    &DATABASE_READ_LIMIT,
    &DATABASE_MIGRATIONS_TABLE,
    &REDIS_URL,
    &NATS_URL,
    &NATS_PREFIX,
    &NATS_CREDENTIALS,
    &NATS_CA,
    &AUTH_JWT_SECRET,
    &AUTH_JWT_LEEWAY,
    &AUTH_JWT_ISSUER,
    &AUTH_JWT_AUDIENCE,
    &AUTH_SERVICE_TOKENS,
    &AUTH_SECRET,
    &LOG,
    &LOG_FORMAT,
    &OTEL_EXPORTER_OTLP_ENDPOINT,
    &OTEL_EXPORTER_OTLP_HEADERS,
    &OTEL_SERVICE_NAME,
    &OTEL_TRACES_SAMPLER,
    &OTEL_TRACES_SAMPLER_ARG,
];

/// All variables as a Markdown table: `docs/configuration.md` holds it, and a test keeps it so.
pub fn variables_table() -> String {
    let mut table = String::from("| variable | meaning | shape | default |\n|---|---|---|---|\n");
    for variable in ALL {
        let secret = match variable.secrecy() {
            Secrecy::Open => "",
            Secrecy::Secret => " Secret: never printed.",
        };
        let (name, meaning) = (variable.name(), variable.meaning());
        let (expected, fallback) = (variable.expected(), variable.fallback());
        table.push_str(&format!("| `{name}` | {meaning}{secret} | {expected} | {fallback} |\n"));
    }
    table
}
