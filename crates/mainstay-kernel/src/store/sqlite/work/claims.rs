use uuid::Uuid;

use super::{Sqlite, SqliteTx, texts};
use crate::work::{Burial, Claim, Claimed, Fence, Keys, NextAttempt, PARKED, Runnable, Task, TaskId};
use crate::{Result, Row, SeededBug, Statement, Timestamp};

const OPEN: &str = "not exists (select 1 from mainstay_queue where name = ?2 and paused)";

const READY: &str = "select 1 from mainstay_task where queue = ?2 and owner is null and key is null limit 1";

/// The oldest of each key, walked from key to key by the index.
const HEADS: &str = "with recursive heads (key) as ( \
     select (select min(key) from mainstay_task where queue = ?2 and key > ?5) union all \
     select (select min(key) from mainstay_task where queue = ?2 and key > heads.key) from heads where key is not null) \
     select task.seq from heads cross join mainstay_task as task on task.seq in ( \
     select seq from mainstay_task as it where it.queue = ?2 and it.key = heads.key order by seq limit ?6) \
     where heads.key is not null and task.owner is null and (task.due_at is null or task.due_at <= ?4)";

/// For `claim_keyed`; `claim` counts otherwise.
const OTHERS: &str = "and task.name not in (select value from json_each(?7))";

const HELD: &str = "id = ?1 and owner = ?2 and attempt = ?3";

impl Sqlite {
    /// From the front: what has ended is gone at once.
    pub(crate) async fn claim(&self, node: Uuid, claim: &Claim<'_>, now: Timestamp) -> Result<Claimed> {
        let Claim { queue, most, except, spans: _ } = *claim;
        // Looking costs no commit.
        let ready = Statement::new(READY.replace("?2", "?1")).bind(queue);
        if self.point(&ready)?.is_none() {
            return Ok(Claimed { tasks: Vec::new(), numbered: None });
        }
        let others = "and name not in (select value from json_each(?5))";
        let picked = format!(
            "select seq from mainstay_task where queue = ?2 and owner is null and key is null and {OPEN} {others} \
             order by priority, seq limit ?3"
        );
        let claim = taking(&picked).bind(node).bind(queue).bind(most).bind(now);
        let tasks = self.taken(claim.bind(listed(except))).await?;
        Ok(Claimed { tasks, numbered: None })
    }

    pub(crate) async fn claim_keyed(&self, node: Uuid, keys: &Keys<'_>, now: Timestamp) -> Result<Vec<Task>> {
        let Keys { queue, per_key, most, after, except } = *keys;
        let keyed = "select 1 from mainstay_task where queue = ?1 and key > ?2 limit 1";
        if self.point(&Statement::new(keyed).bind(queue).bind(after))?.is_none() {
            return Ok(Vec::new());
        }
        let mut picked = format!("{HEADS} and {OPEN} {OTHERS} limit ?3");
        if SeededBug::KeyDisorder.is_on() {
            picked = picked.replace("order by seq", "order by seq desc");
        }
        let claim = taking(&picked).bind(node).bind(queue).bind(most).bind(now).bind(after);
        self.taken(claim.bind(per_key).bind(listed(except))).await
    }

    async fn taken(&self, statement: Statement) -> Result<Vec<Task>> {
        self.work(|tx| tx.rows(&statement)?.iter().map(Task::read).collect()).await
    }

    pub(crate) async fn complete(&self, node: Uuid, done: &[Fence]) -> Result<Vec<TaskId>> {
        self.work(|tx| {
            let mut completed = Vec::with_capacity(done.len());
            for fence in done {
                let delete = format!("delete from mainstay_task where {HELD}");
                if tx.execute(&Statement::new(delete).bind(fence.id).bind(node).bind(fence.attempt))? > 0 {
                    completed.push(fence.id);
                }
            }
            Ok(completed)
        })
        .await
    }

    pub(crate) async fn retry(&self, fence: &Fence, next: &NextAttempt) -> Result<bool> {
        let bound = |text| fenced(text, fence).bind(next.due).bind(next.errors.as_str()).bind(next.attempts);
        // A task with a key keeps its place before the others of its key.
        let keep = format!(
            "update mainstay_task set owner = null, started_at = null, due_at = ?4, errors = ?5, attempt = ?6 \
             where {HELD} and key is not null"
        );
        let keep = bound(keep);
        let copy = format!(
            "insert into mainstay_schedule (id, queue, name, priority, body, meta, attempt, errors, due_at, created_at) \
             select id, queue, name, priority, body, meta, ?6, ?5, ?4, created_at from mainstay_task \
             where {HELD} and key is null"
        );
        let copy = bound(copy);
        self.work(|tx| Ok(tx.execute(&keep)? > 0 || moved(tx, &copy, fence)?)).await
    }

