use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// The tasks of one process: each is owned here, told to stop here and waited for here.
#[derive(Clone, Debug, Default)]
pub struct Owned(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    tracker: TaskTracker,
    token: CancellationToken,
}

impl Owned {
    /// No tasks yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `task` to its end, whoever waits for it. `name` is for the log.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that spawns")]
    pub fn spawn<T: Send + 'static>(
        &self,
        name: &'static str,
        task: impl Future<Output = T> + Send + 'static,
    ) -> JoinHandle<T> {
        tokio::spawn(self.0.tracker.track_future(task.instrument(tracing::debug_span!("task", name))))
    }

    /// Ends when [`Owned::stop`] is called: long-lived tasks watch it.
    pub fn stopping(&self) -> CancellationToken {
        self.0.token.clone()
    }

    /// Tells every task to stop and waits up to `bound` for them. Safe to call twice; whether all
    /// have ended.
    pub async fn stop(&self, bound: Duration) -> bool {
        self.0.token.cancel();
        self.0.tracker.close();
        tokio::time::timeout(bound, self.0.tracker.wait()).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stop_waits_for_what_runs_and_may_be_called_twice() {
        let owned = Owned::new();
        let stopping = owned.stopping();
        let task = owned.spawn("one", async move {
            stopping.cancelled().await;
            7
        });
        assert!(owned.stop(Duration::from_secs(5)).await);
        assert!(owned.stop(Duration::from_secs(5)).await);
        assert_eq!(task.await.unwrap(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn stop_is_bounded() {
        let owned = Owned::new();
        owned.spawn("stuck", std::future::pending::<()>());
        assert!(!owned.stop(Duration::from_secs(1)).await);
    }
}
