use std::time::Duration;

use uuid::Uuid;

use super::Postgres;
use super::claims::front;
use crate::work::{Enlisted, PARKED, POINTED, TaskId};
use crate::{Result, Statement, Timestamp};

const ENLIST: &str = "INSERT INTO mainstay_node (id, name, lease_until) \
     VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')";

const RENEW: &str = "UPDATE mainstay_node SET lease_until = clock_timestamp() + $2 * interval '1 millisecond' \
     WHERE id = $1 RETURNING 1";

/// `ANY` of a list: without dead processes no task is looked at.
const REAP: &str = "WITH dead AS (DELETE FROM mainstay_node WHERE lease_until < clock_timestamp() RETURNING id) \
     UPDATE mainstay_task SET owner = NULL, started_at = NULL, {seq} \
     WHERE owner IS NOT NULL AND owner = ANY (ARRAY(SELECT id FROM dead)) RETURNING queue";

const REAP_STRAYS: &str = "UPDATE mainstay_task SET owner = NULL, started_at = NULL, {seq} WHERE owner IS NOT NULL \
     AND owner NOT IN ($1, $2) AND owner NOT IN (SELECT id FROM mainstay_node) RETURNING queue";

const DISOWN: &str = "UPDATE mainstay_task SET owner = NULL, started_at = NULL, {seq} WHERE owner = $1 \
     AND started_at < $2 AND id <> ALL (string_to_array($3, ',')::uuid[]) RETURNING queue";

const LEAVE: &str = "WITH gone AS (DELETE FROM mainstay_node WHERE id = $1), freed AS ( \
     UPDATE mainstay_task SET owner = NULL, started_at = NULL, {seq} WHERE owner = $1 RETURNING 1) \
     SELECT count(*) FROM freed";

impl Postgres {
    pub(crate) async fn enlist(&self, node: Uuid, name: &str, lease: Duration) -> Result<()> {
        self.settle(&Statement::new(ENLIST).bind(node).bind(name).bind(millis(lease))).await.map(drop)
    }

    pub(crate) async fn renew(&self, node: Uuid, lease: Duration) -> Result<Enlisted> {
        let rows = self.settle(&Statement::new(RENEW).bind(node).bind(millis(lease))).await?;
        Ok(if rows.is_empty() { Enlisted::Lost } else { Enlisted::Alive })
    }

    pub(crate) async fn reap(&self) -> Result<Vec<String>> {
        self.texts(&front(REAP)).await
    }

    pub(crate) async fn reap_strays(&self) -> Result<Vec<String>> {
        self.texts(&front(REAP_STRAYS).bind(PARKED).bind(POINTED)).await
    }

    pub(crate) async fn disown(
        &self,
        node: Uuid,
        running: &[TaskId],
        before: Timestamp,
    ) -> Result<Vec<String>> {
        self.texts(&front(DISOWN).bind(node).bind(before).bind(listed(running))).await
    }

    pub(crate) async fn alive(&self) -> Result<u64> {
        let alive = "SELECT count(*) FROM mainstay_node WHERE lease_until >= clock_timestamp()";
        self.rows(&Statement::new(alive))
            .await?
            .first()
            .map_or(Ok(0), |row| row.at::<i64>(0).map(i64::unsigned_abs))
    }

    pub(crate) async fn leave(&self, node: Uuid) -> Result<()> {
        self.settle(&front(LEAVE).bind(node)).await.map(drop)
    }
}

fn millis(lease: Duration) -> f64 {
    lease.as_secs_f64() * 1000.0
}

fn listed(ids: &[TaskId]) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
