//! What others publish: each message becomes a task for whoever subscribes, in one transaction with the mark that it did.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::pull;
use futures_util::{FutureExt as _, StreamExt as _};
use mainstay_kernel::{Caller, Db, Error, Owned, Result, write_tx};
use mainstay_queue::{Delivered, JobName, Subscriptions, hand_over};

use serde::de::IgnoredAny;

use crate::headers::header;
use crate::outgoing::ORIGIN;
use crate::{Nats, Outgoing, topology};

/// How long to wait before the broker is asked again, after it did not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// How many messages are taken together.
const TOGETHER: usize = 100;

/// For how long a message that is delivered again is known.
const KNOWN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Gives workers what other services publish under the subjects that they subscribe to.
pub struct Incoming(Owned);

/// A worker and what it subscribes to.
struct Subscription {
    nats: Nats,
    db: Db,
    app: String,
    origin: String,
    pattern: String,
    job: JobName,
}

impl Incoming {
    /// Begins to listen for the application of this name, whose own messages are left out: its workers have them from
    /// the transaction that published them.
    pub fn start(nats: &Nats, db: &Db, app: &str, outgoing: &Outgoing) -> Self {
        let owned = Owned::new();
        let subscriptions = db.extension::<Subscriptions>();
        for (pattern, job) in subscriptions.iter().flat_map(|it| it.patterns()) {
            let (nats, db, app) = (nats.clone(), db.clone(), app.to_owned());
            let (origin, pattern) = (outgoing.origin().to_owned(), pattern.to_owned());
            let subscription = Arc::new(Subscription { nats, db, app, origin, pattern, job });
            owned.spawn("subscription", subscription.serve(owned.clone()));
        }
        Self(owned)
    }

    /// Takes no more messages, and does not wait.
    pub fn begin_stop(&self) {
        self.0.stopping().cancel();
    }

    /// Takes no more messages and waits up to `bound` for those that were taken; whether all became tasks.
    pub async fn stop(&self, bound: Duration) -> bool {
        self.0.stop(bound).await
    }
}

impl Subscription {
    async fn serve(self: Arc<Self>, owned: Owned) {
        let stopping = owned.stopping();
        loop {
            let ended = tokio::select! {
                () = stopping.cancelled() => return,
                ended = self.consume() => ended,
            };
            let Err(error) = ended else { continue };
            tracing::warn!(
                subject = self.pattern,
                error = &error as &dyn std::error::Error,
                "messages cannot be taken; it is tried again"
            );
            if tokio::time::timeout(AGAIN, stopping.cancelled()).await.is_ok() {
                return;
            }
        }
    }

    /// Until the connection was made anew: the broker has forgotten what was asked of it then.
    async fn consume(&self) -> Result<()> {
        let name = format!("{}-{}", self.app, self.job.name).replace('.', "-");
        let mut made_again = self.nats.made_again();
        let mut messages = topology::subscription(&self.nats, &self.pattern, &name, TOGETHER).await?;
        loop {
            let batch = tokio::select! {
                // What is here already is not delivered anew for seconds.
                biased;
                batch = together(&mut messages) => batch?,
                _ = made_again.changed() => return Ok(()),
            };
            self.hand_over(&batch).await?;
            for message in batch {
                // One that is lost brings the message again, which is known then.
                let _ = message.ack().await;
            }
        }
    }

    /// All of them in one transaction.
    async fn hand_over(&self, batch: &[Message]) -> Result<()> {
        let texts: Vec<_> = batch.iter().filter_map(|it| self.read(it)).collect();
        if texts.is_empty() {
            return Ok(());
        }
        let until = self.db.clock().now().plus(KNOWN);
        write_tx!(self.db, |tx| {
            tx.act_for(&Caller::Anonymous);
            for (subject, id, message) in &texts {
                hand_over(tx, self.job, Delivered { subject, id, message }, until).await?;
            }
            Ok(())
        })
        .await
    }

    /// Its subject, its identity and its text; none of what is our own, or no JSON.
    fn read(&self, message: &Message) -> Option<(String, String, String)> {
        if header(message.headers.as_ref(), ORIGIN) == Some(self.origin.as_str()) {
            return None;
        }
        let text = std::str::from_utf8(&message.payload).ok();
        let Some(text) = text.filter(|it| serde_json::from_str::<IgnoredAny>(it).is_ok()) else {
            tracing::warn!(subject = %message.subject, "a message that is no JSON is left out");
            return None;
        };
        let info = message.info().ok()?;
        // A stream that was restored counts from an earlier number again.
        let id =
            format!("{}.{}.{}", info.stream, info.stream_sequence, info.published.unix_timestamp_nanos());
        let subject = self.nats.namespace().within(&message.subject)?;
        Some((subject.to_owned(), id, text.to_owned()))
    }
}

/// The next message, and those that are there with it.
async fn together(messages: &mut pull::Stream) -> Result<Vec<Message>> {
    let mut batch = Vec::new();
    let mut next = messages.next().await;
    while let Some(message) = next {
        batch.push(message.map_err(|error| Error::internal("no messages are delivered").caused_by(error))?);
        if batch.len() == TOGETHER {
            break;
        }
        let Some(ready) = messages.next().now_or_never() else { break };
        next = ready;
    }
    if batch.is_empty() {
        return Err(Error::internal("the broker ended what it was delivering"));
    }
    Ok(batch)
}
