//! What a transaction leaves behind, as statements of its last flush.

use serde_json::{Value as Json, json};

use crate::store::Record;
use crate::store::postgres::results::KEEP;
use crate::work::{Fence, Leaving, NewTask};
use crate::{SeededBug, Timestamp, Value, ValueRef};

use super::super::bind::Bind;
use super::super::results::binds;

const INSERT: &str = "INSERT INTO mainstay_task (id, queue, name, key, priority, body, meta, attempt, owner, created_at, \
     started_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING ctid::text";

const SCHEDULE: &str = "INSERT INTO mainstay_schedule (id, queue, name, key, priority, body, meta, due_at, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// Many at once, numbered in their order.
const INSERT_ALL: &str = "INSERT INTO mainstay_task (id, queue, name, key, priority, body, meta, attempt, owner, \
     created_at, started_at) SELECT id, queue, name, key, priority, body, meta, attempt, owner, \
     $2::timestamptz, CASE WHEN owner IS NULL THEN NULL ELSE $2::timestamptz END FROM ROWS FROM (json_to_recordset($1::text::json) AS (id uuid, \
     queue text, name text, key text, priority smallint, body text, meta text, attempt integer, owner uuid)) \
     WITH ORDINALITY AS given (id, queue, name, key, priority, body, meta, attempt, owner, number) ORDER BY number \
     RETURNING ctid::text";

const SCHEDULE_ALL: &str = "INSERT INTO mainstay_schedule (id, queue, name, key, priority, body, meta, due_at, created_at) \
     SELECT id, queue, name, key, priority, body, meta, timestamptz 'epoch' + due * interval '1 microsecond', $2::timestamptz \
     FROM json_to_recordset($1::text::json) AS given (id uuid, queue text, name text, key text, priority smallint, \
     body text, meta text, due bigint)";

/// Fewer than these are a statement each; more are one for each [`TOGETHER`].
const FEW: usize = 8;
const TOGETHER: usize = 500;

/// Held until the commit: the numbers that tasks of one key get are in the order of their commits.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";

/// Found where it was claimed, so that no index is read: under SERIALIZABLE that would make strangers conflict.
/// An attempt that no longer holds divides by zero, which aborts the transaction before the `COMMIT` behind it.
const FENCE: &str = "WITH gone AS (DELETE FROM mainstay_task WHERE ctid = $1::text::tid AND id = $2 AND owner = $3 \
     AND attempt = $4 RETURNING 1) SELECT 1 / count(*) FROM gone";

/// The seeded bug's: whoever holds the task, it ends.
const NO_FENCE: &str = "WITH gone AS (DELETE FROM mainstay_task WHERE $1::text IS NOT NULL AND id = $2 \
     AND $3::uuid IS NOT NULL AND $4::int IS NOT NULL RETURNING 1) SELECT count(*) FROM gone";

/// One statement of the last flush.
pub(in super::super) struct Step<'a> {
    pub(in super::super) text: &'static str,
    pub(in super::super) values: Vec<Bind<'a>>,
    pub(in super::super) role: Role,
}

/// What a step's answer says.
#[derive(Clone, PartialEq, Eq)]
pub(in super::super) enum Role {
    /// Nothing but that it succeeded.
    Plain,
    /// Waits for others, so that it is nothing by itself.
    Lock,
    /// Where the rows of these tasks are now.
    Tasks(Vec<usize>),
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

/// Writes the tasks.
pub(in super::super) fn tasks(leaving: &[Leaving], now: Timestamp) -> Vec<Step<'_>> {
    if leaving.len() <= FEW {
        return leaving.iter().enumerate().map(|(index, it)| task(index, it, now)).collect();
    }
    let (ready, later): (Vec<usize>, Vec<usize>) =
        (0..leaving.len()).partition(|index| leaving[*index].task.is_ready(now));
    let all = |text, indices: &[usize]| {
        let rows: Vec<_> = indices.iter().map(|index| row(&leaving[*index])).collect();
        let values = vec![Bind::Text(Json::Array(rows).to_string()), Bind::Ref(ValueRef::Timestamp(now))];
        (text, values)
    };
    let ready = ready.chunks(TOGETHER).map(|indices| {
        let (text, values) = all(INSERT_ALL, indices);
        Step { text, values, role: Role::Tasks(indices.to_vec()) }
    });
    let later = later.chunks(TOGETHER).map(|indices| {
        let (text, values) = all(SCHEDULE_ALL, indices);
        Step { text, values, role: Role::Plain }
    });
    ready.chain(later).collect()
}

/// One of many.
fn row(leaving: &Leaving) -> Json {
    let NewTask { id, queue, name, key, priority, body, meta, due } = &leaving.task;
    let owner = leaving.slot.as_ref().map(|slot| slot.owner());
    json!({
        "id": id, "queue": queue, "name": name, "key": key, "priority": priority, "body": body, "meta": meta,
        "attempt": i32::from(owner.is_some()), "owner": owner.map(|it| it.to_string()), "due": due.map(Timestamp::as_micros),
    })
}

/// Writes a task.
fn task(index: usize, leaving: &Leaving, now: Timestamp) -> Step<'_> {
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
            (INSERT, Role::Tasks(vec![index]))
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
    let text = if SeededBug::NoFence.is_on() { NO_FENCE } else { FENCE };
    Step { text, values: values.map(Bind::Ref).into(), role: Role::Fence }
}
