use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_nats::HeaderMap;
use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{PullConsumer, pull};
use futures_util::{FutureExt as _, StreamExt as _};
use mainstay_kernel::work::{Pointer, TaskId};
use mainstay_kernel::{Boxed, Error, Owned, Result};
use mainstay_queue::{Broker, Received};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use crate::{Nats, topology};

/// How many pointers wait here to be sent. What is committed beyond that is claimed in the database.
const WAITING: usize = 1024;

/// Which task is to be run, from the process that committed it to one with room.
pub struct Pointers {
    nats: Nats,
    outgoing: mpsc::Sender<(String, Pointer)>,
    queues: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Asked>>>>,
    _owned: Owned,
}

/// What was asked of the broker for one queue.
struct Asked {
    made_again: watch::Receiver<u64>,
    consumer: Option<PullConsumer>,
    batch: Option<pull::Batch>,
}

/// A pointer as it is sent.
#[derive(Serialize, Deserialize)]
struct Written {
    task: TaskId,
    attempt: u32,
}

impl Pointers {
    /// Over this connection.
    pub fn new(nats: Nats) -> Self {
        let (outgoing, waiting) = mpsc::channel(WAITING);
        let owned = Owned::new();
        owned.spawn("pointers out", send(nats.clone(), waiting));
        Self { nats, outgoing, queues: Mutex::default(), _owned: owned }
    }

    fn asked(&self, queue: &str) -> Arc<tokio::sync::Mutex<Asked>> {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(
            queues.entry(queue.to_owned()).or_insert_with(|| Arc::new(Asked::nothing(&self.nats).into())),
        )
    }
}

impl Broker for Pointers {
    fn is_there(&self) -> bool {
        self.nats.is_connected() && self.outgoing.capacity() > 0
    }

    fn send(&self, queue: &str, pointer: Pointer) {
        if self.outgoing.try_send((queue.to_owned(), pointer)).is_err() {
            tracing::debug!(task = %pointer.task, "no pointer is sent: the task is claimed in the database soon");
        }
    }

    fn receive<'b>(&'b self, queue: &'b str, most: usize) -> Boxed<'b, Result<Vec<Received>>> {
        Box::pin(async move {
            let asked = self.asked(queue);
            let mut asked = asked.lock().await;
            let mut made_again = asked.made_again.clone();
            let received = tokio::select! {
                biased;
                received = asked.receive(&self.nats, queue, most) => received,
                // The broker has forgotten what was asked of it.
                _ = made_again.changed() => {
                    *asked = Asked::nothing(&self.nats);
                    return Ok(Vec::new());
                }
            };
            if received.is_err() {
                *asked = Asked::nothing(&self.nats);
            }
            received
        })
    }
}

impl Asked {
    fn nothing(nats: &Nats) -> Self {
        Self { made_again: nats.made_again(), consumer: None, batch: None }
    }

    async fn receive(&mut self, nats: &Nats, queue: &str, most: usize) -> Result<Vec<Received>> {
        let consumer = match &mut self.consumer {
            Some(consumer) => consumer,
            none => none.insert(topology::pointers(nats, queue).await?),
        };
        let batch = match &mut self.batch {
            Some(batch) => batch,
            none => none.insert(topology::some(consumer, most).await?),
        };
        let mut received = Vec::new();
        let mut next = batch.next().await;
        while let Some(message) = next {
            let message = message.map_err(|error| Error::internal("no pointers arrive").caused_by(error))?;
            received.push(read(message));
            if received.len() == most {
                return Ok(received);
            }
            let Some(ready) = batch.next().now_or_never() else { return Ok(received) };
            next = ready;
        }
        // It has brought what it was asked for, or its time is over.
        self.batch = None;
        Ok(received)
    }
}

fn read(message: Message) -> Received {
    let written: Option<Written> = serde_json::from_slice(&message.payload).ok();
    if written.is_none() {
        tracing::warn!(subject = %message.subject, "what came as a pointer to a task is none");
    }
    Received {
        pointer: written.map(|it| Pointer { task: it.task, attempt: it.attempt }),
        done: Box::new(move || {
            Box::pin(async move {
                // One that is lost brings the pointer again, to a task that is gone.
                if let Err(error) = message.ack().await {
                    tracing::debug!(%error, "a pointer could not be acknowledged");
                }
            })
        }),
    }
}

/// Sends pointers until nobody has any more. They are not waited for: one that does not arrive costs seconds.
async fn send(nats: Nats, mut waiting: mpsc::Receiver<(String, Pointer)>) {
    while let Some((queue, Pointer { task, attempt })) = waiting.recv().await {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", format!("{task}.{attempt}"));
        let Ok(body) = serde_json::to_vec(&Written { task, attempt }) else { continue };
        let subject = nats.namespace().pointers(&queue);
        if let Err(error) = nats.client().publish_with_headers(subject, headers, body.into()).await {
            tracing::debug!(%error, %task, "a pointer could not be sent");
        }
    }
}
