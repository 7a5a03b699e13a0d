use std::fs;
use std::path::Path;
use std::time::Duration;

use mainstay_kernel::{Clock, StoreUrl};
use mainstay_web::TrustedOrigins;
use secrecy::ExposeSecret;

use super::fault::Found;
use super::table::ALL;
use super::variable::Secrecy;
use super::*;

const KEY: &str = "hunter2hunter2hunter2hunter2hunter2hunter2";

fn sources() -> Sources {
    Sources::new("blog", "/srv/blog")
}

fn with<const N: usize>(variables: [(&str, &str); N]) -> Result<Config, Faults> {
    Config::from_sources(sources().environment(variables))
}

fn names(faults: &Faults) -> Vec<&str> {
    faults.iter().map(|fault| fault.name.as_str()).collect()
}

/// The one fault of these variables, printed.
fn report<const N: usize>(variables: [(&str, &str); N]) -> String {
    let faults = with(variables).unwrap_err();
    assert_eq!(faults.iter().count(), 1, "{faults}");
    faults.to_string()
}

#[test]
fn nothing_needs_to_be_set_in_development() {
    let config = Config::from_sources(sources()).unwrap();
    assert_eq!(config.mode, Mode::Development);
    assert_eq!((config.http.host.to_string().as_str(), config.http.port), ("127.0.0.1", 3000));
    assert_eq!(config.database.url, StoreUrl::SqliteFile("/srv/blog/.mainstay/blog.db".into()));
    assert_eq!((config.http.api_prefix.as_str(), config.http.body_max_bytes), ("/v1", 1 << 20));
    assert_eq!((config.log.filter.as_str(), config.log.format), ("info", LogFormat::Pretty));
    assert!(
        [Role::Web, Role::Worker, Role::Relay, Role::Cron].into_iter().all(|role| config.roles.has(role))
    );
    assert!(config.http.trusted_origins.is_empty() && config.auth.service_tokens.is_empty());
}

#[test]
fn secrets_are_random_for_each_start_in_development_and_the_notices_say_so() {
    let (one, two) = (Config::from_sources(sources()).unwrap(), Config::from_sources(sources()).unwrap());
    assert_ne!(one.auth.jwt_secret.expose_secret(), two.auth.jwt_secret.expose_secret());
    assert_ne!(one.auth.secret.expose_secret(), one.auth.jwt_secret.expose_secret());
    for name in ["AUTH_JWT_SECRET", "AUTH_SECRET"] {
        assert!(one.notices.iter().any(|it| it.starts_with(&format!("{name} is not set: a random one"))));
    }
    assert!(mainstay_auth::Credentials::new(one.auth.options(), Clock::system()).is_ok());
}

#[test]
fn secrets_are_required_in_production() {
    let faults = with([("MAINSTAY_ENV", "production")]).unwrap_err();
    assert_eq!(names(&faults), ["AUTH_JWT_SECRET", "AUTH_SECRET"]);
    assert!(faults.to_string().contains("value:    not set"), "{faults}");
    assert!(faults.to_string().contains("openssl rand -hex 32"), "{faults}");
    let empty =
        with([("MAINSTAY_ENV", "production"), ("AUTH_JWT_SECRET", ""), ("AUTH_SECRET", KEY)]).unwrap_err();
    assert_eq!(names(&empty), ["AUTH_JWT_SECRET"]);
}

#[test]
fn production_listens_to_the_world_and_logs_for_machines() {
    let config =
        with([("MAINSTAY_ENV", "production"), ("AUTH_JWT_SECRET", KEY), ("AUTH_SECRET", KEY)]).unwrap();
    assert_eq!((config.http.host.to_string().as_str(), config.log.format), ("0.0.0.0", LogFormat::Json));
    assert!(config.notices.is_empty(), "{:?}", config.notices);
}

