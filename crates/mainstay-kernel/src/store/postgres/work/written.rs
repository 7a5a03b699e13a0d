//! What a transaction leaves behind, as statements of its last flush.

use crate::store::Record;
use crate::store::postgres::results::KEEP;
use crate::work::{Fence, Leaving};
use crate::{Timestamp, Value, ValueRef};

use super::super::bind::Bind;
use super::super::results::binds;

const INSERT: &str = "INSERT INTO mainstay_task (id, queue, name, key, priority, body, meta, attempt, owner, created_at, \
     started_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING ctid::text";

const SCHEDULE: &str = "INSERT INTO mainstay_schedule (id, queue, name, key, priority, body, meta, due_at, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Held until the commit: the numbers that tasks of one key get are in the order of their commits.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

/// Found where it was claimed, so that no index is read: under SERIALIZABLE that would make strangers conflict.
/// An attempt that no longer holds divides by zero, which aborts the transaction before the `COMMIT` behind it.
const FENCE: &str = "WITH gone AS (DELETE FROM mainstay_task WHERE ctid = $1::text::tid AND id = $2 AND owner = $3 \
     AND attempt = $4 RETURNING 1) SELECT 1 / count(*) FROM gone";

/// One statement of the last flush.
pub(in super::super) struct Step<'a> {
    pub(in super::super) text: &'static str,
    pub(in super::super) values: Vec<Bind<'a>>,
    pub(in super::super) role: Role,
}

/// What a step's answer says.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Role {
    /// Nothing but that it succeeded.
    Plain,
    /// Waits for others, so that it is nothing by itself.
    Lock,
    /// Where the row of this task is now.
    Task(usize),
    /// Whether the attempt still held.
    Fence,
}

/// Keeps the answer.
pub(in super::super) fn keep<'a>(record: &Record<'a>, head: &'a str) -> Step<'a> {
    Step { text: KEEP, values: binds(record, head).into(), role: Role::Plain }
}

/// Waits for whoever else commits tasks of this key.
pub(in super::super) fn lock(queue_and_key: &Value) -> Step<'_> {
    Step { text: LOCK, values: vec![Bind::Value(queue_and_key)], role: Role::Lock }
}

/// Writes a task.
pub(in super::super) fn task(index: usize, leaving: &Leaving, now: Timestamp) -> Step<'_> {
    let task = &leaving.task;
    let mut values = vec![
        ValueRef::Uuid(task.id.uuid()),
        ValueRef::Text(&task.queue),
        ValueRef::Text(&task.name),
        task.key.as_deref().map_or(ValueRef::Null, ValueRef::Text),
        ValueRef::Int(task.priority.into()),
        ValueRef::Text(&task.body),
        ValueRef::Text(&task.meta),
    ];
    let (text, role) = match task.due.filter(|_| !task.is_ready(now)) {
        Some(due) => {
            values.extend([ValueRef::Timestamp(due), ValueRef::Timestamp(now)]);
            (SCHEDULE, Role::Plain)
        }
        None => {
            let owner = leaving.slot.as_ref().map(|slot| ValueRef::Uuid(slot.owner()));
            let started = owner.map_or(ValueRef::Null, |_| ValueRef::Timestamp(now));
            let attempt = ValueRef::Int(owner.is_some().into());
            values.extend([attempt, owner.unwrap_or(ValueRef::Null), ValueRef::Timestamp(now), started]);
            (INSERT, Role::Task(index))
        }
    };
    Step { text, values: values.into_iter().map(Bind::Ref).collect(), role }
}

/// Ends the attempt that this transaction is of.
pub(in super::super) fn fence(fence: &Fence) -> Step<'_> {
    let values = [
        ValueRef::Text(&fence.place),
        ValueRef::Uuid(fence.id.uuid()),
        ValueRef::Uuid(fence.owner),
        ValueRef::Int(fence.attempt.into()),
    ];
    Step { text: FENCE, values: values.map(Bind::Ref).into(), role: Role::Fence }
}
