use uuid::Uuid;

use super::{Fence, NewTask, TaskId};
use crate::store::mark::{self, Waiting, Waits};
use crate::{Db, Dialect, Error, ErrorKind, Result, SeededBug, Timestamp, Tx};

impl Tx {
    /// Leaves a task behind. It exists once this transaction is committed, and only then.
    pub fn put(&mut self, task: NewTask) -> TaskId {
        let id = task.id;
        self.outbox().put(task);
        id
    }

    /// Takes a task back that nobody runs yet; whether it was there to be taken. Once this transaction is committed
    /// that is the truth, also where somebody was about to run it.
    ///
    /// # Errors
    /// A conflict, when somebody took it meanwhile: the handler is run again.
    pub async fn cancel(&mut self, id: TaskId) -> Result<bool> {
        if self.outbox().take_back(id) {
            return Ok(true);
        }
        let Some(task) = self.waiting(id).await? else { return Ok(false) };
        self.take(&task).await.map(|()| true)
    }

    /// Sets another time for a task that nobody runs yet; whether it was there.
    ///
    /// # Errors
    /// As [`Tx::cancel`].
    pub async fn reschedule(&mut self, id: TaskId, due: Timestamp) -> Result<bool> {
        if let Some(task) = self.outbox().find(id) {
            task.due = Some(due);
            return Ok(true);
        }
        let Some(task) = self.waiting(id).await? else { return Ok(false) };
        self.postpone(&task, due).await?;
        self.wake_at(due);
        Ok(true)
    }

    /// Ends this attempt with the transaction: it commits only if the attempt still holds.
    pub fn finish(&mut self, fence: Fence) {
        self.outbox().fences.push(fence);
    }

    /// Says that this cron ran at this time; whether nobody had said so.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn tick(&mut self, cron: &str, due: Timestamp) -> Result<bool> {
        Ok(self.execute(&mark::tick(self.dialect(), cron, due)).await? > 0 || SeededBug::TickTwice.is_on())
    }

    /// Takes `mark` for this task until then, unless another task holds it: the one that holds it now.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn only_one(&mut self, mark: Uuid, task: TaskId, until: Timestamp) -> Result<TaskId> {
        let now = self.now();
        let rows = self.returning(&mark::unique(self.dialect(), mark, task, until, now)).await?;
        rows.first().map_or_else(|| Err(Error::internal("a mark gave no task back")), |row| row.at(0))
    }

    async fn waiting(&mut self, id: TaskId) -> Result<Option<Waiting>> {
        let find = mark::find(self.dialect(), id);
        let rows = match self.dialect() {
            Dialect::Postgres => self.store().rows(&find).await?,
            Dialect::Sqlite => self.rows(&find).await?,
        };
        rows.first().map(|row| mark::found(row, id)).transpose()
    }

    async fn postpone(&mut self, task: &Waiting, due: Timestamp) -> Result<()> {
        let is_ready = task.waits() == Waits::Ready;
        if is_ready && self.execute(&mark::hold(self.dialect(), task, due)).await? > 0 {
            return Ok(());
        }
        if self.execute(&mark::postpone(self.dialect(), task, due)).await? == 0 {
            return Err(Error::new(ErrorKind::Conflict));
        }
        if is_ready { self.take(task).await } else { Ok(()) }
    }

    async fn take(&mut self, task: &Waiting) -> Result<()> {
        if SeededBug::CancelledRuns.is_on() {
            return Ok(());
        }
        let taken = self.execute(&mark::delete(self.dialect(), task)).await?;
        if taken > 0 { Ok(()) } else { Err(Error::new(ErrorKind::Conflict)) }
    }
}

impl Db {
    /// When this cron last ran.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn last_tick(&self, cron: &str) -> Result<Option<Timestamp>> {
        let last = mark::last_tick(self.dialect(), cron);
        self.reader().point(&last).await?.map_or(Ok(None), |row| row.at(0))
    }
}