#[test]
fn an_earlier_source_hides_a_later_one() {
    let toml = "port = 4\nlog = 'error'\nhost = '10.0.0.4'\napi_prefix = '/four'";
    let all = sources().toml(toml).env("PORT=3\nLOG=warn\nHOST=10.0.0.3\n").env_local("PORT=2\nLOG=debug");
    let config = Config::from_sources(all.environment([("PORT", "1")])).unwrap();
    assert_eq!(config.http.port, 1);
    assert_eq!(config.log.filter, "debug");
    assert_eq!(config.http.host.to_string(), "10.0.0.3");
    assert_eq!(config.http.api_prefix, "/four");
}

#[test]
fn what_a_hidden_source_says_is_not_judged() {
    assert_eq!(
        Config::from_sources(sources().toml("port = 'x'").environment([("PORT", "1")])).unwrap().http.port,
        1
    );
}

#[test]
fn a_fault_names_the_source_it_comes_from() {
    for (sources, place) in [
        (sources().environment([("PORT", "x")]), "from the process environment"),
        (sources().env_local("PORT=x"), "from `.env.local`"),
        (sources().env("PORT=x"), "from `.env`"),
        (sources().toml("port = 'x'"), "from `mainstay.toml`"),
    ] {
        let faults = Config::from_sources(sources).unwrap_err().to_string();
        assert!(faults.contains(place), "{faults}");
    }
}

/// A wrong value for every variable that can have one.
const WRONG: [(&str, &str); 42] = [
    ("MAINSTAY_ENV", "staging"),
    ("ROLES", "web,janitor"),
    ("SERVER", "maybe"),
    ("DAEMON", "2"),
    ("QUEUES", "mail,\u{7}"),
    ("WORKER_CONCURRENCY", "all"),
    ("HOST", "here"),
    ("PORT", "65536"),
    ("API_PREFIX", "v1"),
    ("TRUSTED_ORIGINS", "https://a.org,*"),
    ("TRUSTED_PROXIES", "10.0.0.0/40"),
    ("REQUEST_BODY_MAX_BYTES", "1MB"),
    ("REQUEST_HEADER_TIMEOUT", "10"),
    ("REQUEST_BODY_TIMEOUT", "soon"),
    ("MAX_CONNECTIONS", "0"),
    ("SHUTDOWN_TIMEOUT", "-1s"),
    ("METRICS_TOKEN", "hunter2"),
    ("DATABASE_URL", "mysql://root:hunter2@localhost/blog"),
    ("DATABASE_READ_URL", "hunter2@replica"),
    ("DATABASE_POOL_SIZE", "many"),
    ("DATABASE_SHARED_CONNECTIONS", "-4"),
    ("DATABASE_WRITE_BUDGET", "0s"),
    ("DATABASE_READ_LIMIT", "5 parsecs"),
    ("DATABASE_MIGRATIONS_TABLE", "a; drop table b"),
    ("REDIS_URL", "http://:hunter2@localhost"),
    ("NATS_URL", "nats://a:4222,hunter2"),
    ("NATS_PREFIX", "stag ing"),
    ("NATS_CREDENTIALS", "no.creds"),
    ("NATS_CA", "no.pem"),
    ("AUTH_JWT_SECRET", "hunter2"),
    ("AUTH_JWT_LEEWAY", "1d"),
    ("AUTH_JWT_ISSUER", "a\u{7}b"),
    ("AUTH_JWT_AUDIENCE", "\u{1b}[31m"),
    ("AUTH_SERVICE_TOKENS", "billing:hunter2"),
    ("AUTH_SECRET", "hunter2"),
    ("LOG", "inof"),
    ("LOG_FORMAT", "xml"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "hunter2:4318"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "authorization hunter2"),
    ("OTEL_SERVICE_NAME", "b\u{7}log"),
    ("OTEL_TRACES_SAMPLER", "sometimes"),
    ("OTEL_TRACES_SAMPLER_ARG", "1.5"),
];

