use std::sync::Arc;

use async_nats::{ConnectErrorKind, ConnectOptions, ServerAddr, ToServerAddrs};
use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::{Call, Operation};

/// Calls operations over a connection to NATS, which is made again when it breaks. Clones share it.
#[derive(Clone)]
pub struct Client(pub(crate) Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) nats: async_nats::Client,
    pub(crate) prefix: Option<String>,
    pub(crate) authorization: Option<String>,
}

/// The broker could not be entered.
#[derive(Debug, thiserror::Error)]
#[error("NATS cannot be entered")]
pub struct ConnectError(#[from] async_nats::ConnectError);

impl Client {
    /// Connects to these servers, such as `nats://127.0.0.1:4222`, with `user:password@` or `token@` (percent-encoded)
    /// where they ask for one.
    ///
    /// # Errors
    /// When an address cannot be read, none of them answers, or they refuse.
    pub async fn connect(servers: impl ToServerAddrs) -> Result<Self, ConnectError> {
        let malformed = |error| async_nats::ConnectError::with_source(ConnectErrorKind::ServerParse, error);
        let servers: Vec<_> = servers.to_server_addrs().map_err(malformed)?.collect();
        let settings = named(ConnectOptions::new().max_reconnects(None), &servers);
        Ok(Self::over(settings.connect(&servers[..]).await?))
    }

    /// Over a connection that is there: with credentials, TLS and whatever else it was made with.
    pub fn over(nats: async_nats::Client) -> Self {
        Self(Arc::new(Shared { nats, prefix: None, authorization: None }))
    }

    /// Calls the application of an environment whose subjects begin with this, its `NATS_PREFIX`.
    #[must_use]
    pub fn prefix(&self, prefix: impl Into<String>) -> Self {
        self.with(|shared| shared.prefix = Some(prefix.into()))
    }

    /// Calls for whom this token was issued.
    #[must_use]
    pub fn bearer(&self, token: &str) -> Self {
        self.with(|shared| shared.authorization = Some(format!("Bearer {token}")))
    }

    /// Calls an operation. Nothing happens until it is awaited.
    pub fn call<I: Serialize, O, E>(&self, operation: Operation<I, O, E>, input: &I) -> Call<I, O, E> {
        Call::new(self.clone(), operation, input)
    }

    fn with(&self, change: impl FnOnce(&mut Shared)) -> Self {
        let Shared { nats, prefix, authorization } = &*self.0;
        let mut shared =
            Shared { nats: nats.clone(), prefix: prefix.clone(), authorization: authorization.clone() };
        change(&mut shared);
        Self(Arc::new(shared))
    }
}

/// As whom an address says, the first that says so: the client library does not look there.
fn named(settings: ConnectOptions, servers: &[ServerAddr]) -> ConnectOptions {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    match servers.iter().find_map(|it| Some((it.username()?, it.password()))) {
        Some((user, Some(password))) => settings.user_and_password(decoded(user), decoded(password)),
        Some((token, None)) => settings.token(decoded(token)),
        None => settings,
    }
}
