use uuid::Uuid;

use super::Postgres;
use super::claims::front;
use crate::work::{POINTED, Pointer, Task};
use crate::{Result, Statement, Timestamp};

/// By their ids alone, which are found by their index: those that many point at are not read to find a few.
const FIND: &str = "SELECT {columns}, ctid::text FROM mainstay_task WHERE id = ANY (string_to_array($1, ',')::uuid[]) \
     AND queue = $2 AND NOT EXISTS (SELECT FROM mainstay_queue WHERE name = $2 AND paused)";

/// Where a pointer is of an earlier attempt, or its task is somebody's already, there is no row.
const TAKE: &str = "UPDATE mainstay_task AS task SET owner = $1, started_at = $5 FROM \
     unnest(string_to_array($2, ',')::uuid[], string_to_array($3, ',')::int[]) AS given (which, tried) \
     WHERE task.id = given.which AND task.attempt = given.tried AND task.owner = $4 AND task.queue = $6 \
     AND NOT EXISTS (SELECT FROM mainstay_queue WHERE name = $6 AND paused) RETURNING ";

/// As if nobody had pointed at it.
const LOST: &str = "UPDATE mainstay_task SET owner = NULL, attempt = attempt - 1, started_at = NULL, {seq} \
     WHERE owner = $1 AND started_at < $2 RETURNING queue";

impl Postgres {
    pub(crate) async fn pointed(&self, queue: &str, pointers: &[Pointer]) -> Result<Vec<Task>> {
        let ids: Vec<_> = pointers.iter().map(|it| it.task.to_string()).collect();
        let find = Statement::new(FIND.replace("{columns}", Task::COLUMNS)).bind(ids.join(",")).bind(queue);
        let mut found = Vec::with_capacity(pointers.len());
        for row in &self.rows(&find).await? {
            let task = Task::read(row)?;
            if task.owner == POINTED && pointers.contains(&task.pointer()) {
                found.push(task);
            }
        }
        Ok(found)
    }

    pub(crate) async fn take(
        &self,
        node: Uuid,
        queue: &str,
        pointers: &[Pointer],
        now: Timestamp,
    ) -> Result<Vec<Task>> {
        let listed = |each: fn(&Pointer) -> String| pointers.iter().map(each).collect::<Vec<_>>().join(",");
        let statement = Statement::new(format!("{TAKE}{}, ctid::text", Task::COLUMNS))
            .bind(node)
            .bind(listed(|it| it.task.to_string()))
            .bind(listed(|it| it.attempt.to_string()))
            .bind(POINTED)
            .bind(now)
            .bind(queue);
        self.settle(&statement).await?.iter().map(Task::read).collect()
    }

    pub(crate) async fn unpoint(&self, before: Timestamp) -> Result<Vec<String>> {
        self.texts(&front(LOST).bind(POINTED).bind(before)).await
    }
}
