//! How far tasks have come and what they gave. Two tables: what a task gave is written in the transaction that ends it,
//! and PostgreSQL refuses a row to a snapshot that is older than the worker's last word.

use std::borrow::Cow;

use serde_json::json;

use super::Store;
use crate::work::{PARKED, POINTED, Progress, Report, Returned, TaskId, TaskState};
use crate::{Dialect, Result, Row, Statement, Timestamp};

/// In one statement, so that a task that moves is seen in one place.
const FIND: &str = "WITH here AS ( \
     SELECT name, CASE WHEN owner IS NULL OR owner = $4 THEN 'ready' WHEN owner = $2 THEN 'parked' ELSE 'running' END AS state, attempt, errors \
     FROM mainstay_task WHERE id = $1 \
     UNION ALL SELECT name, 'scheduled' AS state, attempt, errors FROM mainstay_schedule WHERE id = $1 \
     UNION ALL SELECT name, 'dead' AS state, attempt, errors FROM mainstay_dead WHERE id = $1), \
     said AS (SELECT name, said FROM mainstay_progress WHERE id = $1 AND expires_at > $3), \
     gave AS (SELECT name, progress, value FROM mainstay_report WHERE id = $1 AND expires_at > $3) \
     SELECT coalesce(here.name, gave.name, said.name), \
     coalesce(here.state, CASE WHEN gave.name IS NULL THEN 'cancelled' ELSE 'done' END), \
     coalesce(gave.progress, said.said), CASE WHEN here.name IS NULL THEN gave.value END, \
     coalesce(here.attempt, 0), coalesce(here.errors, '[]') \
     FROM (SELECT 1 AS one) AS one LEFT JOIN here ON true LEFT JOIN said ON true LEFT JOIN gave ON true \
     WHERE here.name IS NOT NULL OR said.name IS NOT NULL OR gave.name IS NOT NULL";

const NOTE_POSTGRES: &str = "INSERT INTO mainstay_progress (id, name, said, expires_at) \
     SELECT id, name, said, timestamptz 'epoch' + expires * interval '1 microsecond' \
     FROM json_to_recordset($1::text::json) AS given (id uuid, name text, said text, expires bigint) ORDER BY id \
     ON CONFLICT (id) DO UPDATE SET said = excluded.said, expires_at = excluded.expires_at";

const NOTE_SQLITE: &str = "insert into mainstay_progress (id, name, said, expires_at) \
     select value ->> 'id', value ->> 'name', value ->> 'said', value ->> 'expires' from json_each(?1) where true \
     on conflict (id) do update set said = excluded.said, expires_at = excluded.expires_at";

const KEEP_POSTGRES: &str = "INSERT INTO mainstay_report (id, name, progress, value, ended_at, expires_at) \
     SELECT id, name, progress, value, $2::timestamptz, timestamptz 'epoch' + expires * interval '1 microsecond' \
     FROM json_to_recordset($1::text::json) AS given (id uuid, name text, progress text, value text, expires bigint) ORDER BY id \
     ON CONFLICT (id) DO UPDATE SET progress = excluded.progress, value = excluded.value, ended_at = excluded.ended_at, \
     expires_at = excluded.expires_at";

const KEEP_SQLITE: &str = "insert into mainstay_report (id, name, progress, value, ended_at, expires_at) \
     select value ->> 'id', value ->> 'name', value ->> 'progress', value ->> 'value', ?2, value ->> 'expires' \
     from json_each(?1) where true on conflict (id) do update set progress = excluded.progress, value = excluded.value, \
     ended_at = excluded.ended_at, expires_at = excluded.expires_at";

/// Keeps what these tasks gave.
pub(crate) fn keep(dialect: Dialect, returned: &[Returned], now: Timestamp) -> Statement {
    let row = |it: &Returned| {
        json!({
            "id": it.task, "name": it.name, "progress": it.progress, "value": it.value, "expires": it.expires_at.as_micros(),
        })
    };
    let rows: Vec<_> = returned.iter().map(row).collect();
    let text = match dialect {
        Dialect::Postgres => KEEP_POSTGRES,
        Dialect::Sqlite => KEEP_SQLITE,
    };
    Statement::new(text).bind(json!(rows).to_string()).bind(now)
}

fn note(dialect: Dialect, said: &[Progress]) -> Statement {
    let row = |it: &Progress| json!({ "id": it.task, "name": it.name, "said": it.said, "expires": it.expires_at.as_micros() });
    let rows: Vec<_> = said.iter().map(row).collect();
    let text = match dialect {
        Dialect::Postgres => NOTE_POSTGRES,
        Dialect::Sqlite => NOTE_SQLITE,
    };
    Statement::new(text).bind(json!(rows).to_string())
}

fn find(dialect: Dialect, id: TaskId, now: Timestamp) -> Statement {
    let text: Cow<'static, str> = match dialect {
        Dialect::Postgres => FIND.into(),
        Dialect::Sqlite => FIND.replace('$', "?").into(),
    };
    Statement::new(text).bind(id).bind(PARKED).bind(now).bind(POINTED)
}

fn found(row: &Row, id: TaskId) -> Result<Report> {
    Ok(Report {
        id,
        name: row.at(0)?,
        state: TaskState::named(&row.at::<String>(1)?)?,
        progress: row.at(2)?,
        value: row.at(3)?,
        attempt: row.at(4)?,
        errors: row.at(5)?,
    })
}

/// Deletes up to `batch` of either kind that are kept no longer.
fn expire(dialect: Dialect, now: Timestamp, batch: u32) -> [Statement; 2] {
    ["mainstay_progress", "mainstay_report"].map(|table| {
        let text = match dialect {
            Dialect::Postgres => format!(
                "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE expires_at <= $1 \
                 ORDER BY expires_at LIMIT $2))"
            ),
            Dialect::Sqlite => format!(
                "delete from {table} where id in (select id from {table} where expires_at <= ?1 \
                 order by expires_at limit ?2)"
            ),
        };
        Statement::new(text).bind(now).bind(batch)
    })
}

impl Store {
    pub(crate) async fn report(&self, id: TaskId, now: Timestamp) -> Result<Option<Report>> {
        let rows = self.rows(&find(self.dialect(), id, now)).await?;
        rows.first().map(|row| found(row, id)).transpose()
    }

    async fn settle(&self, statement: &Statement) -> Result<()> {
        match self {
            Self::Postgres(store) => store.settle(statement).await.map(drop),
            Self::Sqlite(store) => store.work(|tx| tx.execute(statement)).await.map(drop),
        }
    }

    pub(crate) async fn note_progress(&self, said: &[Progress]) -> Result<()> {
        self.settle(&note(self.dialect(), said)).await
    }

    pub(crate) async fn keep_returned(&self, returned: &[Returned], now: Timestamp) -> Result<()> {
        self.settle(&keep(self.dialect(), returned, now)).await
    }

    /// Deletes up to `batch` of either kind that are kept no longer; the more of the two.
    pub(crate) async fn expire_reports(&self, now: Timestamp, batch: u32) -> Result<u64> {
        let mut most = 0;
        for statement in expire(self.dialect(), now, batch) {
            let (_, gone) = self.write_one(&statement, None).await?;
            most = most.max(gone.len() as u64);
        }
        Ok(most)
    }
}
