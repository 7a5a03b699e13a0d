//! Requests that other services publish below the subject of a queue.

mod answer;
mod counts;
mod later;
mod reply;
mod request;

use std::sync::Arc;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::AckKind;
use async_nats::jetstream::consumer::pull;
use futures_util::{FutureExt as _, StreamExt as _};
use mainstay_kernel::{Boxed, Caller, Db, Error, Owned, Result};
use mainstay_queue::Operations;
use prometheus_client::registry::Registry;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::answer::{End, heard};
use self::counts::Counts;
use self::later::Later;
use crate::headers::each;
use crate::{Nats, subject, topology};

/// Says who sends these headers: names and values, as they came.
///
/// # Errors
/// Unauthenticated, when a credential is there and does not hold.
pub type Authenticate = Arc<dyn Fn(Vec<(String, String)>) -> Boxed<'static, Result<Caller>> + Send + Sync>;

/// How long to wait before the broker is asked again, after it did not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// Answers requests that are published below the subjects of queues: `jobs.users.create`.
///
/// A request is acknowledged once what it did is committed and its answer is sent; until then the broker gives it to
/// another process when this one dies, and its id makes it happen once.
#[derive(Clone)]
pub struct Ingress(Arc<Shared>);

struct Shared {
    nats: Nats,
    db: Db,
    operations: Operations,
    authenticate: Authenticate,
    /// The queues that operations are declared on.
    queues: Vec<&'static str>,
    counts: Counts,
    owned: Owned,
}

/// A queue as it is served here.
struct Served {
    name: &'static str,
    subject: String,
    slots: Arc<Semaphore>,
    size: u32,
}

impl Ingress {
    /// One that answers nothing yet; what is set aside for later finds it on the database.
    ///
    /// # Errors
    /// Internal, when a queue with operations has a name that cannot be a subject, or the database has another one.
    pub fn new(nats: Nats, db: &Db, operations: Operations, authenticate: Authenticate) -> Result<Self> {
        let mut queues: Vec<_> = operations.iter().map(|it| it.entry.spec.queue).collect();
        queues.sort_unstable();
        queues.dedup();
        queues.iter().try_for_each(|queue| subject::can_name(queue))?;
        let (counts, owned) = (Counts::default(), Owned::new());
        let db = db.clone();
        let this = Arc::new(Shared { nats, db, operations, authenticate, queues, counts, owned });
        // Weak: the database must not hold what holds it.
        this.db.extend(Later(Arc::downgrade(&this)))?;
        Ok(Self(this))
    }

    /// The queues that operations are declared on.
    pub fn queues(&self) -> &[&'static str] {
        &self.0.queues
    }

    /// Begins to answer, on each queue so many requests at the same time as `size` says. Streams that are missing are
    /// made.
    ///
    /// # Errors
    /// Internal, when a stream or a consumer is there and is another than is needed.
    pub async fn start(&self, size: impl Fn(&str) -> u32) -> Result<()> {
        for name in &self.0.queues {
            let size = size(name).max(1);
            let subject = self.0.nats.namespace().queue(name);
            let served = Served { name, subject, size, slots: Arc::new(Semaphore::new(size as usize)) };
            if self.0.nats.is_connected() {
                topology::requests(&self.0.nats, name).await?;
            }
            self.0.owned.spawn("requests", Arc::clone(&self.0).serve(Arc::new(served)));
        }
        Ok(())
    }

    /// Takes no more requests and waits up to `bound` for those that run; whether all were answered. The others are
    /// given to another process.
    pub async fn stop(&self, bound: Duration) -> bool {
        self.0.owned.stop(bound).await
    }

    /// Takes no more requests, and does not wait for those that run.
    pub fn begin_stop(&self) {
        self.0.owned.stopping().cancel();
    }

    /// Adds what is counted of requests to an exposition.
    pub fn register(&self, registry: &mut Registry) {
        self.0.counts.register(registry);
    }
}

impl Shared {
    /// Answers what comes to this queue until the process stops.
    async fn serve(self: Arc<Self>, queue: Arc<Served>) {
        let stopping = self.owned.stopping();
        while !stopping.is_cancelled() {
            let Err(error) = self.consume(&queue).await else { continue };
            tracing::warn!(
                queue = queue.name,
                error = &error as &dyn std::error::Error,
                "requests over NATS cannot be taken; it is tried again"
            );
            if tokio::time::timeout(AGAIN, stopping.cancelled()).await.is_ok() {
                return;
            }
        }
    }

    /// Until the process stops or the connection was made anew.
    async fn consume(self: &Arc<Self>, queue: &Arc<Served>) -> Result<()> {
        let stopping = self.owned.stopping();
        let mut made_again = self.nats.made_again();
        let mut messages = topology::messages(&self.nats, queue.name, queue.size as usize).await?;
        loop {
            let slot = tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                slot = Arc::clone(&queue.slots).acquire_owned() => slot,
            };
            let Ok(slot) = slot else { break };
            let message = tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                // The broker has forgotten what was asked of it, and would be found silent only seconds later.
                _ = made_again.changed() => break,
                message = messages.next() => message,
            };
            let message =
                message.ok_or_else(|| Error::internal("the broker ended what it was delivering"))?;
            let message =
                message.map_err(|error| Error::internal("the broker delivers no more").caused_by(error))?;
            self.take(queue, message, slot);
        }
        give_back(&mut messages).await;
        Ok(())
    }

    fn take(
        self: &Arc<Self>,
        queue: &Arc<Served>,
        message: async_nats::jetstream::Message,
        slot: OwnedSemaphorePermit,
    ) {
        let (this, queue) = (Arc::clone(self), Arc::clone(queue));
        self.owned.spawn("request", async move {
            let ended = heard(&message, this.answer(&queue, &message)).await;
            let ack = match ended {
                End::Done => AckKind::Ack,
                End::Left => AckKind::Nak(None),
            };
            // One that is lost brings the request again, which is answered the same.
            if let Err(error) = message.ack_with(ack).await {
                tracing::debug!(%error, "a request could not be acknowledged");
            }
            drop(slot);
        });
    }

    async fn caller(&self, headers: Option<&HeaderMap>) -> Result<Caller> {
        let given = each(headers).map(|(name, value)| (name, value.to_owned())).collect();
        (self.authenticate)(given).await
    }
}

/// What was delivered and not begun goes to another process at once, or to this one again.
async fn give_back(messages: &mut pull::Stream) {
    while let Some(Some(Ok(message))) = messages.next().now_or_never() {
        // Else it comes when nobody has said for a while that it is being worked on.
        let _ = message.ack_with(AckKind::Nak(None)).await;
    }
}
