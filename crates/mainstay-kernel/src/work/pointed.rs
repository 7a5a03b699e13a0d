//! Tasks that a broker points at: written under [`POINTED`](super::POINTED) by the transaction that leaves them, then
//! run by whichever process is given the pointer. A pointer that is lost delays its task and loses none.

use std::time::Duration;

use uuid::Uuid;

use super::{Task, TaskId};
use crate::{Db, Result};

/// Where a task waits: all that a broker carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pointer {
    /// The task.
    pub task: TaskId,
    /// The attempt that is to be run: another one is not this pointer's.
    pub attempt: u32,
}

impl Db {
    /// Tasks of this queue that these point at and that nobody took, as they are. Nothing is written: several processes
    /// may be given one, and run it in a transaction that [finishes](crate::Tx::finish) it, of which one commits. Whoever
    /// has no such transaction, or needs long, [takes](Self::take) it first.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn pointed(&self, queue: &str, pointers: &[Pointer]) -> Result<Vec<Task>> {
        self.store().pointed(queue, pointers).await
    }

    /// Takes tasks of this queue that these point at and that nobody else took.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn take(&self, node: Uuid, queue: &str, pointers: &[Pointer]) -> Result<Vec<Task>> {
        self.store().take(node, queue, pointers, self.clock().now()).await
    }

    /// Lets tasks be claimed whose pointers have not arrived for so long; the queue of each.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn unpoint(&self, older_than: Duration) -> Result<Vec<String>> {
        self.store().unpoint(self.clock().now().minus(older_than)).await
    }
}
