use std::sync::Arc;
use std::time::{Duration, Instant};

use mainstay_kernel::Result;
use mainstay_kernel::changes::{Committed, Loss, Since, Token};

use tokio::sync::broadcast;

use super::Shared;
use super::delta::{Delta, Reset, Resets};
use super::image;

/// How long after one look the next one is, at least: commits in between are told together.
const TOGETHER: Duration = Duration::from_millis(5);

/// When to look though nobody said that there is anything: others' commits are seen by this, where no hint comes.
const LOOK: std::ops::Range<u64> = 250..1000;

/// Reads what is committed and tells it, until nobody listens any more.
pub(super) struct Tail {
    feed: Arc<Shared>,
    token: Token,
    listeners: broadcast::Sender<Arc<Delta>>,
    commits: Committed,
    looked: Instant,
    /// The database does not answer, and it was said.
    away: bool,
}

impl Tail {
    pub(super) fn new(feed: &Arc<Shared>, token: Token, listeners: broadcast::Sender<Arc<Delta>>) -> Self {
        // Before the first look, so that no commit falls between the two.
        let commits = feed.db.commits();
        Self { feed: Arc::clone(feed), token, listeners, commits, looked: Instant::now(), away: false }
    }

    pub(super) async fn run(mut self) {
        let stopping = self.feed.db.owned().stopping();
        tokio::select! {
            () = self.read_on() => {}
            () = stopping.cancelled() => {}
        }
    }

    async fn read_on(&mut self) {
        loop {
            self.looked = Instant::now();
            match self.look().await {
                Ok(delta) => {
                    self.away = false;
                    self.token.clone_from(&delta.token);
                    if !self.feed.tell(delta) {
                        return;
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut self.away, true) {
                        let error: &dyn std::error::Error = &error;
                        tracing::warn!(error, "changes cannot be read; it is tried again");
                    }
                }
            }
            self.pause().await;
        }
    }

    /// What was committed since the last look.
    async fn look(&self) -> Result<Delta> {
        let (db, models) = (&self.feed.db, &self.feed.models);
        Ok(match db.changes(&self.token, self.feed.options.most).await? {
            Since::Changes(changes, token) => image::delta(models, &changes, token),
            Since::TooMany(touched, token) => {
                let ours = models.keys().filter(|it| touched.contains(**it));
                let resets = Resets::Models(ours.map(|it| (*it, Reset::TooMany)).collect());
                Delta { resets, ..Delta::nothing(token) }
            }
            Since::Lost(loss) => {
                let why = match loss {
                    Loss::Expired => Reset::Expired,
                    Loss::Foreign => Reset::Foreign,
                    Loss::TooSlow => Reset::TooMany,
                };
                tracing::warn!(%why, "what was committed cannot be told: all live queries start again");
                Delta::everything(Token::of(&db.reader()).await?, why)
            }
        })
    }

    /// Until there may be something: a commit here, a hint of another process', or the time to look.
    #[expect(clippy::disallowed_methods, reason = "a poll waits")]
    async fn pause(&mut self) {
        let hints = self.feed.db.hints();
        let hinted = async {
            match &hints {
                Some(hints) => hints.heard().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.commits.next() => {}
            () = hinted => {}
            () = self.feed.left.notified() => {}
            () = tokio::time::sleep(Duration::from_millis(fastrand::u64(LOOK))) => {}
        }
        let soon = TOGETHER.saturating_sub(self.looked.elapsed());
        if !soon.is_zero() {
            tokio::time::sleep(soon).await;
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.feed.end(&self.listeners);
    }
}
