use std::fmt::Display;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mainstay_kernel::{Caller, Db, Error, ErrorKind, Request, Result};
use serde::de::DeserializeOwned;

use super::spec::mounted;
use super::{Asked, Found, Operation, perform};

/// Calls operations from within the process, as they are called over HTTP.
#[derive(Clone)]
pub struct Client(Arc<Within>);

struct Within {
    db: Db,
    caller: Caller,
}

impl Client {
    /// One that calls for the framework itself.
    pub fn new(db: &Db) -> Self {
        Self(Arc::new(Within { db: db.clone(), caller: Caller::System }))
    }

    /// One that calls for somebody else.
    #[must_use]
    pub fn acting_for(&self, caller: Caller) -> Self {
        Self(Arc::new(Within { db: self.0.db.clone(), caller }))
    }

    /// Calls an operation, such as `create_user`. Nothing happens until it is awaited.
    pub fn call<O: Operation>(&self, _: O, input: O::Input) -> Call<O> {
        let input = serde_json::to_string(&input)
            .map_err(|error| Error::internal("an operation's input cannot be written").caused_by(error));
        Call {
            client: self.clone(),
            input,
            params: Vec::new(),
            request: None,
            timeout: None,
            of: PhantomData,
        }
    }
}

/// A call that is about to be made.
#[must_use = "nothing is called until it is awaited"]
pub struct Call<O> {
    client: Client,
    input: Result<String>,
    params: Vec<(String, String)>,
    request: Option<String>,
    timeout: Option<Duration>,
    of: PhantomData<fn() -> O>,
}

impl<O: Operation> Call<O> {
    /// The value of a parameter of its path.
    pub fn param(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.params.push((name.into(), value.to_string()));
        self
    }

    /// The request's id: a repeat under the same one is answered the same and does nothing.
    pub fn request_id(mut self, id: impl Display) -> Self {
        self.request = Some(id.to_string());
        self
    }

    /// How long to wait. A mutation that takes longer may still commit.
    pub fn timeout(mut self, wait: Duration) -> Self {
        self.timeout = Some(wait);
        self
    }

    async fn make(self) -> Result<O::Output>
    where
        O::Output: DeserializeOwned,
    {
        let Self { client, input, params, request, timeout, .. } = self;
        let Within { db, caller } = &*client.0;
        let found = Found { operation: mounted::<O>(db)?, params: params.into_iter().collect() };
        found.operation.admit(db.limiter(), &caller.credential()).await?;
        let asked = Asked::new(&found, input?, caller.clone());
        let request = request.map(|id| {
            let path = format!("operation {}", O::SPEC.path);
            Request::keyed(&id, &caller.label(), &path, asked.input_text().as_bytes())
        });
        let running = perform(db, &found.operation, &asked, None, request.as_ref(), |_| None);
        let outcome = match timeout {
            Some(wait) => tokio::time::timeout(wait, running).await.map_err(|_| slow(wait))??,
            None => running.await?,
        };
        serde_json::from_slice(&outcome.answer.body)
            .map_err(|error| Error::internal("an operation's output has another shape").caused_by(error))
    }
}

impl<O: Operation<Output: DeserializeOwned>> IntoFuture for Call<O> {
    type Output = Result<O::Output>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<O::Output>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}

fn slow(wait: Duration) -> Error {
    Error::new(ErrorKind::TooSlow(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)))
}
