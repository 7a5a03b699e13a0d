//! PostgreSQL, Redis and NATS for tests: those that are there, or else private ones.
//!
//! For each service the first that holds: its variable is set; it answers on the standard local port;
//! an earlier run started a private one; Docker works (`compose.yaml`); its programs can be started
//! from Debian's packages. `stop` ends what was started, nothing else.

mod compose;
pub(crate) mod postgres;
pub(crate) mod private;
mod probe;

use std::env;

use anyhow::{Context, Result, bail};

use crate::tools::{self, Tool};

/// A service that tests talk to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Postgres,
    Redis,
    Nats,
}

impl Service {
    pub(crate) const ALL: [Self; 3] = [Self::Postgres, Self::Redis, Self::Nats];

    /// In messages, file names and `compose.yaml`.
    fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Redis => "redis",
            Self::Nats => "nats",
        }
    }

    /// The variable that names a developer's own one.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "DATABASE_URL",
            Self::Redis => "REDIS_URL",
            Self::Nats => "NATS_URL",
        }
    }

    /// The variable under which tests find it.
    fn test_variable(self) -> &'static str {
        match self {
            Self::Postgres => "TEST_DATABASE_URL",
            Self::Redis => "TEST_REDIS_URL",
            Self::Nats => "TEST_NATS_URL",
        }
    }

    /// The addresses to try, best first, when it runs on this port of this machine.
    fn local_urls(self, port: u16) -> Vec<String> {
        match self {
            Self::Postgres => ["test", "postgres"]
                .map(|database| format!("postgres://postgres@127.0.0.1:{port}/{database}"))
                .into(),
            Self::Redis => vec![format!("redis://127.0.0.1:{port}")],
            Self::Nats => vec![format!("nats://127.0.0.1:{port}")],
        }
    }

    fn standard_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Redis => 6379,
            Self::Nats => 4222,
        }
    }
}

/// Where a service was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Variable,
    StandardPort,
    Compose,
    Private,
}

/// A service and its address.
#[derive(Debug)]
pub(crate) struct Endpoint {
    service: Service,
    source: Source,
    url: String,
}

/// Whether services that already run may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Whatever answers.
    Shared,
    /// Only ones that this command started.
    Private,
}

impl From<bool> for Sharing {
    fn from(private: bool) -> Self {
        if private { Self::Private } else { Self::Shared }
    }
}

/// `cargo xtask services`: finds or starts all of them and installs the tools that checks need.
pub(crate) fn start(sharing: Sharing) -> Result<()> {
    for service in Service::ALL {
        let endpoint = match sharing {
            Sharing::Shared => find_or_start(service)?,
            Sharing::Private => start_private(service)?,
        };
        announce(&endpoint);
    }
    for tool in Tool::NEEDED {
        tools::ensure(tool)?;
        println!("tools: cargo-{} is installed", tool.name());
    }
    Ok(())
}

/// Finds or starts these services and says which was chosen.
pub(crate) fn ensure(services: &[Service]) -> Result<Vec<Endpoint>> {
    let endpoints: Vec<Endpoint> =
        services.iter().map(|&service| find_or_start(service)).collect::<Result<_>>()?;
    endpoints.iter().for_each(announce);
    Ok(endpoints)
}

/// The variables under which tests find these services, and the stores that tests run on.
pub(crate) fn test_environment(endpoints: &[Endpoint]) -> Vec<(&'static str, String)> {
    let mut variables: Vec<_> =
        endpoints.iter().map(|found| (found.service.test_variable(), found.url.clone())).collect();
    let has_postgres = endpoints.iter().any(|found| found.service == Service::Postgres);
    let stores = if has_postgres { "sqlite,postgres" } else { "sqlite" };
    variables.push(("MAINSTAY_TEST_STORES", stores.to_owned()));
    variables
}

/// Ends the services that this command started.
pub(crate) fn stop() -> Result<()> {
    for service in Service::ALL {
        let stopped = private::stop(service)? || compose::stop(service)?;
        println!("{}: {}", service.name(), if stopped { "stopped" } else { "none of ours runs" });
    }
    Ok(())
}

fn announce(found: &Endpoint) {
    let source = match found.source {
        Source::Variable => found.service.variable(),
        Source::StandardPort => "answers on the standard port",
        Source::Compose => "docker compose",
        Source::Private => "private, `cargo xtask services stop` ends it",
    };
    println!("{}: {} ({source})", found.service.name(), probe::without_password(&found.url));
}

fn find_or_start(service: Service) -> Result<Endpoint> {
    if let Some(url) = from_variable(service)? {
        return Ok(Endpoint { service, source: Source::Variable, url });
    }
    if let Some(url) = probe::first_that_answers(service, &service.local_urls(service.standard_port())) {
        return Ok(Endpoint { service, source: Source::StandardPort, url });
    }
    if private::running(service).is_none() && compose::is_possible() {
        match compose::start(service) {
            Ok(url) => return Ok(Endpoint { service, source: Source::Compose, url }),
            Err(error) => println!("{}: without docker compose: {error:#}", service.name()),
        }
    }
    start_private(service)
}

fn start_private(service: Service) -> Result<Endpoint> {
    let url = match private::running(service) {
        Some(url) => url,
        None => private::start(service).with_context(|| {
            let (name, variable) = (service.name(), service.variable());
            format!("no {name} to test with: start one on its standard port, set {variable}, or start Docker")
        })?,
    };
    Ok(Endpoint { service, source: Source::Private, url })
}

/// What the developer's variable names, if that is a server of this kind.
fn from_variable(service: Service) -> Result<Option<String>> {
    let variable = service.variable();
    let Ok(url) = env::var(variable) else { return Ok(None) };
    let Some(address) = probe::Address::parse(service, &url) else { return Ok(None) };
    if !address.accepts_connections() {
        bail!("{variable} is set, but nothing answers at {}", probe::without_password(&url));
    }
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(service: Service, url: &str) -> Endpoint {
        Endpoint { service, source: Source::StandardPort, url: url.into() }
    }

    #[test]
    fn tests_are_told_every_address_and_both_stores() {
        let endpoints =
            [endpoint(Service::Postgres, "postgres://h/test"), endpoint(Service::Nats, "nats://h")];
        let expected = [
            ("TEST_DATABASE_URL", "postgres://h/test"),
            ("TEST_NATS_URL", "nats://h"),
            ("MAINSTAY_TEST_STORES", "sqlite,postgres"),
        ];
        assert_eq!(test_environment(&endpoints), expected.map(|(name, value)| (name, value.to_owned())));
    }

    #[test]
    fn without_postgres_only_sqlite_is_tested() {
        assert_eq!(test_environment(&[]), [("MAINSTAY_TEST_STORES", "sqlite".to_owned())]);
    }
}