#[test]
fn every_fault_is_reported_at_once() {
    let faults = with(WRONG).unwrap_err();
    assert_eq!(names(&faults), WRONG.map(|(name, _)| name), "{faults}");
    let table: Vec<&str> = ALL.iter().map(|it| it.name()).filter(|name| *name != "MAINSTAY_ROOT").collect();
    assert_eq!(names(&faults), table);
    for fault in faults.iter() {
        assert!(!fault.expected.is_empty() && !fault.fix.is_empty(), "{fault:?}");
    }
}

#[test]
fn a_fault_shows_the_value_unless_it_is_a_secret() {
    let faults = with(WRONG).unwrap_err();
    let printed = format!("{faults} {faults:?}");
    assert!(!printed.contains("hunter2"), "{printed}");
    for (variable, (name, value)) in ALL.iter().filter(|it| it.name() != "MAINSTAY_ROOT").zip(WRONG) {
        let found = &faults.iter().find(|fault| fault.name == name).unwrap().found;
        match variable.secrecy() {
            Secrecy::Open => assert_eq!(found, &Found::Text(value.to_owned(), Layer::Environment)),
            Secrecy::Secret => assert_eq!(found, &Found::Secret(value.len(), Layer::Environment)),
        }
    }
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let report = report([("AUTH_JWT_AUDIENCE", "\u{1b}[31m")]);
    assert!(!report.contains('\u{1b}') && report.contains("\\u{1b}[31m"), "{report}");
}

#[test]
fn a_report_is_one_block_for_each_fault() {
    let faults = with([("PORT", "eighty"), ("AUTH_SECRET", "hunter2")]).unwrap_err();
    let expected = "the configuration has 2 faults

PORT
  value:    `eighty`, from the process environment
  expected: a whole number from 0 to 65535 (0: any free port)
  fix:      write `PORT=8080`, or remove it for the default: `3000`

AUTH_SECRET
  value:    not shown (7 bytes), from the process environment
  expected: a secret of at least 32 bytes
  fix:      make one with `openssl rand -hex 32` and set AUTH_SECRET in the process environment or in `.env.local`";
    assert_eq!(faults.to_string(), expected);
}

#[test]
fn server_false_is_false() {
    for no in ["false", "FALSE", "False", "0", "no", "No", "off", " off "] {
        let config = with([("SERVER", no)]).unwrap();
        assert!(!config.roles.has(Role::Web) && config.roles.has(Role::Worker), "{no}");
    }
    for yes in ["true", "True", "1", "yes", "on", "ON"] {
        assert!(with([("SERVER", yes)]).unwrap().roles.has(Role::Web), "{yes}");
    }
    for odd in ["", "t", "f", "2", "nope", "falsee", "null", "\"false\""] {
        assert!(report([("SERVER", odd)]).contains("SERVER"), "{odd}");
    }
    assert!(!Config::from_sources(sources().toml("server = false")).unwrap().roles.has(Role::Web));
    assert!(!Config::from_sources(sources().env("SERVER=\"false\"")).unwrap().roles.has(Role::Web));
}

#[test]
fn roles_are_what_all_three_variables_leave() {
    let config = with([("ROLES", "web, CRON"), ("DAEMON", "true")]).unwrap();
    let has = |role| config.roles.has(role);
    assert!(has(Role::Web) && has(Role::Cron) && !has(Role::Worker) && !has(Role::Relay));
    let config = with([("DAEMON", "false")]).unwrap();
    assert!(config.roles.has(Role::Web) && !config.roles.has(Role::Cron));
    assert!(report([("SERVER", "0"), ("DAEMON", "0")]).contains("leave nothing to do"));
    assert!(report([("ROLES", "web"), ("SERVER", "no")]).contains("leave nothing to do"));
    assert!(report([("ROLES", "wbe")]).contains("did you mean `web`?"));
}

