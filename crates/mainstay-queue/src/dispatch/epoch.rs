use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Under which name this process holds tasks. When it is taken for dead it goes on under another one: what it ran
/// until then is dropped.
pub(super) struct Epochs(Mutex<Epoch>);

struct Epoch {
    node: Uuid,
    over: CancellationToken,
}

impl Epochs {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Epoch { node: Uuid::now_v7(), over: CancellationToken::new() }))
    }

    /// Ends the one before and begins another; its name.
    pub(super) fn begin(&self) -> Uuid {
        let mut epoch = self.lock();
        epoch.over.cancel();
        *epoch = Epoch { node: Uuid::now_v7(), over: CancellationToken::new() };
        epoch.node
    }

    /// Ends it; its name.
    pub(super) fn end(&self) -> Uuid {
        let epoch = self.lock();
        epoch.over.cancel();
        epoch.node
    }

    /// Whether it goes on.
    pub(super) fn holds(&self) -> bool {
        !self.lock().over.is_cancelled()
    }

    pub(super) fn node(&self) -> Uuid {
        self.lock().node
    }

    /// The name, and what ends with it.
    pub(super) fn current(&self) -> (Uuid, CancellationToken) {
        let epoch = self.lock();
        (epoch.node, epoch.over.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Epoch> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
