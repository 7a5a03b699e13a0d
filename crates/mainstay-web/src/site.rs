//! What the handlers of one application share.

use std::future::Future;
use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;
use mainstay_auth::{Credentials, Identity};
use mainstay_kernel::{Caller, Db, Error, Result};
use mainstay_model::{ModelEntry, Totals};

use crate::env::Env;
use crate::exchange::{CallerId, Exchange};
use crate::state::States;

/// One application as its handlers see it. Cheap to clone.
#[derive(Clone)]
pub struct Site(Arc<Shared>);

struct Shared {
    db: Db,
    credentials: Arc<Credentials>,
    identity: Option<Identity>,
    models: Vec<&'static ModelEntry>,
    totals: Totals,
    prefix: String,
    states: States,
    env: Env,
}

impl Site {
    /// A site on this database with these models, whose routes begin with `prefix`, such as `/v1`.
    /// Without an identity, verified persons have no row.
    pub fn new(
        db: Db,
        credentials: Arc<Credentials>,
        identity: Option<Identity>,
        models: Vec<&'static ModelEntry>,
        prefix: impl Into<String>,
    ) -> Self {
        let (totals, prefix) = (Totals::default(), prefix.into());
        let (states, env) = (States::default(), Env::default());
        Self(Arc::new(Shared { db, credentials, identity, models, totals, prefix, states, env }))
    }

    /// The same with what the application was given, and the variables that it may look up.
    ///
    /// # Panics
    /// When the site has been cloned before.
    #[must_use]
    pub fn giving(mut self, states: States, env: Env) -> Self {
        let shared = Arc::get_mut(&mut self.0).expect("a site is given what it has before it is shared");
        (shared.states, shared.env) = (states, env);
        self
    }

    /// The variables that the process was started with.
    pub fn env(&self) -> &Env {
        &self.0.env
    }

    pub(crate) fn states(&self) -> &States {
        &self.0.states
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// What routes begin with, where their mount has no prefix of its own.
    pub fn prefix(&self) -> &str {
        &self.0.prefix
    }

    pub(crate) fn models(&self) -> &[&'static ModelEntry] {
        &self.0.models
    }

    pub(crate) fn totals(&self) -> &Totals {
        &self.0.totals
    }

    /// Who sends these headers; told to the access log as well.
    ///
    /// # Errors
    /// Unauthenticated, when a credential is there and does not hold.
    pub async fn caller(&self, headers: &HeaderMap) -> Result<Caller> {
        self.resolved(self.presented(headers)?).await
    }

    /// Who these headers say sends them; nobody has looked for the person's row.
    ///
    /// # Errors
    /// As [`Site::caller`].
    pub(crate) fn presented(&self, headers: &HeaderMap) -> Result<Caller> {
        self.0.credentials.verify(headers)
    }

    /// The caller with the person's row, told to the access log as well.
    pub(crate) async fn resolved(&self, mut caller: Caller) -> Result<Caller> {
        if let (Caller::User(principal), Some(identity)) = (&mut caller, &self.0.identity) {
            // Boxed, for it may have to write, and most requests need no room for that.
            Box::pin(identity.resolve(&self.0.db, principal)).await?;
        }
        if let Some(exchange) = Exchange::current() {
            exchange.set_caller(CallerId((!caller.is_anonymous()).then(|| caller.label())));
        }
        Ok(caller)
    }

    /// Who sends this request: verified when first asked for, and then known.
    ///
    /// # Errors
    /// As [`Site::caller`].
    pub(crate) async fn verified(&self, parts: &mut Parts) -> Result<Caller> {
        if let Some(Verified(caller)) = parts.extensions.get() {
            return Ok(caller.clone());
        }
        let caller = self.caller(&parts.headers).await?;
        parts.extensions.insert(Verified(caller.clone()));
        Ok(caller)
    }

    /// Runs a change to its end, also when the client goes away meanwhile.
    ///
    /// # Errors
    /// Those of the change.
    pub(crate) fn owned<T: Send + 'static>(
        &self,
        name: &'static str,
        change: impl Future<Output = Result<T>> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send {
        // Boxed at once: a change is kilobytes of state, and each layer below would copy it.
        let change = Box::pin(change);
        async move { self.own(name, change).await }
    }

    async fn own<T: Send + 'static>(
        &self,
        name: &'static str,
        change: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let exchange = Exchange::current();
        let change = async move {
            match exchange {
                Some(exchange) => exchange.scope(change).await,
                None => change.await,
            }
        };
        match self.0.db.owned().spawn(name, change).await {
            Ok(result) => result,
            Err(stopped) => match stopped.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(Error::internal(format!("the task `{name}` was ended before it was done"))),
            },
        }
    }
}

/// A caller whose credential holds, in the extensions of the request that brought it.
#[derive(Clone)]
struct Verified(Caller);
