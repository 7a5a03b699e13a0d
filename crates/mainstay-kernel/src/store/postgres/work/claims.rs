use uuid::Uuid;

use super::Postgres;
use crate::work::{Burial, Claim, Claimed, Fence, Keys, NextAttempt, PARKED, Runnable, Span, Task, TaskId};
use crate::{Result, Row, Statement, Timestamp};

const TAKE: &str =
    "UPDATE mainstay_task SET owner = $1, attempt = attempt + 1, started_at = $4, due_at = NULL";

/// Between names: `chr(31)`.
const SEPARATOR: &str = "\u{1f}";

const OPEN: &str = "NOT EXISTS (SELECT FROM mainstay_queue WHERE name = $2 AND paused)";

/// The last number that a task was given.
const NUMBERED: &str =
    "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM mainstay_task_seq_seq";

const COMPLETE: &str = "DELETE FROM mainstay_task AS task USING \
     unnest(string_to_array($2, ',')::uuid[], string_to_array($3, ',')::int[]) AS done (id, attempt) \
     WHERE task.id = done.id AND task.attempt = done.attempt AND task.owner = $1 RETURNING task.id";

/// A task with a key keeps its place before the others of its key.
const RETRY: &str = "WITH kept AS (UPDATE mainstay_task SET owner = NULL, started_at = NULL, due_at = $4, errors = $5, attempt = $6 \
     WHERE id = $1 AND owner = $2 AND attempt = $3 AND key IS NOT NULL RETURNING id), \
     gone AS (DELETE FROM mainstay_task WHERE id = $1 AND owner = $2 AND attempt = $3 AND key IS NULL RETURNING *), \
     moved AS (INSERT INTO mainstay_schedule (id, queue, name, priority, body, meta, attempt, errors, due_at, created_at) \
     SELECT id, queue, name, priority, body, meta, $6, $5, $4, created_at FROM gone RETURNING id) \
     SELECT id FROM kept UNION ALL SELECT id FROM moved";

const BURY: &str = "WITH gone AS (DELETE FROM mainstay_task WHERE id = $1 AND owner = $2 AND attempt = $3 RETURNING *) \
     INSERT INTO mainstay_dead (id, queue, name, key, priority, body, meta, attempt, errors, reason, created_at, died_at) \
     SELECT id, queue, name, key, priority, body, meta, attempt, $4, $5, created_at, $6 FROM gone RETURNING id";

const GIVE_BACK: &str = "UPDATE mainstay_task SET owner = $4, attempt = attempt - 1, started_at = NULL, {seq} \
     WHERE id = $1 AND owner = $2 AND attempt = $3 RETURNING id";

const UNPARK: &str = "UPDATE mainstay_task AS task SET owner = NULL, {seq} \
     FROM unnest(string_to_array($2, chr(31)), string_to_array($3, ',')::bigint[]) AS known (name, version) \
     WHERE task.owner = $1 AND task.name = known.name \
     AND coalesce((task.meta::json ->> 'version')::bigint, 1) <= known.version RETURNING task.queue";

/// Those of one key are numbered under the lock that transactions take, so that their numbers are in the order of
/// their commits; the sort comes after the locks and before the numbers.
const PROMOTE: &str = "WITH due AS (DELETE FROM mainstay_schedule WHERE ctid = ANY (ARRAY(SELECT ctid \
     FROM mainstay_schedule WHERE due_at <= $1 ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING *), \
     keys AS MATERIALIZED (SELECT DISTINCT (queue || chr(31) || key) COLLATE \"C\" AS text FROM due \
     WHERE key IS NOT NULL ORDER BY 1), locked AS MATERIALIZED ( \
     SELECT count(pg_advisory_xact_lock(hashtextextended(text, 0))::text) AS held FROM keys) \
     INSERT INTO mainstay_task (id, queue, name, key, priority, body, meta, attempt, errors, created_at) \
     SELECT id, queue, name, key, priority, body, meta, attempt, errors, created_at FROM due, locked \
     WHERE held >= 0 ORDER BY due_at, id RETURNING queue";

