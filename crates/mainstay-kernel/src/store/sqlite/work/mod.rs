//! Tasks on SQLite. One process owns the file, so it needs no lease: what an earlier one was running is free again
//! as soon as the file is opened by the next.

mod claims;
mod letters;
pub(super) mod written;

use std::time::Duration;

use uuid::Uuid;

use super::{Sqlite, SqliteTx};
use crate::store::{Commit, Company, Rollback};
use crate::work::{Enlisted, PARKED, TaskId};
use crate::{Error, ErrorKind, Result, Row, Statement, Timestamp};

/// The tables of tasks.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// Those of what is told of them.
pub(super) const REPORTS: &str = include_str!("reports.sql");

impl Sqlite {
    /// Runs some of the framework's statements as one member of a group.
    pub(crate) async fn work<T>(&self, work: impl Fn(&SqliteTx) -> Result<T> + Send + Sync) -> Result<T> {
        const TRIES: u32 = 10;
        let mut company = Company::Grouped;
        for _ in 0..TRIES {
            let tx = self.begin(None, company).await?;
            match work(&tx) {
                Ok(done) => match tx.commit(None).await {
                    Commit::Done => return Ok(done),
                    Commit::Failed(error) => return Err(error),
                    Commit::AgainAlone => company = Company::Alone,
                    Commit::Again | Commit::Duplicate | Commit::Unknown { .. } => {}
                },
                Err(error) => match tx.rollback().await {
                    Rollback::Final => return Err(error),
                    Rollback::AgainAlone => company = Company::Alone,
                    Rollback::Again | Rollback::Answered => {}
                },
            }
        }
        Err(Error::new(ErrorKind::Conflict))
    }

    /// One statement that gives texts.
    async fn texts(&self, statement: Statement) -> Result<Vec<String>> {
        self.work(|tx| texts(&tx.rows(&statement)?)).await
    }

    pub(crate) async fn enlist(&self, _: Uuid, _: &str, _: Duration) -> Result<()> {
        let free = "update mainstay_task set owner = null, started_at = null \
             where owner is not null and owner <> ?1";
        let statement = Statement::new(free).bind(PARKED);
        self.work(|tx| tx.execute(&statement)).await.map(drop)
    }

    /// Nobody else can have taken its tasks.
    pub(crate) async fn renew(&self, _: Uuid, _: Duration) -> Result<Enlisted> {
        Ok(Enlisted::Alive)
    }

    /// There is nobody else whose lease could end.
    pub(crate) async fn reap(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Nor anybody else who could have taken any.
    pub(crate) async fn reap_strays(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    pub(crate) async fn disown(
        &self,
        node: Uuid,
        running: &[TaskId],
        before: Timestamp,
    ) -> Result<Vec<String>> {
        const LOST: &str = "owner = ?1 and started_at < ?2 and id not in (select value from json_each(?3))";
        let running = serde_json::to_string(running)
            .map_err(|error| Error::internal("ids cannot be written").caused_by(error))?;
        let bound = |text: String| Statement::new(text).bind(node).bind(before).bind(running.as_str());
        // Nearly always there is none, and looking costs no commit.
        if self.rows(&bound(format!("select 1 from mainstay_task where {LOST} limit 1"))).await?.is_empty() {
            return Ok(Vec::new());
        }
        let free =
            format!("update mainstay_task set owner = null, started_at = null where {LOST} returning queue");
        self.texts(bound(free)).await
    }

    pub(crate) async fn alive(&self) -> Result<u64> {
        Ok(0)
    }

    pub(crate) async fn leave(&self, node: Uuid) -> Result<()> {
        let free = "update mainstay_task set owner = null, started_at = null where owner = ?1";
        let statement = Statement::new(free).bind(node);
        self.work(|tx| tx.execute(&statement)).await.map(drop)
    }
}

fn texts(rows: &[Row]) -> Result<Vec<String>> {
    rows.iter().map(|row| row.at(0)).collect()
}
