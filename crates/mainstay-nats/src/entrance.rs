//! How the broker is entered: at which address, as whom, and whom it is trusted to be.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_nats::rustls;
use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, ServerAddr};
use mainstay_kernel::{Error, Result};
use percent_encoding::percent_decode_str;
use tokio::time::Instant;

use crate::NatsOptions;
use crate::breaks::Breaks;

/// The longest pause between two attempts to make a connection again.
const PAUSE: Duration = Duration::from_secs(1);

/// Connects. Until then each server is tried once, so that a refusal is found out; a broker that is away is tried for
/// ever from there on.
///
/// # Errors
/// Internal, when an address, the credentials or the certificates cannot be read, or the broker refuses.
pub(crate) async fn enter(options: &NatsOptions, breaks: &Arc<Breaks>, end: Instant) -> Result<Client> {
    let servers = servers(&options.servers)?;
    let settings = async || Ok::<_, Error>(named(settings(options, breaks).await?, &servers));
    match tokio::time::timeout_at(end, settings().await?.connect(&servers[..])).await {
        Ok(Ok(client)) => return Ok(client),
        Ok(Err(error)) => {
            if let Some(refusal) = refusal(&error) {
                return Err(Error::internal(refusal).caused_by(error));
            }
            tracing::debug!(%error, "no NATS server could be entered at once");
        }
        Err(_) => tracing::debug!("no NATS server answered at once"),
    }
    let client = settings().await?.retry_on_initial_connect().connect(&servers[..]).await;
    client
        .map_err(|error| Error::internal("the broker that NATS_URL names cannot be entered").caused_by(error))
}

/// What is wrong and will not pass by itself, unlike a broker that is away.
fn refusal(error: &ConnectError) -> Option<&'static str> {
    match error.kind() {
        ConnectErrorKind::AuthorizationViolation => Some(
            "the NATS server at NATS_URL refuses who enters: put `user:password@` or `token@` of somebody it knows into \
             NATS_URL, or their file of credentials into NATS_CREDENTIALS",
        ),
        ConnectErrorKind::Authentication => Some(
            "the credentials for NATS cannot sign: make the file that NATS_CREDENTIALS names anew, by `nsc generate creds`",
        ),
        ConnectErrorKind::Tls => {
            Some("the certificates that NATS_CA names, or the system's, cannot be used for NATS")
        }
        ConnectErrorKind::Io => certificate_at_fault(error).then_some(
            "the certificate of the NATS server at NATS_URL does not hold: name the authority that signed it by NATS_CA, \
             and the server in NATS_URL as its certificate does",
        ),
        ConnectErrorKind::ServerParse
        | ConnectErrorKind::Dns
        | ConnectErrorKind::TimedOut
        | ConnectErrorKind::MaxReconnects => None,
    }
}

fn certificate_at_fault(error: &ConnectError) -> bool {
    let broken = error.source().and_then(|it| it.downcast_ref::<io::Error>()).and_then(io::Error::get_ref);
    let broken = broken.and_then(|it| it.downcast_ref::<rustls::Error>());
    matches!(broken, Some(rustls::Error::InvalidCertificate(_)))
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
fn named(settings: ConnectOptions, servers: &[ServerAddr]) -> ConnectOptions {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let named = servers.iter().find_map(|it| Some((it.username()?, it.password())));
    match named {
        Some((user, Some(password))) => settings.user_and_password(decoded(user), decoded(password)),
        Some((token, None)) => settings.token(decoded(token)),
        None => settings,
    }
}

async fn settings(options: &NatsOptions, breaks: &Arc<Breaks>) -> Result<ConnectOptions> {
    let breaks = Arc::clone(breaks);
    let mut settings = ConnectOptions::new()
        .name(&options.name)
        .max_reconnects(None)
        .ping_interval(Duration::from_secs(10))
        .reconnect_delay_callback(pause)
        .event_callback(move |event| {
            breaks.heed(&event);
            std::future::ready(())
        });
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

/// The first attempt comes at once, the next ones ever more seldom.
fn pause(attempt: usize) -> Duration {
    match attempt {
        0 | 1 => Duration::ZERO,
        later => Duration::from_millis(50 << later.min(10)).min(PAUSE),
    }
}
