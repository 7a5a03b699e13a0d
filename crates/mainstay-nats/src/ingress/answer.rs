use std::panic::AssertUnwindSafe;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::client::{PublishError, PublishErrorKind};
use async_nats::jetstream::{AckKind, Message};
use futures_util::FutureExt as _;
use mainstay_kernel::{Answer, Caller, Error, ErrorKind, Request, Result};
use mainstay_queue::operation::{Asked, Found, OperationKind, perform};

use super::counts::Became;
use super::request::Incoming;
use super::{Served, Shared, later, reply};
use crate::topology::HELD;

/// What becomes of a message.
pub(super) enum End {
    /// It has done what it will ever do.
    Done,
    /// It is for another process, for this one stops.
    Left,
}

/// How often a request is delivered before it is taken for one that ends its process.
const DELIVERIES: i64 = 10;

/// How long to wait before a request is tried again that could not be performed for the moment. It is held meanwhile: to
/// give it back would count as a delivery, and many of these are taken for what ends processes.
const WHEN_BACK: Duration = Duration::from_secs(2);

/// Says again and again that the message is being worked on, so that no other process is given it.
pub(super) async fn heard(message: &Message, work: impl Future<Output = End>) -> End {
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(HELD / 3, &mut work).await {
            Ok(end) => return end,
            Err(_) => {
                let _ = message.ack_with(AckKind::Progress).await;
            }
        }
    }
}

impl Shared {
    /// Answers one message.
    pub(super) async fn answer(&self, queue: &Served, message: &Message) -> End {
        let incoming = Incoming::read(queue.name, &queue.subject, message);
        let deliveries = message.info().map_or(1, |it| it.delivered);
        if self.has_expired(&incoming) {
            self.counts.count(queue.name, Became::Expired);
            return End::Done;
        }
        if deliveries > DELIVERIES {
            let path = &incoming.path;
            tracing::error!(
                queue = queue.name,
                path,
                deliveries,
                "a request ends every process that takes it"
            );
            self.fail(&incoming, &Error::internal("it was delivered too often")).await;
            return End::Done;
        }
        let stopping = self.owned.stopping();
        loop {
            let caller = self.caller(message.headers.as_ref()).await;
            match self.done(&incoming, caller).await {
                Ok(Some((answer, replayed))) => self.tell(&incoming, answer, replayed).await,
                Ok(None) => self.counts.count(queue.name, Became::SetAside),
                Err(error) if is_of_the_moment(&incoming, deliveries, &error) => {
                    if tokio::time::timeout(WHEN_BACK, stopping.cancelled()).await.is_ok() {
                        return End::Left;
                    }
                    if !self.has_expired(&incoming) {
                        continue;
                    }
                    self.counts.count(queue.name, Became::Expired);
                }
                Err(error) => self.fail(&incoming, &error).await,
            }
            return End::Done;
        }
    }

    pub(super) fn has_expired(&self, incoming: &Incoming) -> bool {
        let now = self.db.clock().now();
        matches!(incoming.expires(), Ok(Some(expires)) if expires <= now)
    }

    /// What it came to, and whether that was so before; nothing when it is set aside for later.
    async fn done(&self, incoming: &Incoming, caller: Result<Caller>) -> Result<Option<(Answer, bool)>> {
        incoming.expires()?;
        let target = incoming.target()?;
        let id = incoming.id()?;
        self.db.accept_key(id)?;
        let found = self.find(incoming)?;
        let caller = caller?;
        if let Some(target) = target.filter(|it| *it > self.db.clock().now()) {
            later::set_aside(&self.db, incoming, &caller, target).await?;
            return Ok(None);
        }
        self.perform(incoming, &found, caller).await.map(Some)
    }

