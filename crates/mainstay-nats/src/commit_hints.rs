//! Words between processes of one database that something was committed, so that live queries need not wait for a poll.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use mainstay_kernel::changes::Hints;
use mainstay_kernel::{Db, Error, Id, Owned, Result};
use tokio::sync::Notify;

use crate::Nats;

/// How long one word speaks for all commits: those who hear it read them together.
const TOGETHER: Duration = Duration::from_millis(5);

/// How long to wait before the broker is asked again.
const AGAIN: Duration = Duration::from_secs(1);

/// Tells the other processes of a database of commits here, and this one of theirs. The words are kept nowhere: one that
/// is lost is made up for by a poll.
pub struct CommitHints(Owned);

struct Shared {
    nats: Nats,
    subject: String,
    /// Who this process is, to leave out its own words.
    origin: Bytes,
    told: Notify,
    heard: Notify,
}

impl CommitHints {
    /// Begins to tell and to listen, for this database.
    ///
    /// # Errors
    /// Internal, when the database has hints already; unavailable, when it is away.
    pub async fn start(nats: Nats, db: &Db) -> Result<Self> {
        let subject = nats.namespace().changes(&db.identity().await?.simple().to_string());
        let origin = Bytes::from(Id::<()>::new().to_string());
        let shared = Arc::new(Shared { nats, subject, origin, told: Notify::new(), heard: Notify::new() });
        db.hint_by(Arc::clone(&shared) as Arc<dyn Hints>)?;
        let owned = Owned::new();
        owned.spawn("tell of commits", Arc::clone(&shared).tell_on(owned.clone()));
        owned.spawn("hear of commits", shared.listen(owned.clone()));
        Ok(Self(owned))
    }

    /// Tells and hears no more, and does not wait.
    pub fn begin_stop(&self) {
        self.0.stopping().cancel();
    }

    /// Tells and hears no more; whether it ended in time.
    pub async fn stop(&self, bound: Duration) -> bool {
        self.0.stop(bound).await
    }
}

impl Hints for Shared {
    fn tell(&self) {
        self.told.notify_one();
    }

    fn heard(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.heard.notified())
    }
}

impl Shared {
    async fn tell_on(self: Arc<Self>, owned: Owned) {
        let stopping = owned.stopping();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = self.told.notified() => {}
            }
            // While there is no broker nobody hears, and what waits to be sent would only grow.
            if self.nats.is_connected()
                && let Err(error) =
                    self.nats.client().publish(self.subject.clone(), self.origin.clone()).await
            {
                tracing::debug!(%error, "nobody was told of a commit");
            }
            let _ = tokio::time::timeout(TOGETHER, stopping.cancelled()).await;
        }
    }

    async fn listen(self: Arc<Self>, owned: Owned) {
        let stopping = owned.stopping();
        loop {
            let ended = tokio::select! {
                () = stopping.cancelled() => return,
                ended = self.hear_on() => ended,
            };
            if let Err(error) = ended {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, "commits of other processes are not heard of; it is tried again");
            }
            if tokio::time::timeout(AGAIN, stopping.cancelled()).await.is_ok() {
                return;
            }
        }
    }

    async fn hear_on(&self) -> Result<()> {
        let subscribed = self.nats.client().subscribe(self.subject.clone()).await;
        let mut words = subscribed
            .map_err(|error| Error::internal("the broker takes no subscription").caused_by(error))?;
        while let Some(word) = words.next().await {
            if word.payload != self.origin {
                self.heard.notify_one();
            }
        }
        Ok(())
    }
}