    pub(crate) async fn pending(&self, queue: &str, name: &str) -> Result<u64> {
        let text = "select (select count(*) from mainstay_task where queue = ?1 and name = ?2) \
             + (select count(*) from mainstay_schedule where queue = ?1 and name = ?2)";
        let rows = self.rows(&Statement::new(text).bind(queue).bind(name)).await?;
        rows.first().map_or(Ok(0), |row| row.at::<i64>(0).map(i64::unsigned_abs))
    }

    pub(crate) async fn bury(&self, fence: &Fence, burial: &Burial, now: Timestamp) -> Result<bool> {
        let copy = format!(
            "insert into mainstay_dead (id, queue, name, key, priority, body, meta, attempt, errors, reason, created_at, \
             died_at) select id, queue, name, key, priority, body, meta, attempt, ?4, ?5, created_at, ?6 \
             from mainstay_task where {HELD}"
        );
        let copy = fenced(copy, fence).bind(burial.errors.as_str()).bind(burial.reason).bind(now);
        self.work(|tx| moved(tx, &copy, fence)).await
    }

    pub(crate) async fn release(&self, fence: &Fence) -> Result<bool> {
        self.give_back(fence, None).await
    }

    pub(crate) async fn park(&self, fence: &Fence) -> Result<bool> {
        self.give_back(fence, Some(PARKED)).await
    }

    async fn give_back(&self, fence: &Fence, to: Option<Uuid>) -> Result<bool> {
        let text = format!(
            "update mainstay_task set owner = ?4, attempt = attempt - 1, started_at = null where {HELD}"
        );
        let statement = fenced(text, fence).bind(to);
        self.work(|tx| Ok(tx.execute(&statement)? > 0)).await
    }

    pub(crate) async fn unpark(&self, known: &[Runnable<'_>]) -> Result<Vec<String>> {
        let text = "update mainstay_task set owner = null where owner = ?1 and exists ( \
             select 1 from json_each(?2) as known where json_extract(known.value, '$[0]') = mainstay_task.name \
             and coalesce(json_extract(mainstay_task.meta, '$.version'), 1) <= json_extract(known.value, '$[1]')) \
             returning queue";
        let known: Vec<_> = known.iter().map(|it| (it.name, it.version)).collect();
        self.texts(Statement::new(text).bind(PARKED).bind(listed(&known))).await
    }

    pub(crate) async fn promote(&self, now: Timestamp, most: u32) -> Result<Vec<String>> {
        if self.next_due().await?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        const DUE: &str = "select id from mainstay_schedule where due_at <= ?1 order by due_at, id limit ?2";
        let copy = format!(
            "insert into mainstay_task (id, queue, name, key, priority, body, meta, attempt, errors, created_at) \
             select id, queue, name, key, priority, body, meta, attempt, errors, created_at from mainstay_schedule \
             where id in ({DUE}) order by due_at, id returning queue"
        );
        let copy = Statement::new(copy).bind(now).bind(most);
        let delete = Statement::new(format!("delete from mainstay_schedule where id in ({DUE})"));
        let delete = delete.bind(now).bind(most);
        self.work(|tx| {
            let queues = texts(&tx.rows(&copy)?)?;
            tx.execute(&delete)?;
            Ok(queues)
        })
        .await
    }

    pub(crate) async fn next_due(&self) -> Result<Option<Timestamp>> {
        let next = Statement::new("select min(due_at) from mainstay_schedule");
        self.point(&next)?.map_or(Ok(None), |row: Row| row.at(0))
    }
}

/// Names, for `json_each`.
fn listed<T: serde::Serialize>(names: &[T]) -> String {
    serde_json::json!(names).to_string()
}

fn taking(picked: &str) -> Statement {
    Statement::new(format!(
        "update mainstay_task set owner = ?1, attempt = attempt + 1, started_at = ?4, due_at = null \
         where seq in ({picked}) returning {}, ''",
        Task::COLUMNS
    ))
}

fn fenced(text: String, fence: &Fence) -> Statement {
    Statement::new(text).bind(fence.id).bind(fence.owner).bind(fence.attempt)
}

/// Copies the row elsewhere and deletes it; whether it was there.
fn moved(tx: &SqliteTx, copy: &Statement, fence: &Fence) -> Result<bool> {
    if tx.execute(copy)? == 0 {
        return Ok(false);
    }
    let delete = "delete from mainstay_task where id = ?1";
    tx.execute(&Statement::new(delete).bind(fence.id))?;
    Ok(true)
}