    /// The operation that it calls, among those of its queue.
    pub(super) fn find(&self, incoming: &Incoming) -> Result<Found> {
        let found = self.operations.find(&incoming.path)?;
        if found.operation.entry.spec.queue == incoming.queue {
            return Ok(found);
        }
        let message = format!("there is no operation `{}` on the queue `{}`", incoming.path, incoming.queue);
        Err(Error::http(404, "not_found", message))
    }

    /// Performs it, and catches what panics.
    pub(super) async fn perform(
        &self,
        incoming: &Incoming,
        found: &Found,
        caller: Caller,
    ) -> Result<(Answer, bool)> {
        found.operation.admit(self.db.limiter(), &caller.credential()).await?;
        let input = incoming.input()?;
        let request = match found.operation.entry.spec.kind {
            OperationKind::Query => None,
            OperationKind::Mutation => {
                let path = format!("{}.{}", incoming.queue, incoming.path);
                Some(Request::keyed(incoming.id()?, &caller.label(), &path, input.as_bytes()))
            }
        };
        let asked = Asked::new(found, input, caller);
        let asked = incoming.headers.iter().fold(asked, |asked, (name, value)| asked.header(name, value));
        let running =
            perform(&self.db, &found.operation, &asked, incoming.traceparent(), request.as_ref(), |error| {
                error.is_answer().then(|| reply::told(error).answer())
            });
        match AssertUnwindSafe(running).catch_unwind().await {
            Ok(outcome) => outcome.map(|it| (it.answer, it.replayed)),
            Err(_) => {
                Err(Error::internal(format!("the operation `{}` panicked", found.operation.entry.spec.name)))
            }
        }
    }

    pub(super) async fn fail(&self, incoming: &Incoming, error: &Error) {
        let told = reply::told(error);
        let (queue, path) = (&incoming.queue, &incoming.path);
        if told.status >= 500 {
            let error: &dyn std::error::Error = error;
            tracing::error!(queue, path, id = incoming.given_id(), error, "request failed");
        } else {
            tracing::debug!(queue, path, id = incoming.given_id(), %error, "request refused");
        }
        self.tell(incoming, told.answer(), false).await;
    }

    /// Sends the answer to whoever waits for it.
    pub(super) async fn tell(&self, incoming: &Incoming, answer: Answer, replayed: bool) {
        self.counts.count(&incoming.queue, Became::of(answer.status));
        let Some(reply_to) = &incoming.reply_to else { return };
        if !self.nats.namespace().may_be_told(reply_to, &self.queues) {
            tracing::warn!(queue = incoming.queue, reply_to, "no answer is sent to such a subject");
            return;
        }
        let mut sent = self.send(incoming, reply_to, answer, replayed).await;
        if matches!(&sent, Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded) {
            tracing::error!(
                queue = incoming.queue,
                path = incoming.path,
                "an answer is larger than the broker carries"
            );
            sent = self.send(incoming, reply_to, reply::too_large().answer(), false).await;
        }
        if let Err(error) = sent {
            tracing::warn!(%error, queue = incoming.queue, "an answer could not be sent");
        }
    }

    async fn send(
        &self,
        incoming: &Incoming,
        reply_to: &str,
        answer: Answer,
        replayed: bool,
    ) -> Result<(), PublishError> {
        let mut headers = HeaderMap::new();
        if let Some(id) = incoming.given_id() {
            headers.insert("Request-Id", id);
        }
        headers.insert("Status-Code", answer.status.to_string());
        headers.insert("Content-Type", "application/json");
        if replayed {
            headers.insert("Idempotent-Replayed", "true");
        }
        self.nats.client().publish_with_headers(reply_to.to_owned(), headers, answer.body.into()).await
    }
}

/// Whether it is tried again rather than answered: nobody waits to be told, or another process is about to tell.
fn is_of_the_moment(incoming: &Incoming, deliveries: i64, error: &Error) -> bool {
    let runs_elsewhere = matches!(error.kind(), ErrorKind::RequestInProgress) && deliveries > 1;
    runs_elsewhere || (incoming.reply_to.is_none() && error.is_retryable())
}
