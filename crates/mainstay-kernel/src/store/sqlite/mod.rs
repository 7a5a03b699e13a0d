//! SQLite: one writer whose commits are shared, and readers that never wait for it.

mod baton;
pub(crate) mod capture;
mod cell;
mod changes;
mod fault;
mod functions;
mod home;
mod limit;
mod migration;
mod pen;
mod readers;
mod results;
mod scans;
mod session;
mod snapshot;
#[cfg(test)]
mod tests;
mod tx;
mod work;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::request::Request;
use crate::store::{Commit, Company, Kept, Record, Rollback};
use crate::{DbOptions, Result, Row, Statement, Timestamp};

pub(crate) use cell::read;
use home::Home;
use readers::Readers;
use scans::Scans;
use session::Most;
pub(crate) use snapshot::SqliteSnapshot;
pub(crate) use tx::SqliteTx;
use writer::Writer;

/// The SQL of the framework's own tables.
pub(crate) fn framework_tables() -> String {
    migration::ALL
        .iter()
        .map(|it| format!("{};", it.sql.trim_end().trim_end_matches(';')))
        .collect::<Vec<_>>()
        .join("\n\n")
}

/// A SQLite file that this process owns.
pub(crate) struct Sqlite {
    writer: Arc<Writer>,
    readers: Arc<Readers>,
    scans: Scans,
    /// How many snapshots may be open at once.
    snapshots: Arc<Semaphore>,
    budget: Duration,
    stopping: tokio::sync::Mutex<()>,
    /// Held by who migrates: this process owns the file, so others need no word.
    migrating: Arc<tokio::sync::Mutex<()>>,
}

impl Sqlite {
    /// Opens the file, or makes it, and takes it for this process alone.
    pub(crate) async fn open(options: &DbOptions) -> Result<Self> {
        let home = Arc::new(Home::open(&options.url)?);
        let writer = Arc::new(Writer::open(Arc::clone(&home))?);
        let readers = Arc::new(Readers::open(home, options.read_limit)?);
        let scans = Scans::start(&readers, options.reader_threads)?;
        Ok(Self {
            writer,
            readers,
            scans,
            snapshots: Arc::new(Semaphore::new(options.reader_threads.max(1))),
            budget: options.write_budget,
            stopping: tokio::sync::Mutex::default(),
            migrating: Arc::default(),
        })
    }

    /// Takes the writer and opens a transaction. A kept answer of the request is looked up at once;
    /// when there is one, every statement fails with `Answered`.
    pub(crate) async fn begin(&self, request: Option<&Request>, company: Company) -> Result<SqliteTx> {
        let baton = self.writer.take(company).await?;
        SqliteTx::open(baton, request, company, self.budget)
    }

    /// One statement, and the record if it touched a row. Run again alone when its group is lost.
    pub(crate) async fn write_one(
        &self,
        statement: &Statement,
        record: Option<Record<'_>>,
    ) -> Result<(Commit, Vec<Row>)> {
        let (commit, rows) = self.write_in(Company::Grouped, statement, record).await?;
        match commit {
            Commit::AgainAlone => self.write_in(Company::Alone, statement, record).await,
            Commit::Done | Commit::Again | Commit::Duplicate | Commit::Unknown { .. } | Commit::Failed(_) => {
                Ok((commit, rows))
            }
        }
    }

    async fn write_in(
        &self,
        company: Company,
        statement: &Statement,
        record: Option<Record<'_>>,
    ) -> Result<(Commit, Vec<Row>)> {
        let tx = self.begin(None, company).await?;
        let result = tx.touched(statement);
        if let Ok(rows) = &result
            && !rows.is_empty()
        {
            let commit = tx.commit(record).await;
            return Ok((commit, result?));
        }
        // Nothing was touched, or it failed; both may rest on what the group has not committed yet.
        match tx.rollback().await {
            Rollback::Final => Ok((Commit::Done, result?)),
            Rollback::Again => Ok((Commit::Again, Vec::new())),
            Rollback::AgainAlone => Ok((Commit::AgainAlone, Vec::new())),
            Rollback::Answered => Ok((Commit::Duplicate, Vec::new())),
        }
    }

    /// All rows of a statement that may scan, read on a thread of its own.
    pub(crate) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        self.scans.rows(statement).await
    }

    /// At most one row, read on the caller's thread.
    pub(crate) fn point(&self, statement: &Statement) -> Result<Option<Row>> {
        Ok(self.readers.read(statement, Most::One)?.into_iter().next())
    }

    /// The answer kept for this request, if it is committed.
    pub(crate) fn kept(&self, request: &Request) -> Result<Option<Kept>> {
        self.point(&results::kept(request))?.map(|row| results::read(&row)).transpose()
    }

    /// Deletes up to `batch` answers that expired before `now`; how many it deleted.
    pub(crate) async fn expire_results(&self, now: Timestamp, batch: u32) -> Result<u64> {
        let (commit, gone) = self.write_one(&results::expire(now, batch), None).await?;
        match commit {
            Commit::Failed(error) => Err(error),
            // The next sweep tries again.
            Commit::Again | Commit::AgainAlone | Commit::Duplicate | Commit::Unknown { .. } => Ok(0),
            Commit::Done => Ok(gone.len() as u64),
        }
    }

    /// Creates or upgrades the framework's own tables.
    pub(crate) async fn migrate(&self, now: Timestamp) -> Result<()> {
        migration::migrate(self, migration::ALL, now).await
    }

    /// Waits until nobody else migrates.
    pub(crate) async fn turn(&self) -> tokio::sync::OwnedMutexGuard<()> {
        Arc::clone(&self.migrating).lock_owned().await
    }

    /// Changes with every commit: odd while one is on its way, and the same before and after a read
    /// that no commit crossed.
    pub(crate) fn version(&self) -> u64 {
        self.writer.version()
    }

    /// Lets those who wait finish, empties the write-ahead log into the file and gives the file up.
    /// Later work is refused with `Draining`. Safe to call twice.
    pub(crate) async fn stop(&self) {
        let _one_at_a_time = self.stopping.lock().await;
        let pen = self.writer.close().await;
        self.scans.close().await;
        self.readers.close();
        if let Some(pen) = pen {
            // The checkpoint waits for the disk. Nothing is lost when the runtime ends before it.
            let _ = tokio::task::spawn_blocking(move || pen.close()).await;
        }
    }
}

impl Drop for Sqlite {
    fn drop(&mut self) {
        // The reading threads have a handle on them too, and would keep the file a moment longer.
        self.readers.close();
    }
}