#[test]
fn a_misspelt_variable_is_a_fault_that_names_the_right_one() {
    for (name, right) in [
        ("MAINSTAY_EVN", "MAINSTAY_ENV"),
        ("AUTH_JWT_SECRETS", "AUTH_JWT_SECRET"),
        ("AUTH_SERVICE_TOKEN", "AUTH_SERVICE_TOKENS"),
    ] {
        let report = report([(name, "hunter2")]);
        assert!(
            report.contains(&format!("did you mean `{right}`?")) && !report.contains("hunter2"),
            "{report}"
        );
    }
    assert!(report([("MAINSTAY_FLUX_CAPACITOR", "1")]).contains("a variable that the framework reads"));
    let faults = Config::from_sources(sources().env("MAINSTAY_EVN=x")).unwrap_err().to_string();
    assert!(faults.contains("from `.env`"), "{faults}");
}

#[test]
fn variables_of_other_software_are_left_alone() {
    let config =
        with([("AUTH_GITHUB_CLIENT_ID", "hunter2"), ("PATH", "/bin"), ("MAINSTAY_FUZZ_SECONDS", "1")])
            .unwrap();
    let about: Vec<&String> =
        config.notices.iter().filter(|it| it.contains("AUTH_GITHUB_CLIENT_ID")).collect();
    assert_eq!(
        about,
        ["nothing in the framework reads AUTH_GITHUB_CLIENT_ID (from the process environment)"]
    );
    assert!(!config.notices.iter().any(|it| it.contains("FUZZ") || it.contains("PATH")));
}

#[test]
fn an_unknown_key_of_the_file_is_a_fault_that_names_the_right_one() {
    let faults = Config::from_sources(sources().toml("prot = 1\nPORT = 2\n[database]\nurl = 'hunter2'\n"))
        .unwrap_err();
    let report = faults.to_string();
    assert!(report.contains("did you mean `port`?"), "{report}");
    assert!(report.contains("did you mean `database_url`?"), "{report}");
    assert!(!report.contains("hunter2"), "{report}");
}

#[test]
fn the_table_app_of_the_file_is_the_applications_own() {
    assert_eq!(Config::from_sources(sources().toml("port = 1\n[app]\nanything = 1")).unwrap().http.port, 1);
}

#[test]
fn the_file_takes_numbers_truths_and_lists() {
    let toml = "port = 8080\nserver = true\nrequest_body_max_bytes = 2048\nshutdown_timeout = '3s'\n\
                trusted_origins = ['https://a.org', 'https://b.org:8443']\nroles = ['web']";
    let config = Config::from_sources(sources().toml(toml)).unwrap();
    assert_eq!((config.http.port, config.http.body_max_bytes), (8080, 2048));
    assert_eq!(config.http.shutdown_timeout, Duration::from_secs(3));
    let origins = TrustedOrigins::parse(["https://a.org", "https://b.org:8443"]).unwrap();
    assert_eq!(config.http.trusted_origins, origins);
}

#[test]
fn a_file_that_cannot_be_read_as_what_it_is_tells_the_line_and_not_its_text() {
    let broken = "PORT=1\nAUTH_SECRET='hunter2\n";
    for sources in [
        sources().env(broken),
        sources().env_local("# a\nhunter2 hunter2\n"),
        sources().toml("port = 1\nauth_secret = hunter2"),
        sources().toml("port = 1\nauth_secret = 'hunter2\n"),
        sources().toml("port = 1\nauth_secret = { a = 'hunter2' }"),
    ] {
        let faults = Config::from_sources(sources).unwrap_err();
        let report = format!("{faults} {faults:?}");
        assert!(!report.contains("hunter2"), "{report}");
        assert!(report.contains("line 2") || report.contains("auth_secret"), "{report}");
    }
}

#[test]
fn an_empty_value_is_none_where_there_is_no_default() {
    let config = with([
        ("REDIS_URL", ""),
        ("NATS_URL", ""),
        ("METRICS_TOKEN", ""),
        ("TRUSTED_ORIGINS", ""),
        ("AUTH_JWT_ISSUER", " "),
        ("AUTH_SERVICE_TOKENS", ""),
    ])
    .unwrap();
    assert!(config.redis.is_none() && config.nats.servers.is_empty() && config.http.metrics_token.is_none());
    assert!(config.auth.jwt_issuer.is_none() && config.http.trusted_origins.is_empty());
    assert!(report([("PORT", "")]).contains("value:    ``"));
}