/// One span after the other, the tasks of each in their order: as many as are asked for, and no more are locked. A walk
/// along an index ends by a priority, and not by a priority and a number together. One row at least is given back, for
/// what it says of the numbers.
pub(in super::super) fn claiming(node: Uuid, claim: &Claim<'_>, now: Timestamp) -> Statement {
    let Claim { queue, most, except, spans } = *claim;
    let others = if except.is_empty() { "" } else { "AND name <> ALL (string_to_array($8, chr(31)))" };
    let found = |which: &str| {
        format!(
            "SELECT ctid FROM (SELECT ctid FROM mainstay_task WHERE queue = $2 AND owner IS NULL AND key IS NULL \
             AND {which} {others} ORDER BY priority, seq LIMIT $3 FOR UPDATE SKIP LOCKED) AS it"
        )
    };
    let text = format!(
        "WITH taken AS ({TAKE} WHERE ctid = ANY (ARRAY(SELECT found.ctid FROM unnest(string_to_array($5, ',')::int[], \
         string_to_array($6, ',')::bigint[], string_to_array($7, ',')::int[]) AS span (first, after, last) \
         CROSS JOIN LATERAL ({} UNION ALL {}) AS found WHERE {OPEN} LIMIT $3)) RETURNING {}, ctid::text) \
         SELECT ({NUMBERED} WHERE {OPEN}), taken.* FROM (SELECT) AS one LEFT JOIN taken ON true",
        found("priority = span.first AND seq <= 0"),
        found("(priority, seq) > (span.first, span.after) AND priority <= span.last"),
        Task::COLUMNS
    );
    let statement = Statement::new(text).bind(node).bind(queue).bind(most).bind(now);
    let statement = statement
        .bind(each(spans, |it| it.first.to_string()))
        .bind(each(spans, |it| it.after.to_string()))
        .bind(each(spans, |it| it.last.to_string()));
    if except.is_empty() { statement } else { statement.bind(except.join(SEPARATOR)) }
}

impl Postgres {
    pub(crate) async fn claim(&self, node: Uuid, claim: &Claim<'_>, now: Timestamp) -> Result<Claimed> {
        let rows = self.settle(&claiming(node, claim, now)).await?;
        let numbered = rows.first().map_or(Ok(None), |row| row.at(0))?;
        let mut tasks = Vec::with_capacity(rows.len());
        for row in &rows {
            if row.at::<Option<TaskId>>(1)?.is_some() {
                tasks.push(Task::read_from(row, 1)?);
            }
        }
        Ok(Claimed { tasks, numbered })
    }

    pub(crate) async fn claim_keyed(&self, node: Uuid, keys: &Keys<'_>, now: Timestamp) -> Result<Vec<Task>> {
        let head = |after: &str| {
            format!(
                "SELECT key FROM mainstay_task WHERE queue = $2 AND key > {after} ORDER BY key, seq LIMIT 1"
            )
        };
        let others =
            if keys.except.is_empty() { "" } else { "AND name <> ALL (string_to_array($7, chr(31)))" };
        let text = format!(
            "WITH RECURSIVE heads AS (({}) UNION ALL SELECT next.* FROM heads CROSS JOIN LATERAL ({}) AS next), \
             ready AS (SELECT oldest.id FROM heads CROSS JOIN LATERAL (SELECT id, name, owner, due_at FROM mainstay_task \
             WHERE queue = $2 AND key = heads.key ORDER BY seq LIMIT $6) AS oldest \
             WHERE owner IS NULL AND (due_at IS NULL OR due_at <= $4) AND {OPEN} {others} LIMIT $3) \
             {TAKE} WHERE ctid = ANY (ARRAY(SELECT ctid FROM mainstay_task WHERE id IN (SELECT id FROM ready) \
             AND owner IS NULL FOR UPDATE SKIP LOCKED)) RETURNING {}, ctid::text",
            head("$5"),
            head("heads.key"),
            Task::COLUMNS
        );
        let claim = Statement::new(text).bind(node).bind(keys.queue).bind(keys.most).bind(now);
        let claim = claim.bind(keys.after).bind(keys.per_key);
        self.taken(if keys.except.is_empty() { claim } else { claim.bind(keys.except.join(SEPARATOR)) }).await
    }

