//! Tasks, on either store: see `work::keep` for what each does.

use std::time::Duration;

use uuid::Uuid;

use super::Store;
use crate::work::{
    Burial, Claim, Claimed, Dead, Depth, Enlisted, Fence, Keys, Listed, NextAttempt, Pointer, Runnable, Task,
    TaskFilter, TaskId,
};
use crate::{Result, Row, Timestamp};

/// The same question to whichever store there is.
macro_rules! ask {
    ($($name:ident($($argument:ident: $ty:ty),*) -> $gives:ty;)*) => {
        impl Store {
            $(
                pub(crate) async fn $name(&self, $($argument: $ty),*) -> Result<$gives> {
                    match self {
                        Self::Postgres(store) => store.$name($($argument),*).await,
                        Self::Sqlite(store) => store.$name($($argument),*).await,
                    }
                }
            )*
        }
    };
}

ask! {
    enlist(node: Uuid, name: &str, lease: Duration) -> ();
    renew(node: Uuid, lease: Duration) -> Enlisted;
    reap() -> Vec<String>;
    reap_strays() -> Vec<String>;
    disown(node: Uuid, running: &[TaskId], before: Timestamp) -> Vec<String>;
    leave(node: Uuid) -> ();
    alive() -> u64;
    claim(node: Uuid, claim: &Claim<'_>, now: Timestamp) -> Claimed;
    claim_keyed(node: Uuid, keys: &Keys<'_>, now: Timestamp) -> Vec<Task>;
    complete(node: Uuid, done: &[Fence]) -> Vec<TaskId>;
    retry(fence: &Fence, next: &NextAttempt) -> bool;
    pending(queue: &str, name: &str) -> u64;
    bury(fence: &Fence, burial: &Burial, now: Timestamp) -> bool;
    release(fence: &Fence) -> bool;
    park(fence: &Fence) -> bool;
    unpark(known: &[Runnable<'_>]) -> Vec<String>;
    promote(now: Timestamp, most: u32) -> Vec<String>;
    next_due() -> Option<Timestamp>;
    set_paused(queue: &str, paused: bool) -> ();
    paused() -> Vec<String>;
    depths() -> Vec<Depth>;
    tasks(filter: &TaskFilter, most: u32) -> Vec<Listed>;
    dead(filter: &TaskFilter, most: u32) -> Vec<Dead>;
    replay_dead(filter: &TaskFilter, by: Timestamp, most: u32, now: Timestamp) -> Vec<String>;
    discard_dead(filter: &TaskFilter, by: Timestamp, most: u32) -> u64;
}

impl Store {
    pub(crate) async fn pointed(&self, queue: &str, pointers: &[Pointer]) -> Result<Vec<Task>> {
        match self {
            Self::Postgres(store) => store.pointed(queue, pointers).await,
            // One process has the file, and points at nothing.
            Self::Sqlite(_) => Ok(Vec::new()),
        }
    }

    pub(crate) async fn take(
        &self,
        node: Uuid,
        queue: &str,
        pointers: &[Pointer],
        now: Timestamp,
    ) -> Result<Vec<Task>> {
        match self {
            Self::Postgres(store) => store.take(node, queue, pointers, now).await,
            Self::Sqlite(_) => Ok(Vec::new()),
        }
    }

    pub(crate) async fn unpoint(&self, before: Timestamp) -> Result<Vec<String>> {
        match self {
            Self::Postgres(store) => store.unpoint(before).await,
            Self::Sqlite(_) => Ok(Vec::new()),
        }
    }
}

/// A row of what both stores answer about a queue.
pub(super) fn read_depth(row: &Row) -> Result<Depth> {
    Ok(Depth {
        queue: row.at(0)?,
        paused: row.at(1)?,
        ready: count(row, 2)?,
        running: count(row, 3)?,
        parked: count(row, 4)?,
        scheduled: count(row, 5)?,
        dead: count(row, 6)?,
        oldest: row.at(7)?,
    })
}

fn count(row: &Row, at: usize) -> Result<u64> {
    row.at::<i64>(at).map(i64::unsigned_abs)
}

/// The columns of [`read_listed`], which every table of tasks has.
pub(super) const LISTED: &str = "id, queue, name, key, priority, body, attempt, errors";

/// A row of what both stores answer about a task.
pub(super) fn read_listed(row: &Row) -> Result<Listed> {
    Ok(Listed {
        id: row.at(0)?,
        queue: row.at(1)?,
        name: row.at(2)?,
        key: row.at(3)?,
        priority: row.at(4)?,
        body: row.at(5)?,
        attempt: row.at(6)?,
        errors: row.at(7)?,
        state: row.at(8)?,
        due_at: row.at(9)?,
        created_at: row.at(10)?,
        started_at: row.at(11)?,
    })
}

/// A row of what both stores answer about a dead letter.
pub(super) fn read_dead(row: &Row) -> Result<Dead> {
    Ok(Dead {
        id: row.at(0)?,
        queue: row.at(1)?,
        name: row.at(2)?,
        key: row.at(3)?,
        body: row.at(4)?,
        attempt: row.at(5)?,
        errors: row.at(6)?,
        reason: row.at(7)?,
        created_at: row.at(8)?,
        died_at: row.at(9)?,
    })
}
