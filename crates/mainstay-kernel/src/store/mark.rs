//! What a transaction says of tasks that exist, and the marks that it leaves. On PostgreSQL a row is looked for
//! outside of the transaction and then taken where it was found: a look into an index under SERIALIZABLE would make
//! strangers conflict who put tasks there.

use std::borrow::Cow;

use uuid::Uuid;

use crate::work::TaskId;
use crate::{Dialect, Result, Row, Statement, Timestamp};

/// Of a task that nobody runs: it waits, or has one of the owners that nobody is (`PARKED`, `POINTED`).
const FREE: &str = "(owner IS NULL OR owner IN ('00000000-0000-0000-0000-000000000000', \
     'ffffffff-ffff-ffff-ffff-ffffffffffff'))";

/// Its attempts: one that a broker points at counts before it has begun.
const BEGUN: &str =
    "CASE WHEN owner = 'ffffffff-ffff-ffff-ffff-ffffffffffff' THEN attempt - 1 ELSE attempt END";

/// Where a task waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waits {
    /// For its time.
    Scheduled,
    /// For somebody to run it.
    Ready,
}

/// A waiting task's row.
#[derive(Debug)]
pub(crate) struct Waiting {
    waits: Waits,
    place: String,
    id: TaskId,
}

/// Looks for a task that nobody runs.
pub(crate) fn find(dialect: Dialect, id: TaskId) -> Statement {
    let text: Cow<'static, str> = match dialect {
        Dialect::Postgres => format!(
            "SELECT true, ctid::text FROM mainstay_schedule WHERE id = $1 \
             UNION ALL SELECT false, ctid::text FROM mainstay_task WHERE id = $1 AND {FREE}"
        )
        .into(),
        Dialect::Sqlite => format!(
            "select 1, '' from mainstay_schedule where id = ?1 \
             union all select 0, '' from mainstay_task where id = ?1 and {FREE}"
        )
        .into(),
    };
    Statement::new(text).bind(id)
}

/// A row of [`find`].
pub(crate) fn found(row: &Row, id: TaskId) -> Result<Waiting> {
    let waits = if row.at(0)? { Waits::Scheduled } else { Waits::Ready };
    Ok(Waiting { waits, place: row.at(1)?, id })
}

/// Deletes it; touches no row when somebody was faster.
pub(crate) fn delete(dialect: Dialect, task: &Waiting) -> Statement {
    let text: Cow<'static, str> = match (dialect, task.waits) {
        (Dialect::Postgres, Waits::Scheduled) => {
            Cow::Borrowed("DELETE FROM mainstay_schedule WHERE ctid = $1::text::tid AND id = $2")
        }
        (Dialect::Postgres, Waits::Ready) => {
            format!("DELETE FROM mainstay_task WHERE ctid = $1::text::tid AND id = $2 AND {FREE}").into()
        }
        (Dialect::Sqlite, Waits::Scheduled) => {
            Cow::Borrowed("delete from mainstay_schedule where ?1 = '' and id = ?2")
        }
        (Dialect::Sqlite, Waits::Ready) => {
            format!("delete from mainstay_task where ?1 = '' and id = ?2 and {FREE}").into()
        }
    };
    Statement::new(text).bind(task.place.as_str()).bind(task.id)
}

/// Sets another time; touches no row when somebody was faster. A ready task is copied to the schedule: [`delete`] it then.
pub(crate) fn postpone(dialect: Dialect, task: &Waiting, due: Timestamp) -> Statement {
    let text: Cow<'static, str> = match (dialect, task.waits) {
        (Dialect::Postgres, Waits::Scheduled) => {
            Cow::Borrowed("UPDATE mainstay_schedule SET due_at = $3 WHERE ctid = $1::text::tid AND id = $2")
        }
        (Dialect::Postgres, Waits::Ready) => {
            format!("INSERT INTO mainstay_schedule (id, queue, name, key, priority, body, meta, attempt, errors, due_at, created_at) \
             SELECT id, queue, name, key, priority, body, meta, {BEGUN}, errors, $3, created_at FROM mainstay_task \
             WHERE ctid = $1::text::tid AND id = $2 AND {FREE}").into()
        }
        (Dialect::Sqlite, Waits::Scheduled) => {
            Cow::Borrowed("update mainstay_schedule set due_at = ?3 where ?1 = '' and id = ?2")
        }
        (Dialect::Sqlite, Waits::Ready) => {
            format!("insert into mainstay_schedule (id, queue, name, key, priority, body, meta, attempt, errors, due_at, created_at) \
             select id, queue, name, key, priority, body, meta, attempt, errors, ?3, created_at from mainstay_task \
             where ?1 = '' and id = ?2 and {FREE}").into()
        }
    };
    Statement::new(text).bind(task.place.as_str()).bind(task.id).bind(due)
}

