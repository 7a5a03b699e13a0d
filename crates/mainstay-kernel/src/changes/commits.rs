use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

use crate::{Error, Result};

/// Tells processes of each other's commits, so that none has to look. It may lose what it likes: everybody looks now
/// and then.
pub trait Hints: Send + Sync {
    /// Something was committed here. Called for each commit: it does not wait, and may send one word for many.
    fn tell(&self);

    /// Waits until another process has told since this was last asked.
    fn heard(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The commits of this process.
pub(crate) struct Commits {
    count: watch::Sender<u64>,
    hints: OnceLock<Arc<dyn Hints>>,
}

/// Waits for commits of this process. Those that come while nobody waits are not forgotten.
#[derive(Debug)]
pub struct Committed(watch::Receiver<u64>);

impl Commits {
    pub(crate) fn new() -> Self {
        Self { count: watch::Sender::new(0), hints: OnceLock::new() }
    }

    /// Something was committed.
    pub(crate) fn ring(&self) {
        // Nobody may listen, and most processes have nobody who does.
        if self.count.receiver_count() > 0 {
            self.count.send_modify(|it| *it = it.wrapping_add(1));
        }
        if let Some(hints) = self.hints.get() {
            hints.tell();
        }
    }

    pub(crate) fn listen(&self) -> Committed {
        Committed(self.count.subscribe())
    }

    pub(crate) fn attach(&self, hints: Arc<dyn Hints>) -> Result<()> {
        self.hints.set(hints).map_err(|_| Error::internal("this database has hints already"))
    }

    pub(crate) fn hints(&self) -> Option<Arc<dyn Hints>> {
        self.hints.get().cloned()
    }
}

impl Committed {
    /// Waits until something has been committed since this was last awaited. For ever, when the database is gone.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
