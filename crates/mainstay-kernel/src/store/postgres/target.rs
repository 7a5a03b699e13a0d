use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::{Limits, Use, unreachable};
use super::session::Session;
use super::tls;
use crate::{DbOptions, Error, Owned, Result};

/// How long a connection may take, from the first packet to the first answer.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long a transaction may sit idle, and a packet unacknowledged, before the connection is
/// ended: a process that was stopped must not keep its locks.
const IDLE_LIMIT: Duration = Duration::from_secs(5);

/// Where one kind of connections leads, and with which settings.
pub(super) struct Target {
    config: Config,
    tls: MakeRustlsConnect,
    place: Arc<str>,
    limits: Limits,
    owned: Owned,
}

impl Target {
    /// For `url`, under the limits that `options` sets.
    pub(super) fn new(url: &str, how: Use, options: &DbOptions, owned: &Owned) -> Result<Self> {
        let limits = Limits { how, read: options.read_limit, lock: options.replay_wait, idle: IDLE_LIMIT };
        Self::limited(url, limits, owned)
    }

    pub(super) fn limited(url: &str, limits: Limits, owned: &Owned) -> Result<Self> {
        let (url, root_file) = with_proof(url);
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
            Error::bad_request("bad_database_url", "expected postgres://user@host/database?option=value")
                .caused_by(error)
        })?;
        let hosts = config.get_hosts();
        if config.get_ssl_mode() == SslMode::Prefer && !hosts.is_empty() && hosts.iter().all(is_local) {
            config.ssl_mode(SslMode::Disable);
        }
        let tls = tls::connector(config.get_ssl_mode(), root_file.as_deref())?;
        if config.get_application_name().is_none() {
            config.application_name("mainstay");
        }
        config.connect_timeout(CONNECT_LIMIT).tcp_user_timeout(limits.idle);
        config.keepalives_idle(Duration::from_secs(30)).keepalives_interval(Duration::from_secs(10));
        config.keepalives_retries(3);
        config.options(session_settings(config.get_options(), &limits));
        let place = place(&config).into();
        Ok(Self { config, tls, place, limits, owned: owned.clone() })
    }

    /// A new connection, driven by a task of its own.
    pub(super) async fn connect(&self) -> Result<Session> {
        // Boxed, for dialling takes kilobytes of state, and every read and write that may have to
        // dial would carry them.
        tokio::time::timeout(CONNECT_LIMIT, Box::pin(self.connect_unbounded()))
            .await
            .unwrap_or_else(|_| Err(unreachable(&self.place, "it did not answer in time")))
    }

    async fn connect_unbounded(&self) -> Result<Session> {
        let (client, connection) =
            self.config.connect(self.tls.clone()).await.map_err(|error| unreachable(&self.place, error))?;
        Session::start(client, connection, self).await
    }

    pub(super) fn place(&self) -> &Arc<str> {
        &self.place
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    pub(super) fn tls(&self) -> &MakeRustlsConnect {
        &self.tls
    }

    pub(super) fn owned(&self) -> &Owned {
        &self.owned
    }
}

/// tokio-postgres knows neither `sslmode=verify-full`, which `require` means here already, nor
/// `sslrootcert`.
fn with_proof(url: &str) -> (String, Option<String>) {
    let Some((address, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let mut root_file = None;
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslmode", "verify-full" | "verify-ca")) => kept.push("sslmode=require"),
            Some(("sslrootcert", file)) => root_file = Some(file.to_owned()),
            Some(_) | None => kept.push(pair),
        }
    }
    (format!("{address}?{}", kept.join("&")), root_file)
}

/// Settings ride on the start-up packet: they cost no round trip and no `RESET` undoes them.
fn session_settings(own: Option<&str>, limits: &Limits) -> String {
    let mut options = own.unwrap_or_default().to_owned();
    let mut set = |name: &str, value: &dyn std::fmt::Display| {
        // Writing to a string cannot fail.
        let _ = write!(options, " -c {name}={value}");
    };
    set("TimeZone", &"UTC");
    set("idle_in_transaction_session_timeout", &limits.idle.as_millis());
    set("tcp_user_timeout", &limits.idle.as_millis());
    match limits.how {
        Use::Reads => {
            set("statement_timeout", &limits.read.as_millis());
            set("default_transaction_read_only", &"on");
        }
        Use::Writes => set("lock_timeout", &limits.lock.as_millis()),
        Use::Tasks => {
            set("lock_timeout", &limits.lock.as_millis());
            // A queue changes faster than its statistics. Each of these statements has its index, and a claim that
            // is planned for the few tasks of a moment ago would sort all of a backlog. What that forbids counts
            // as so dear that the server would compile it.
            set("jit", &"off");
            set("enable_seqscan", &"off");
            set("enable_bitmapscan", &"off");
        }
    }
    options
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        Host::Unix(_) => true,
    }
}

/// `host:port`, for messages: never the user, never the password.
fn place(config: &Config) -> String {
    let ports = config.get_ports();
    let places = config.get_hosts().iter().enumerate().map(|(index, host)| {
        let port = ports.get(index).or_else(|| ports.first()).copied().unwrap_or(5432);
        match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            Host::Unix(path) => format!("{}/.s.PGSQL.{port}", path.display()),
        }
    });
    places.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Target {
        Target::new(url, Use::Reads, &DbOptions::new(crate::StoreUrl::SqliteMemory), &Owned::new()).unwrap()
    }

    #[test]
    fn the_place_names_no_secret() {
        let target = target("postgres://ann:s3cret@db.example:6543/shop?sslmode=verify-full");
        assert_eq!(&**target.place(), "db.example:6543");
        assert_eq!(target.config.get_ssl_mode(), SslMode::Require);
    }

    #[test]
    fn the_urls_own_options_stay_and_ours_win() {
        let target =
            target("postgres://localhost/test?options=-c%20search_path%3Dxyz%20-c%20statement_timeout%3D0");
        let options = target.config.get_options().unwrap();
        assert!(options.starts_with("-c search_path=xyz -c statement_timeout=0 "), "{options}");
        assert!(options.contains(" -c statement_timeout=5000 "), "{options}");
        assert_eq!(
            target.config.get_ssl_mode(),
            SslMode::Disable,
            "the loopback needs no TLS unless asked for"
        );
    }

    #[test]
    fn a_root_file_that_is_not_there_is_named() {
        let options = DbOptions::new(crate::StoreUrl::SqliteMemory);
        let url = "postgres://db.example/x?sslmode=require&sslrootcert=/nowhere/ca.pem";
        let error = Target::new(url, Use::Reads, &options, &Owned::new()).err().unwrap();
        assert!(error.to_string().contains("/nowhere/ca.pem"), "{error}");
    }
}
