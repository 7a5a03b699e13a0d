use std::time::Duration;

use mainstay_kernel::work::{Burial, Dispatcher as _, Fence, NextAttempt, Task};
use mainstay_kernel::{Result, Timestamp};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::attempt::Ended;
use crate::Retry;
use crate::failure::Verdict;
use crate::meta::Meta;

/// What one attempt came to, as a task's record has it.
#[derive(Debug, Serialize, Deserialize)]
struct Attempted {
    attempt: u32,
    at: String,
    error: String,
}

/// How many attempts a record tells of: the latest ones.
const REMEMBERED: usize = 20;

/// How long an error may be in a record.
const LONGEST: usize = 4000;

/// What becomes of the task.
enum Fate {
    Retried(NextAttempt),
    Buried(Burial),
}

/// Says what became of an attempt. When the database is away this is tried until it is back, or the lease is over.
pub(super) async fn settle(shared: &Shared, retry: Retry, task: &Task, ended: Ended) {
    let fence = task.fence();
    match ended {
        Ended::Committed | Ended::Worked(_) => tracing::debug!(task = %task.id, name = task.name, "done"),
        Ended::Lost => {
            tracing::warn!(task = %task.id, name = task.name, attempt = task.attempt, "this attempt holds no longer");
            // It is ours still where only its row has moved.
            let _ = shared.db.release(&fence).await;
        }
        Ended::Failed(verdict, error) => {
            let fate = fate(shared.db.clock().now(), retry, task, verdict, &error);
            told(task, &fate, &error);
            persist(shared, &fence, &fate).await;
            if let Fate::Retried(next) = &fate {
                shared.wake_at(next.due);
            }
        }
    }
}

fn fate(now: Timestamp, retry: Retry, task: &Task, verdict: Verdict, error: &str) -> Fate {
    let errors = remember(now, task, error);
    let retried = |wait: Duration, attempts: u32| {
        Fate::Retried(NextAttempt { due: now.plus(wait), attempts, errors: errors.clone() })
    };
    let own = Meta::read(&task.meta).ok().and_then(|meta| meta.retry_delay());
    let usual = retry.after(task.attempt);
    match (verdict, usual) {
        (Verdict::Never, _) => Fate::Buried(Burial { reason: "permanent", errors }),
        (Verdict::Snooze(wait), _) => Fate::Retried(NextAttempt {
            due: now.plus(wait),
            attempts: task.attempt - 1,
            errors: task.errors.clone(),
        }),
        (Verdict::Again | Verdict::After(_), None) => Fate::Buried(Burial { reason: "exhausted", errors }),
        (Verdict::After(wait), Some(_)) => retried(wait, task.attempt),
        (Verdict::Again, Some(usual)) => retried(own.unwrap_or(usual), task.attempt),
    }
}

/// The record of the attempts, with this one.
fn remember(now: Timestamp, task: &Task, error: &str) -> String {
    let mut record: Vec<Attempted> = serde_json::from_str(&task.errors).unwrap_or_default();
    let error = error.chars().take(LONGEST).collect();
    record.push(Attempted { attempt: task.attempt, at: now.to_string(), error });
    let forgotten = record.len().saturating_sub(REMEMBERED);
    serde_json::to_string(&record[forgotten..]).unwrap_or_else(|_| "[]".to_owned())
}

fn told(task: &Task, fate: &Fate, error: &str) {
    let (task, name, attempt) = (task.id, &task.name, task.attempt);
    match fate {
        Fate::Retried(next) => {
            tracing::warn!(%task, name, attempt, error, due = %next.due, "failed, and is tried again");
        }
        Fate::Buried(burial) => {
            tracing::error!(%task, name, attempt, error, reason = burial.reason, "failed, and is tried no more");
        }
    }
}

async fn persist(shared: &Shared, fence: &Fence, fate: &Fate) {
    let (_, over) = shared.epochs.current();
    loop {
        match write(shared, fence, fate).await {
            Ok(true) => return,
            Ok(false) => {
                tracing::warn!(task = %fence.task(), "this attempt held no longer when it ended");
                return;
            }
            Err(error) if error.is_retryable() && !over.is_cancelled() => pause().await,
            Err(error) => {
                tracing::error!(%error, task = %fence.task(), "what became of an attempt could not be written");
                return;
            }
        }
    }
}

async fn write(shared: &Shared, fence: &Fence, fate: &Fate) -> Result<bool> {
    match fate {
        Fate::Retried(next) => shared.db.retry(fence, next).await,
        Fate::Buried(burial) => shared.db.bury(fence, burial).await,
    }
}

#[expect(clippy::disallowed_methods, reason = "backing off is waiting")]
pub(super) async fn pause() {
    tokio::time::sleep(Duration::from_millis(fastrand::u64(100..400))).await;
}
