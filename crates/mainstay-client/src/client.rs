use std::sync::Arc;

use async_nats::{ConnectOptions, ToServerAddrs};
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
    /// Connects to these servers, such as `nats://127.0.0.1:4222`.
    ///
    /// # Errors
    /// When none of them answers, or they refuse.
    pub async fn connect(servers: impl ToServerAddrs) -> Result<Self, ConnectError> {
        Ok(Self::over(ConnectOptions::new().max_reconnects(None).connect(servers).await?))
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
