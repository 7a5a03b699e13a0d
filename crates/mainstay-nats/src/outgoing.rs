//! What an application publishes. A message is a task until the broker has it on disk: sent until it is acknowledged,
//! kept for as long as the broker may lose what it acknowledged, and sent again when it did.

use std::collections::HashSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_nats::jetstream::context::{GetStreamByNameErrorKind, PublishErrorKind};
use async_nats::jetstream::publish::PublishAck;
use async_nats::{HeaderMap, client};
use futures_util::future::join_all;
use mainstay_kernel::{Boxed, Db, Error, Place, Result, write_tx};
use mainstay_queue::{
    Job, JobName, Outlet, Published, Run, Scheduler as _, TaskCx, WorkError, Worked, Worker, WorkerEntry,
    WorkerSpec, worked,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Nats;

/// How long a broker may take to write to disk what it acknowledged: NATS does so every two minutes unless told
/// otherwise (`sync_interval`). A message is kept twice as long.
const SYNC: Duration = Duration::from_secs(120);

/// How long to wait for the broker before the messages are left to another process.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the broker has to acknowledge.
const ACKNOWLEDGED: Duration = Duration::from_secs(5);

/// How many messages are sent together.
const TOGETHER: u32 = 200;

/// By which our own messages are told from others'.
pub(crate) const ORIGIN: &str = "Mainstay-Origin";

const QUEUE: &str = "mainstay-messages";

/// Sends what an application publishes. On its database as long as it is held.
pub struct Outgoing(Arc<Sender>);

struct Sender {
    nats: Nats,
    origin: String,
}

/// What the database knows of what sends.
struct Attached(Weak<Sender>);

impl Outgoing {
    /// Has what is published on this database sent over this connection; never into the subjects of these queues.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn attach(nats: Nats, db: &Db, app: &str, queues: Vec<&'static str>) -> Result<Self> {
        let namespace = nats.namespace().clone();
        let refuses = Box::new(move |subject: &str| {
            let whole = namespace.queue(subject);
            let may = namespace.may_be_told(&whole, &queues);
            (!may).then(|| "it is kept for the requests and tasks of this application".to_owned())
        });
        db.extend(Outlet { sender: Send::JOB, refuses })?;
        let sender = Arc::new(Sender { nats, origin: format!("{app}@{}", db.identity().await?) });
        db.extend(Attached(Arc::downgrade(&sender)))?;
        Ok(Self(sender))
    }

    /// Whose messages are ours.
    pub(crate) fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The queue of [`Outgoing::workers`].
    pub const QUEUE: &str = QUEUE;

    /// What sends, and what looks again: two of the workers of the process.
    pub fn workers() -> [WorkerEntry; 2] {
        [WorkerEntry::of::<Send>(), WorkerEntry::of::<Confirm>()]
    }
}

/// Sends messages, and waits until the broker has them.
#[derive(Clone, Copy)]
struct Send;

impl Job for Send {
    type Input = Published;
    const JOB: JobName = JobName { queue: QUEUE, name: "mainstay.send", version: 1 };
}

impl Worker for Send {
    const SPEC: WorkerSpec = WorkerSpec {
        queue: QUEUE,
        batch: TOGETHER,
        concurrency: Some(1),
        summary: "sends what was published to the broker",
        ..WorkerSpec::new(Self::JOB.name, Place::at(file!(), line!()))
    };
    const RUN: Run = Run::Batch(send);
}

/// A message that the broker has acknowledged, and where it has it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
struct Acknowledged {
    id: String,
    stream: String,
    sequence: u64,
    message: Published,
}

/// Looks whether the broker still has what it acknowledged.
#[derive(Clone, Copy)]
struct Confirm;

impl Job for Confirm {
    type Input = Acknowledged;
    const JOB: JobName = JobName { queue: QUEUE, name: "mainstay.confirm", version: 1 };
}

impl Worker for Confirm {
    const SPEC: WorkerSpec = WorkerSpec {
        queue: QUEUE,
        batch: TOGETHER,
        concurrency: Some(1),
        summary: "looks whether the broker has on disk what it acknowledged",
        ..WorkerSpec::new(Self::JOB.name, Place::at(file!(), line!()))
    };
    const RUN: Run = Run::Batch(confirm);
}

fn send<'t>(tasks: &'t [TaskCx]) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let sender = connected(tasks).await?;
        let messages: Vec<Published> = TaskCx::inputs(tasks)?;
        let named = tasks.iter().map(|it| it.id().to_string()).zip(messages).collect();
        let sent = sender.send_all(named).await.map_err(|error| alone(error, tasks))?;
        keep(tasks[0].db(), sent).await?;
        worked(&())
    })
}

/// What cannot be sent at all stops no other: each is tried again by itself first.
fn alone(error: Unsent, tasks: &[TaskCx]) -> WorkError {
    match error {
        Unsent::Away => WorkError::snooze(Duration::from_secs(1)),
        Unsent::TooLarge(error) if tasks.len() > 1 => WorkError::retry(error),
        Unsent::TooLarge(error) => WorkError::permanent(error),
    }
}

fn confirm<'t>(tasks: &'t [TaskCx]) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let sender = connected(tasks).await?;
        let mut gone = Vec::new();
        for acknowledged in TaskCx::inputs::<Acknowledged>(tasks)? {
            if sender.has_lost(&acknowledged).await? {
                gone.push((acknowledged.id, acknowledged.message));
            }
        }
        if !gone.is_empty() {
            tracing::warn!(
                messages = gone.len(),
                "the broker lost what it had acknowledged: it is sent again"
            );
            let sent = sender.send_all(gone).await.map_err(|error| alone(error, tasks))?;
            keep(tasks[0].db(), sent).await?;
        }
        worked(&())
    })
}

