use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Turnstile, OwnedMutexGuard};
use uuid::Uuid;

use crate::{Error, ErrorKind, Result};

/// The requests that run in this process now. A duplicate waits for its turn, then finds the
/// first one's answer instead of doing the work again.
#[derive(Debug, Default)]
pub(crate) struct InFlight(Mutex<HashMap<Uuid, Arc<Turnstile<()>>>>);

/// The right to run one request; given back when dropped.
pub(crate) struct Turn<'a> {
    requests: &'a InFlight,
    id: Uuid,
    guard: Option<OwnedMutexGuard<()>>,
    /// Whether another run of the same request ended just before this turn.
    pub(crate) waited: bool,
}

impl InFlight {
    /// Waits until no other run of this request is on its way.
    pub(crate) async fn enter(&self, id: Uuid, wait: Duration) -> Result<Turn<'_>> {
        let turnstile = Arc::clone(self.lock().entry(id).or_default());
        if let Ok(guard) = Arc::clone(&turnstile).try_lock_owned() {
            return Ok(Turn { requests: self, id, guard: Some(guard), waited: false });
        }
        let entered = tokio::time::timeout(wait, Arc::clone(&turnstile).lock_owned()).await;
        drop(turnstile);
        match entered {
            Ok(guard) => Ok(Turn { requests: self, id, guard: Some(guard), waited: true }),
            Err(_) => Err(Error::new(ErrorKind::RequestInProgress)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Turnstile<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut requests = self.requests.lock();
        self.guard = None;
        // The map's own handle is the last one when nobody waits.
        if requests.get(&self.id).is_some_and(|it| Arc::strong_count(it) == 1) {
            requests.remove(&self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_duplicate_waits_and_then_knows_that_it_did() {
        let requests = InFlight::default();
        let id = Uuid::from_u128(7);
        let first = requests.enter(id, Duration::from_secs(5)).await.unwrap();
        assert!(!first.waited);
        let second = requests.enter(id, Duration::from_secs(5));
        tokio::pin!(second);
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        assert!(second.await.unwrap().waited);
        assert!(requests.lock().is_empty(), "nothing is kept for a request that ended");
    }

    #[tokio::test(start_paused = true)]
    async fn a_duplicate_does_not_wait_forever() {
        let requests = InFlight::default();
        let id = Uuid::from_u128(7);
        let _first = requests.enter(id, Duration::from_secs(5)).await.unwrap();
        let second = requests.enter(id, Duration::from_secs(5)).await;
        assert_eq!(second.err().unwrap().kind(), &ErrorKind::RequestInProgress);
    }
}
