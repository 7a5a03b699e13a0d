use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::lane::Lane;
use crate::{Result, Row, Statement};

/// How long a replica that failed is left alone.
const REST: Duration = Duration::from_secs(2);

/// Reads that may lag. When the replica cannot be reached, or has to cancel a read to keep up, the
/// primary serves them.
pub(super) struct Replica {
    lane: Lane,
    rests_until: Mutex<Option<Instant>>,
}

impl Replica {
    pub(super) fn new(lane: Lane) -> Self {
        Self { lane, rests_until: Mutex::new(None) }
    }

    pub(super) async fn rows(&self, primary: &Lane, statement: &Statement) -> Result<Vec<Row>> {
        if self.rests() {
            return primary.rows(statement).await;
        }
        match self.lane.rows(statement).await {
            Err(error) if error.is_retryable() => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the replica failed: reading from the primary"
                );
                *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(Instant::now() + REST);
                primary.rows(statement).await
            }
            done => done,
        }
    }

    pub(super) fn close(&self) {
        self.lane.close();
    }

    fn rests(&self) -> bool {
        let until = *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}
