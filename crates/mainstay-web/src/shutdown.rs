//! The order to stop: given once, seen everywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;

/// A handle to the process's end. Clones share one state; beginning twice is the same as once.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(Arc<State>);

#[derive(Debug, Default)]
struct State {
    /// Beside the token because each request asks, and the token answers under a lock.
    is_draining: AtomicBool,
    token: CancellationToken,
}

impl Shutdown {
    /// A process that runs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins to drain: no new connections, no new requests, readiness says so.
    pub fn begin(&self) {
        self.0.is_draining.store(true, Ordering::Release);
        self.0.token.cancel();
    }

    /// Whether draining has begun.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.0.is_draining.load(Ordering::Acquire)
    }

    /// Waits until draining begins.
    pub async fn draining(&self) {
        self.0.token.cancelled().await;
    }
}