#[test]
fn an_empty_value_hides_what_a_later_source_says() {
    let config = Config::from_sources(
        sources().env("TRUSTED_ORIGINS=https://a.org").environment([("TRUSTED_ORIGINS", "")]),
    );
    assert!(config.unwrap().http.trusted_origins.is_empty());
}

#[test]
fn a_replica_needs_postgresql_on_both_sides() {
    for (url, replica) in
        [("sqlite://a.db", "postgres://hunter2@b/c"), ("postgres://hunter2@a/b", "sqlite://c.db")]
    {
        let report = report([("DATABASE_URL", url), ("DATABASE_READ_URL", replica)]);
        assert!(report.contains("only PostgreSQL has replicas") && !report.contains("hunter2"), "{report}");
    }
    let config = with([("DATABASE_URL", "postgres://a/b"), ("DATABASE_READ_URL", "postgres://c/b")]).unwrap();
    assert_eq!(config.database.replica, Some(StoreUrl::Postgres("postgres://c/b".to_owned())));
}

#[test]
fn what_is_configured_reaches_the_parts_that_use_it() {
    let config = with([
        ("DATABASE_URL", ":memory:"),
        ("DATABASE_POOL_SIZE", "7"),
        ("DATABASE_SHARED_CONNECTIONS", "3"),
        ("DATABASE_WRITE_BUDGET", "90ms"),
        ("DATABASE_READ_LIMIT", "2s"),
        ("AUTH_JWT_SECRET", KEY),
        ("AUTH_SECRET", KEY),
        ("AUTH_JWT_LEEWAY", "30s"),
        ("AUTH_JWT_ISSUER", "me"),
        ("AUTH_JWT_AUDIENCE", "you"),
        ("AUTH_SERVICE_TOKENS", "billing:0123456789abcdef"),
    ])
    .unwrap();
    let store = config.database.options(Clock::system());
    assert_eq!((store.url, store.pool_size, store.shared_connections), (StoreUrl::SqliteMemory, 7, 3));
    assert_eq!((store.write_budget, store.read_limit), (Duration::from_millis(90), Duration::from_secs(2)));
    let auth = config.auth.options();
    assert_eq!((auth.jwt_secret.as_slice(), auth.leeway), (KEY.as_bytes(), Duration::from_secs(30)));
    assert_eq!((auth.issuer.as_deref(), auth.audience.as_deref()), (Some("me"), Some("you")));
    assert_eq!(auth.service_tokens, [("billing".to_owned(), "0123456789abcdef".to_owned())]);
    assert_eq!(config.auth.key("cursor"), mainstay_auth::derive_key(KEY.as_bytes(), "cursor"));
}

#[test]
fn what_is_printed_for_debugging_holds_no_secret() {
    let sources = sources().environment([
        ("AUTH_JWT_SECRET", KEY),
        ("AUTH_SECRET", KEY),
        ("METRICS_TOKEN", KEY),
        ("REDIS_URL", "redis://:hunter2@localhost"),
        ("NATS_URL", "nats://hunter2@localhost"),
        ("DATABASE_URL", "postgres://root:hunter2@localhost/blog"),
        ("DATABASE_READ_URL", "postgres://root:hunter2@replica/blog"),
        ("AUTH_SERVICE_TOKENS", "billing:hunter2hunter2hunter2"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector.example.org/hunter2"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-token=hunter2"),
    ]);
    let printed = format!("{sources:?} {:?}", Config::from_sources(sources.clone()).unwrap());
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("billing"), "{printed}");
}

#[test]
fn relative_paths_begin_at_the_project_root_and_not_at_the_working_folder() {
    for (url, path) in [
        ("sqlite://data/a.db", "/srv/blog/data/a.db"),
        ("file:./a.db", "/srv/blog/./a.db"),
        ("sqlite:///var/a.db", "/var/a.db"),
    ] {
        assert_eq!(with([("DATABASE_URL", url)]).unwrap().database.url, StoreUrl::SqliteFile(path.into()));
    }
}

