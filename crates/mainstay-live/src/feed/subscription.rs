use std::sync::Arc;

use mainstay_kernel::changes::Token;
use tokio::sync::broadcast::{self, error::RecvError};

use super::delta::{Delta, Reset};
use super::{Feed, Running};

/// Hears what is committed to live models. Dropped, it listens no more.
pub struct Subscription {
    feed: Feed,
    since: Token,
    deltas: Option<broadcast::Receiver<Arc<Delta>>>,
}

impl Subscription {
    pub(super) fn new(feed: &Feed, running: &Running) -> Self {
        let deltas = Some(running.listeners.subscribe());
        Self { feed: feed.clone(), since: running.told.clone(), deltas }
    }

    /// From where on it hears everything.
    pub fn since(&self) -> &Token {
        &self.since
    }

    /// The next delta, in the order of the commits; none when the database is closed. A listener that fell too far behind
    /// is told so by one that resets everything, and goes on from there.
    pub async fn next(&mut self) -> Option<Arc<Delta>> {
        match self.deltas.as_mut()?.recv().await {
            Ok(delta) => Some(delta),
            Err(RecvError::Closed) => None,
            Err(RecvError::Lagged(_)) => self.go_on(),
        }
    }

    /// Listens anew, from what was told last.
    fn go_on(&mut self) -> Option<Arc<Delta>> {
        let running = self.feed.0.running();
        let running = running.as_ref()?;
        self.deltas = Some(running.listeners.subscribe());
        Some(Arc::new(Delta::everything(running.told.clone(), Reset::Behind)))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // Whoever looks for listeners must not find this one.
        self.deltas = None;
        self.feed.0.left.notify_one();
    }
}
