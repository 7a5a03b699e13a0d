//! How far tasks have come, as their workers say: the last word of each, written together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use mainstay_kernel::work::{Progress, TaskId};
use mainstay_kernel::{Db, Result};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Shared;

/// How long after one write the next one follows, however much is said.
const EVERY: Duration = Duration::from_millis(250);

/// What was said and is not written yet.
#[derive(Default)]
pub(crate) struct Reports {
    said: Mutex<HashMap<TaskId, Progress>>,
    /// Held while some of it is written: an older word does not overtake a newer one.
    writing: tokio::sync::Mutex<()>,
    bell: Notify,
}

impl Reports {
    /// Takes a task's last word; the one before it need not be written any more.
    pub(crate) fn say(&self, progress: Progress) {
        self.said().insert(progress.task, progress);
        self.bell.notify_one();
    }

    /// Forgets a task that has ended well: its last word is with what it gave.
    pub(super) fn forget(&self, task: TaskId) {
        self.said().remove(&task);
    }

    /// Writes what was said. What cannot be written is forgotten: more will be said, or the task ends.
    pub(super) async fn write(&self, db: &Db) -> Result<()> {
        let _turn = self.writing.lock().await;
        let said: Vec<_> = std::mem::take(&mut *self.said()).into_values().collect();
        if said.is_empty() { Ok(()) } else { db.note_progress(&said).await }
    }

    fn said(&self) -> MutexGuard<'_, HashMap<TaskId, Progress>> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes what is said until the process stops.
pub(super) async fn run(shared: Weak<Shared>, reports: Arc<Reports>, stopping: CancellationToken) {
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = reports.bell.notified() => {}
        }
        let Some(shared) = shared.upgrade() else { return };
        if let Err(error) = reports.write(&shared.db).await {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "how far tasks have come could not be written"
            );
        }
        drop(shared);
        tokio::select! {
            () = stopping.cancelled() => return,
            () = pause() => {}
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a rate is kept by waiting")]
async fn pause() {
    tokio::time::sleep(EVERY).await;
}