#[test]
fn the_files_of_the_project_root_are_read_and_the_environment_is_not_changed() {
    let root = tempfile::TempDir::new().unwrap();
    fs::write(root.path().join("mainstay.toml"), "port = 3\nhost = '10.0.0.3'\nlog = 'warn'").unwrap();
    fs::write(root.path().join(".env"), "\u{feff}PORT=2\nHOST=10.0.0.2\nMAINSTAY_TEST_LEAK=1\n").unwrap();
    fs::write(root.path().join(".env.local"), "export PORT=1 # comment\n").unwrap();
    let mut sources = Sources::new("blog", root.path());
    sources.read_files();
    let config = Config::from_sources(sources).unwrap();
    assert_eq!((config.http.port, config.http.host.to_string().as_str()), (1, "10.0.0.2"));
    assert_eq!(config.log.filter, "warn");
    assert!(std::env::var_os("MAINSTAY_TEST_LEAK").is_none());
}

#[test]
fn the_process_is_read_as_it_is() {
    let sources = Sources::of_process("blog").unwrap();
    let package = env!("CARGO_MANIFEST_DIR");
    assert_eq!(sources.root, Path::new(package));
    assert_eq!(sources.get("CARGO_MANIFEST_DIR"), Some((package, Layer::Environment)));
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_a_fault_if_the_framework_reads_it() {
    use std::os::unix::ffi::OsStringExt;

    let mut sources = sources();
    for name in ["PORT", "AUTH_X", "SOMEBODY_ELSES"] {
        sources.take_from_process(name.into(), std::ffi::OsString::from_vec(b"hunter2\xff".to_vec()));
    }
    let faults = Config::from_sources(sources).unwrap_err();
    assert_eq!(names(&faults), ["PORT", "AUTH_X"]);
    assert!(faults.to_string().contains("UTF-8") && !faults.to_string().contains("hunter2"), "{faults}");
}

#[test]
fn a_file_that_is_not_text_is_a_fault() {
    let root = tempfile::TempDir::new().unwrap();
    fs::write(root.path().join(".env"), b"PORT=\xff\n").unwrap();
    let mut sources = Sources::new("blog", root.path());
    sources.read_files();
    let report = Config::from_sources(sources).unwrap_err().to_string();
    assert!(report.contains(".env") && report.contains("UTF-8"), "{report}");
}

#[test]
fn the_project_root_is_not_set_in_its_own_files() {
    for sources in [sources().env("MAINSTAY_ROOT=/tmp"), sources().toml("mainstay_root = '/tmp'")] {
        let report = Config::from_sources(sources).unwrap_err().to_string();
        assert!(report.contains("the project root must be known"), "{report}");
    }
    assert!(with([("MAINSTAY_ROOT", "/srv/blog")]).is_ok());
}

#[test]
fn the_table_names_each_variable_once_and_breaks_no_cell() {
    let table = variables_table();
    assert_eq!(table.lines().count(), ALL.len() + 2);
    for line in table.lines() {
        assert_eq!(line.matches('|').count(), 5, "{line}");
    }
    for variable in ALL {
        assert_eq!(table.matches(&format!("| `{}` |", variable.name())).count(), 1);
    }
}

/// The page's table is generated. To write it anew: `MAINSTAY_TEST_BLESS=1 cargo nextest run -p mainstay`.
#[test]
fn the_page_of_the_documentation_holds_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = fs::read_to_string(&path).unwrap();
    let (start, end) = ("<!-- variables: generated -->\n", "<!-- end of variables -->");
    let (head, rest) = page.split_once(start).unwrap();
    let (table, tail) = rest.split_once(end).unwrap();
    if std::env::var_os("MAINSTAY_TEST_BLESS").is_some() {
        fs::write(&path, format!("{head}{start}{}{end}{tail}", variables_table())).unwrap();
    } else {
        assert_eq!(table, variables_table(), "run this test with MAINSTAY_TEST_BLESS=1");
    }
}
