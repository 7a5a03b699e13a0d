//! What a transaction leaves behind, as statements before its commit.

use crate::work::{Fence, Leaving};
use crate::{Statement, Timestamp};

/// Writes a task.
pub(in super::super) fn task(leaving: &Leaving, now: Timestamp) -> Statement {
    let task = &leaving.task;
    let statement = |text: &'static str| {
        Statement::new(text)
            .bind(task.id)
            .bind(task.queue.as_ref())
            .bind(task.name.as_ref())
            .bind(task.key.as_deref())
            .bind(task.priority)
            .bind(task.body.as_str())
            .bind(task.meta.as_str())
    };
    if let Some(due) = task.due.filter(|_| !task.is_ready(now)) {
        let insert = "insert into mainstay_schedule (id, queue, name, key, priority, body, meta, due_at, created_at) \
                      values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        return statement(insert).bind(due).bind(now);
    }
    let owner = leaving.slot.as_ref().map(|slot| slot.owner());
    let insert = "insert into mainstay_task (id, queue, name, key, priority, body, meta, attempt, owner, created_at, \
                  started_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    statement(insert).bind(i64::from(owner.is_some())).bind(owner).bind(now).bind(owner.map(|_| now))
}

/// Ends the attempt that this transaction is of; touches no row when it no longer holds.
pub(in super::super) fn fence(fence: &Fence) -> Statement {
    Statement::new("delete from mainstay_task where id = ?1 and owner = ?2 and attempt = ?3")
        .bind(fence.id)
        .bind(fence.owner)
        .bind(fence.attempt)
}