/// Sets another time for one that waits for its next attempt before the others of its key: there it stays. Touches no
/// row when it does not.
pub(crate) fn hold(dialect: Dialect, task: &Waiting, due: Timestamp) -> Statement {
    let of_a_key = format!("key is not null and attempt > 0 and {FREE}");
    let text = match dialect {
        Dialect::Postgres => format!(
            "UPDATE mainstay_task SET due_at = $3 WHERE ctid = $1::text::tid AND id = $2 AND {of_a_key}"
        ),
        Dialect::Sqlite => {
            format!("update mainstay_task set due_at = ?3 where ?1 = '' and id = ?2 and {of_a_key}")
        }
    };
    Statement::new(text).bind(task.place.as_str()).bind(task.id).bind(due)
}

impl Waiting {
    pub(crate) fn waits(&self) -> Waits {
        self.waits
    }
}

/// The identity of the database.
pub(crate) fn system() -> Statement {
    Statement::new("SELECT system FROM mainstay_meta")
}

/// Says that a cron has run at this time; touches no row when somebody said so before.
pub(crate) fn tick(dialect: Dialect, cron: &str, due: Timestamp) -> Statement {
    let text = match dialect {
        Dialect::Postgres => {
            "INSERT INTO mainstay_tick (cron, due_at) VALUES ($1, $2) ON CONFLICT (cron, due_at) DO NOTHING"
        }
        Dialect::Sqlite => "insert into mainstay_tick (cron, due_at) values (?1, ?2) on conflict do nothing",
    };
    Statement::new(text).bind(cron).bind(due)
}

/// When a cron last ran.
pub(crate) fn last_tick(dialect: Dialect, cron: &str) -> Statement {
    let text = match dialect {
        Dialect::Postgres => "SELECT max(due_at) FROM mainstay_tick WHERE cron = $1",
        Dialect::Sqlite => "select max(due_at) from mainstay_tick where cron = ?1",
    };
    Statement::new(text).bind(cron)
}

/// Takes the mark for a task until then, unless another holds it; gives the one that holds it.
pub(crate) fn unique(
    dialect: Dialect,
    mark: Uuid,
    task: TaskId,
    until: Timestamp,
    now: Timestamp,
) -> Statement {
    let text = match dialect {
        Dialect::Postgres => {
            "INSERT INTO mainstay_unique AS held (id, task, until) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE \
             SET task = CASE WHEN held.until <= $4 THEN excluded.task ELSE held.task END, \
             until = CASE WHEN held.until <= $4 THEN excluded.until ELSE held.until END RETURNING task"
        }
        Dialect::Sqlite => {
            "insert into mainstay_unique as held (id, task, until) values (?1, ?2, ?3) on conflict (id) do update \
             set task = case when held.until <= ?4 then excluded.task else held.task end, \
             until = case when held.until <= ?4 then excluded.until else held.until end returning task"
        }
    };
    Statement::new(text).bind(mark).bind(task).bind(until).bind(now)
}

/// Deletes up to `batch` marks and ticks that say nothing any more: of each cron the last one stays.
pub(crate) fn expire(dialect: Dialect, now: Timestamp, before: Timestamp, batch: u32) -> [Statement; 2] {
    let (marks, ticks) = match dialect {
        Dialect::Postgres => (
            "DELETE FROM mainstay_unique WHERE ctid = ANY (ARRAY(SELECT ctid FROM mainstay_unique WHERE until < $1 \
             ORDER BY until LIMIT $2))",
            "DELETE FROM mainstay_tick WHERE ctid = ANY (ARRAY(SELECT ctid FROM mainstay_tick AS tick WHERE due_at < $1 \
             AND EXISTS (SELECT FROM mainstay_tick AS later WHERE later.cron = tick.cron AND later.due_at > tick.due_at) \
             LIMIT $2))",
        ),
        Dialect::Sqlite => (
            "delete from mainstay_unique where rowid in \
             (select rowid from mainstay_unique where until < ?1 order by until limit ?2)",
            "delete from mainstay_tick where (cron, due_at) in (select cron, due_at from mainstay_tick as tick \
             where due_at < ?1 and exists (select 1 from mainstay_tick as later where later.cron = tick.cron \
             and later.due_at > tick.due_at) limit ?2)",
        ),
    };
    [Statement::new(marks).bind(now).bind(batch), Statement::new(ticks).bind(before).bind(batch)]
}
