use super::Postgres;
use crate::store::work::{LISTED, read_dead, read_depth, read_listed};
use crate::work::{Dead, Depth, Listed, PARKED, POINTED, TaskFilter};
use crate::{Result, Statement, Timestamp};

const PAUSE: &str = "INSERT INTO mainstay_queue (name, paused) VALUES ($1, $2) \
     ON CONFLICT (name) DO UPDATE SET paused = excluded.paused RETURNING 1";

const DEPTHS: &str = "WITH waiting AS (SELECT queue, count(*) FILTER (WHERE owner IS NULL OR owner = $2) AS ready, \
     count(*) FILTER (WHERE owner NOT IN ($1, $2)) AS running, count(*) FILTER (WHERE owner = $1) AS parked, \
     min(created_at) FILTER (WHERE owner IS NULL OR owner = $2) AS oldest FROM mainstay_task GROUP BY queue), \
     later AS (SELECT queue, count(*) AS scheduled FROM mainstay_schedule GROUP BY queue), \
     never AS (SELECT queue, count(*) AS dead FROM mainstay_dead GROUP BY queue), \
     said AS (SELECT name AS queue, paused FROM mainstay_queue) \
     SELECT queue, coalesce(paused, false), coalesce(ready, 0), coalesce(running, 0), coalesce(parked, 0), \
     coalesce(scheduled, 0), coalesce(dead, 0), oldest FROM waiting FULL JOIN later USING (queue) \
     FULL JOIN never USING (queue) FULL JOIN said USING (queue) ORDER BY queue";

/// Which letters are meant: `$1` to `$3` are null where nothing is asked.
const MEANT: &str =
    "($1::uuid IS NULL OR id = $1) AND ($2::text IS NULL OR queue = $2) AND ($3::text IS NULL OR name = $3)";

impl Postgres {
    pub(crate) async fn set_paused(&self, queue: &str, paused: bool) -> Result<()> {
        self.settle(&Statement::new(PAUSE).bind(queue).bind(paused)).await.map(drop)
    }

    pub(crate) async fn paused(&self) -> Result<Vec<String>> {
        let paused = Statement::new("SELECT name FROM mainstay_queue WHERE paused ORDER BY name");
        self.rows(&paused).await?.iter().map(|row| row.at(0)).collect()
    }

    pub(crate) async fn depths(&self) -> Result<Vec<Depth>> {
        self.rows(&Statement::new(DEPTHS).bind(PARKED).bind(POINTED)).await?.iter().map(read_depth).collect()
    }

    pub(crate) async fn tasks(&self, filter: &TaskFilter, most: u32) -> Result<Vec<Listed>> {
        let text = format!(
            "SELECT * FROM (SELECT {LISTED}, CASE WHEN owner IS NULL OR owner = $6 THEN 'ready' WHEN owner = $5 THEN 'parked' \
             ELSE 'running' END AS state, due_at, created_at, started_at FROM mainstay_task UNION ALL \
             SELECT {LISTED}, 'scheduled' AS state, due_at, created_at, NULL AS started_at FROM mainstay_schedule) AS task \
             WHERE {MEANT} ORDER BY created_at, id LIMIT $4"
        );
        let statement = meant(text, filter).bind(most).bind(PARKED).bind(POINTED);
        self.rows(&statement).await?.iter().map(read_listed).collect()
    }

    pub(crate) async fn dead(&self, filter: &TaskFilter, most: u32) -> Result<Vec<Dead>> {
        let text = format!(
            "SELECT id, queue, name, key, body, attempt, errors, reason, created_at, died_at FROM mainstay_dead \
             WHERE {MEANT} ORDER BY died_at DESC, id DESC LIMIT $4"
        );
        self.rows(&meant(text, filter).bind(most)).await?.iter().map(read_dead).collect()
    }

    pub(crate) async fn replay_dead(
        &self,
        filter: &TaskFilter,
        by: Timestamp,
        most: u32,
        now: Timestamp,
    ) -> Result<Vec<String>> {
        let text = format!(
            "WITH back AS (DELETE FROM mainstay_dead WHERE id IN (SELECT id FROM mainstay_dead WHERE {MEANT} \
             AND died_at <= $5 ORDER BY died_at, id LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING *) \
             INSERT INTO mainstay_schedule (id, queue, name, key, priority, body, meta, due_at, created_at) \
             SELECT id, queue, name, key, priority, body, meta, $6, created_at FROM back RETURNING queue"
        );
        self.texts(&meant(text, filter).bind(most).bind(by).bind(now)).await
    }

    pub(crate) async fn discard_dead(&self, filter: &TaskFilter, by: Timestamp, most: u32) -> Result<u64> {
        let text = format!(
            "DELETE FROM mainstay_dead WHERE id IN (SELECT id FROM mainstay_dead WHERE {MEANT} AND died_at <= $5 \
             ORDER BY died_at LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING 1"
        );
        Ok(self.settle(&meant(text, filter).bind(most).bind(by)).await?.len() as u64)
    }
}

fn meant(text: String, filter: &TaskFilter) -> Statement {
    Statement::new(text).bind(filter.id).bind(filter.queue.as_deref()).bind(filter.name.as_deref())
}