/// What sends, once the broker is there. While it is not nobody else tries, and no attempt counts.
async fn connected(tasks: &[TaskCx]) -> Result<Arc<Sender>, WorkError> {
    let sender = tasks[0].db().extension::<Attached>().and_then(|it| it.0.upgrade());
    let sender = sender.ok_or_else(|| WorkError::snooze(Duration::from_secs(5)))?;
    if sender.nats.until_connected(PATIENCE).await {
        Ok(sender)
    } else {
        Err(WorkError::snooze(Duration::from_secs(1)))
    }
}

/// Leaves each for another look when the broker has had time to write it to disk.
async fn keep(db: &Db, all: Vec<Acknowledged>) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    write_tx!(db, |tx| {
        for acknowledged in &all {
            tx.enqueue(Confirm, acknowledged.clone()).after(2 * SYNC).await?;
        }
        Ok(())
    })
    .await
}

impl Sender {
    /// Sends them; those that a stream keeps.
    async fn send_all(&self, messages: Vec<(String, Published)>) -> Result<Vec<Acknowledged>, Unsent> {
        let kept = self.kept(&messages).await?;
        let sent = messages.into_iter().map(async |(id, message)| {
            if !kept.contains(&message.subject) {
                return self.tell(&id, &message).await.map(|()| None);
            }
            let PublishAck { stream, sequence, .. } = self.send(&id, &message).await?;
            Ok(Some(Acknowledged { id, stream, sequence, message }))
        });
        let sent: Result<Vec<_>, Unsent> = join_all(sent).await.into_iter().collect();
        Ok(sent?.into_iter().flatten().collect())
    }

    /// The subjects of these messages that a stream keeps.
    async fn kept(&self, messages: &[(String, Published)]) -> Result<HashSet<String>, Unsent> {
        let subjects: HashSet<_> = messages.iter().map(|(_, message)| message.subject.clone()).collect();
        let looked = subjects.into_iter().map(async |subject| {
            let whole = self.nats.namespace().queue(&subject);
            match self.nats.jetstream().stream_by_subject(whole).await {
                Ok(_) => Ok(Some(subject)),
                Err(error) if error.kind() == GetStreamByNameErrorKind::NotFound => Ok(None),
                Err(error) => Err(away(error)),
            }
        });
        let kept: Result<Vec<_>, Unsent> = join_all(looked).await.into_iter().collect();
        Ok(kept?.into_iter().flatten().collect())
    }

    /// Sends it to whoever listens now.
    async fn tell(&self, id: &str, message: &Published) -> Result<(), Unsent> {
        let (subject, body) = (self.nats.namespace().queue(&message.subject), message.message.clone());
        let told = self.nats.client().publish_with_headers(subject, self.headers(id, message), body.into());
        told.await.map_err(|error| {
            let is_too_large = error.kind() == client::PublishErrorKind::MaxPayloadExceeded;
            if is_too_large { too_large(error) } else { away(error) }
        })
    }

    /// Sends it to the stream that keeps it.
    async fn send(&self, id: &str, message: &Published) -> Result<PublishAck, Unsent> {
        let (subject, body) = (self.nats.namespace().queue(&message.subject), message.message.clone());
        let jetstream = self.nats.jetstream();
        let sent = jetstream.publish_with_headers(subject, self.headers(id, message), body.into());
        let acknowledged = match sent.await {
            Ok(sent) => {
                tokio::time::timeout(ACKNOWLEDGED, sent).await.map_err(|_| away("it did not answer"))?
            }
            Err(error) => Err(error),
        };
        acknowledged.map_err(|error| {
            let is_too_large = error.kind() == PublishErrorKind::MaxPayloadExceeded;
            if is_too_large { too_large(error) } else { away(error) }
        })
    }

    fn headers(&self, id: &str, message: &Published) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", id);
        headers.insert("Content-Type", "application/json");
        headers.insert(ORIGIN, self.origin.as_str());
        if let Some(traceparent) = &message.traceparent {
            headers.insert("traceparent", traceparent.as_str());
        }
        headers
    }

    /// Whether the stream is behind where it was when it acknowledged the message, or has another one in its place.
    async fn has_lost(&self, acknowledged: &Acknowledged) -> Result<bool, WorkError> {
        let Ok(stream) = self.nats.jetstream().get_stream(&acknowledged.stream).await else {
            // Somebody deleted it: nobody wants to have it any more.
            return Ok(false);
        };
        let state = &stream.cached_info().state;
        if state.last_sequence < acknowledged.sequence {
            return Ok(true);
        }
        if state.first_sequence > acknowledged.sequence {
            return Ok(false);
        }
        let Ok(there) = stream.get_raw_message(acknowledged.sequence).await else {
            // It was taken out, as what somebody has worked off.
            return Ok(false);
        };
        let id = there.headers.get("Nats-Msg-Id").map(|it| it.as_str().to_owned());
        Ok(id.as_deref() != Some(acknowledged.id.as_str()))
    }
}

/// Why a message was not sent.
enum Unsent {
    /// The broker is away: this attempt does not count.
    Away,
    /// The broker takes none so large.
    TooLarge(Error),
}

type Cause = Box<dyn std::error::Error + std::marker::Send + Sync>;

fn too_large(cause: impl Into<Cause>) -> Unsent {
    Unsent::TooLarge(Error::internal("the broker takes no message so large (max_payload)").caused_by(cause))
}

fn away(cause: impl Into<Cause>) -> Unsent {
    let error = Error::internal("the broker did not take a message").caused_by(cause);
    tracing::warn!(error = &error as &dyn std::error::Error, "it is sent again");
    Unsent::Away
}