    async fn taken(&self, statement: Statement) -> Result<Vec<Task>> {
        self.settle(&statement).await?.iter().map(Task::read).collect()
    }

    pub(crate) async fn complete(&self, node: Uuid, done: &[Fence]) -> Result<Vec<TaskId>> {
        let listed = |each: fn(&Fence) -> String| done.iter().map(each).collect::<Vec<_>>().join(",");
        let statement = Statement::new(COMPLETE)
            .bind(node)
            .bind(listed(|it| it.id.to_string()))
            .bind(listed(|it| it.attempt.to_string()));
        self.settle(&statement).await?.iter().map(|row| row.at(0)).collect()
    }

    pub(crate) async fn retry(&self, fence: &Fence, next: &NextAttempt) -> Result<bool> {
        self.held(fenced(RETRY, fence).bind(next.due).bind(next.errors.as_str()).bind(next.attempts)).await
    }

    pub(crate) async fn pending(&self, queue: &str, name: &str) -> Result<u64> {
        let text = "SELECT (SELECT count(*) FROM mainstay_task WHERE queue = $1 AND name = $2) \
             + (SELECT count(*) FROM mainstay_schedule WHERE queue = $1 AND name = $2)";
        let rows = self.rows(&Statement::new(text).bind(queue).bind(name)).await?;
        rows.first().map_or(Ok(0), |row| row.at::<i64>(0).map(i64::unsigned_abs))
    }

    pub(crate) async fn bury(&self, fence: &Fence, burial: &Burial, now: Timestamp) -> Result<bool> {
        self.held(fenced(BURY, fence).bind(burial.errors.as_str()).bind(burial.reason).bind(now)).await
    }

    pub(crate) async fn release(&self, fence: &Fence) -> Result<bool> {
        self.held(bound(front(GIVE_BACK), fence).bind(None::<Uuid>)).await
    }

    pub(crate) async fn park(&self, fence: &Fence) -> Result<bool> {
        self.held(bound(front(GIVE_BACK), fence).bind(PARKED)).await
    }

    async fn held(&self, statement: Statement) -> Result<bool> {
        Ok(!self.settle(&statement).await?.is_empty())
    }

    pub(crate) async fn unpark(&self, known: &[Runnable<'_>]) -> Result<Vec<String>> {
        let names: Vec<_> = known.iter().map(|it| it.name).collect();
        let versions: Vec<_> = known.iter().map(|it| it.version.to_string()).collect();
        let unpark = front(UNPARK).bind(PARKED).bind(names.join(SEPARATOR)).bind(versions.join(","));
        self.texts(&unpark).await
    }

    pub(crate) async fn promote(&self, now: Timestamp, most: u32) -> Result<Vec<String>> {
        self.texts(&Statement::new(PROMOTE).bind(now).bind(most)).await
    }

    pub(crate) async fn next_due(&self) -> Result<Option<Timestamp>> {
        let next =
            "SELECT min(due_at) FROM (SELECT due_at FROM mainstay_schedule ORDER BY due_at LIMIT 1) AS next";
        first(&self.rows(&Statement::new(next)).await?)
    }
}

fn fenced(text: &'static str, fence: &Fence) -> Statement {
    bound(Statement::new(text), fence)
}

fn bound(statement: Statement, fence: &Fence) -> Statement {
    statement.bind(fence.id).bind(fence.owner).bind(fence.attempt)
}

/// A statement that gives tasks back, `{seq}` in it: those without a key get a place in front of those that were never
/// taken, in their order. Claims do not look again where they have been, but they look there.
pub(super) fn front(text: &str) -> Statement {
    let first = "seq = CASE WHEN key IS NULL AND seq > 0 THEN seq - 4611686018427387904 ELSE seq END";
    Statement::new(text.replace("{seq}", first))
}

/// What is said of each span, as a list.
fn each(spans: &[Span], what: impl Fn(&Span) -> String) -> String {
    spans.iter().map(what).collect::<Vec<_>>().join(",")
}

fn first(rows: &[Row]) -> Result<Option<Timestamp>> {
    rows.first().map_or(Ok(None), |row| row.at(0))
}
