//! Keeping what row triggers recorded for its time, and no longer.

use uuid::Uuid;

use super::{Sqlite, SqliteTx};
use crate::store::Commit;
use crate::{Result, Statement, Timestamp};

/// How many changes go at once: the writer is everybody's.
const BATCH: u32 = 500;

/// How many openings of a file are known.
const RUNS: u32 = 1000;

/// Notes that the file was opened.
pub(super) fn begin_run(tx: &SqliteTx) -> Result<()> {
    const BEGIN: &str = "insert into mainstay_run (id, after) values \
         (?1, coalesce((select seq from sqlite_sequence where name = 'mainstay_change'), 0))";
    const FORGET: &str = "delete from mainstay_run where rowid <= (select max(rowid) from mainstay_run) - ?1";
    tx.execute(&Statement::new(BEGIN).bind(Uuid::now_v7()))?;
    tx.execute(&Statement::new(FORGET).bind(RUNS)).map(drop)
}

impl Sqlite {
    /// Deletes the changes that were recorded before `before`; how many.
    pub(crate) async fn expire_changes(&self, before: Timestamp) -> Result<u64> {
        // Up to the first that stays: the order of the times is that of the changes, unless the machine's clock was set.
        const LAST: &str = "select coalesce((select seq from mainstay_change where at >= ?1 order by seq limit 1) - 1, \
             (select max(seq) from mainstay_change))";
        let rows = self.rows(&Statement::new(LAST).bind(before)).await?;
        let Some(last) = rows.first().map(|row| row.at::<Option<i64>>(0)).transpose()?.flatten() else {
            return Ok(0);
        };
        // First, for whoever finds changes gone has to find this.
        const HORIZON: &str = "update mainstay_meta set horizon = ?1 where horizon < ?1";
        const DELETE: &str = "delete from mainstay_change where seq in \
             (select seq from mainstay_change where seq <= ?1 order by seq limit ?2)";
        self.sweep(&Statement::new(HORIZON).bind(last)).await?;
        let mut gone = 0;
        loop {
            let batch = self.sweep(&Statement::new(DELETE).bind(last).bind(BATCH)).await?;
            gone += batch;
            if batch < u64::from(BATCH) {
                return Ok(gone);
            }
        }
    }

    async fn sweep(&self, statement: &Statement) -> Result<u64> {
        let (commit, touched) = self.write_one(statement, None).await?;
        match commit {
            Commit::Failed(error) => Err(error),
            // The next sweep tries again.
            Commit::Again | Commit::AgainAlone | Commit::Duplicate | Commit::Unknown { .. } => Ok(0),
            Commit::Done => Ok(touched.len() as u64),
        }
    }
}
