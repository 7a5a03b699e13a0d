use std::fmt::Display;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_nats::{HeaderMap, Subscriber};
use futures_util::StreamExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use crate::answer::read;
use crate::{CallError, Client, Operation};

/// How long to wait for an answer before it is asked again under the same id: whoever was to answer may have died.
const PATIENCE: Duration = Duration::from_secs(3);

/// A call that is about to be made. Dropped while it is awaited, it is asked no more; what was asked may still happen.
#[must_use = "nothing is called until it is awaited"]
pub struct Call<I, O, E> {
    client: Client,
    operation: Operation<I, O, E>,
    input: Result<Vec<u8>, String>,
    params: Vec<(&'static str, String)>,
    id: String,
    timeout: Duration,
    headers: HeaderMap,
}

impl<I: Serialize, O, E> Call<I, O, E> {
    pub(crate) fn new(client: Client, operation: Operation<I, O, E>, input: &I) -> Self {
        let input = serde_json::to_vec(input).map_err(|error| format!("its input is no JSON: {error}"));
        let (params, id, headers) = (Vec::new(), Uuid::new_v4().to_string(), HeaderMap::new());
        Self { client, operation, input, params, id, timeout: Duration::from_secs(30), headers }
    }

    /// The value of a parameter of its path.
    pub fn param(mut self, name: &'static str, value: impl Display) -> Self {
        self.params.push((name, value.to_string()));
        self
    }

    /// The request's id, in place of a random one: another call under it is answered the same and does nothing.
    pub fn request_id(mut self, id: impl Display) -> Self {
        self.id = id.to_string();
        self
    }

    /// How long to ask and wait; 30 s unless told. What nobody has begun by then is not begun any more.
    pub fn timeout(mut self, wait: Duration) -> Self {
        self.timeout = wait;
        self
    }

    /// Another header, which the operation and its middleware see.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl<I, O: DeserializeOwned, E: DeserializeOwned> Call<I, O, E> {
    async fn make(self) -> Result<O, CallError<E>> {
        let end = Instant::now() + self.timeout;
        let subject = self.subject()?;
        let body = self.input.clone().map_err(CallError::Malformed)?;
        let inbox = self.client.0.nats.new_inbox();
        let mut answers = self.client.0.nats.subscribe(inbox.clone()).await.map_err(|_| CallError::Closed)?;
        let headers = self.headers(&inbox);
        let mut backoff = Duration::from_millis(50);
        loop {
            let nats = &self.client.0.nats;
            let asked = nats.publish_with_headers(subject.clone(), headers.clone(), body.clone().into());
            let asked = tokio::time::timeout_at(end, asked).await;
            let asked = asked.map_err(|_| CallError::TimedOut(self.timeout))?;
            asked.map_err(|error| CallError::Malformed(error.to_string()))?;
            match next(&mut answers, end.min(Instant::now() + PATIENCE)).await {
                Some((status, body)) => match read(status, &body) {
                    Err(CallError::Refused(refusal))
                        if refusal.is_of_the_moment() && Instant::now() + backoff < end => {}
                    read => return read,
                },
                None if Instant::now() >= end => return Err(CallError::TimedOut(self.timeout)),
                None => continue,
            }
            wait(backoff.mul_f64(0.5 + fastrand::f64())).await;
            backoff = (backoff * 2).min(PATIENCE);
        }
    }

    fn subject(&self) -> Result<String, CallError<E>> {
        let subject = self.operation.subject(&self.params).map_err(CallError::Malformed)?;
        Ok(match &self.client.0.prefix {
            Some(prefix) => format!("{prefix}.{subject}"),
            None => subject,
        })
    }

    fn headers(&self, inbox: &str) -> HeaderMap {
        let mut headers = self.headers.clone();
        headers.insert("Request-Id", self.id.as_str());
        headers.insert("Reply-To", inbox);
        headers.insert("Content-Type", "application/json");
        headers.insert("Expires-At", expires(self.timeout).to_string());
        if let Some(authorization) = &self.client.0.authorization {
            headers.insert("Authorization", authorization.as_str());
        }
        headers
    }
}

impl<I, O, E> IntoFuture for Call<I, O, E>
where
    I: Send + 'static,
    O: DeserializeOwned + Send + 'static,
    E: DeserializeOwned + Send + 'static,
{
    type Output = Result<O, CallError<E>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}

/// The next answer until then: its status and its body.
async fn next(answers: &mut Subscriber, until: Instant) -> Option<(u16, Vec<u8>)> {
    let message = tokio::time::timeout_at(until, answers.next()).await.ok()??;
    let status = message.headers.as_ref()?.get("Status-Code")?.as_str().parse().ok()?;
    Some((status, message.payload.to_vec()))
}

/// When nobody waits any more, in milliseconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the server compares it with its own clock")]
fn expires(timeout: Duration) -> u128 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (now + timeout).as_millis()
}

#[expect(clippy::disallowed_methods, reason = "backing off is waiting")]
async fn wait(backoff: Duration) {
    tokio::time::sleep(backoff).await;
}
