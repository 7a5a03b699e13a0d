use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::baton::Baton;
use super::pen::{Loss, Told};
use super::session::Ran;
use super::work::written;
use super::{fault, results};
use crate::request::Request;
use crate::row::Repr;
use crate::store::{Commit, Company, READER_WRITES, Record, Rollback};
use crate::work::Outbox;
use crate::{Error, ErrorKind, Result, Row, SeededBug, Statement, Timestamp};

/// A transaction: a member of the group that is open on the writer. Its statements run on the
/// caller's thread. Dropping it undoes it and lets the next one write.
pub(crate) struct SqliteTx {
    /// Locked while a statement runs, for a connection is not to be shared.
    state: Mutex<State>,
}

struct State {
    baton: Baton,
    health: Health,
    budget: Duration,
    /// When the budget is used up.
    due: Option<Instant>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Sound,
    /// A statement failed. As on PostgreSQL, nothing else runs then.
    Failed,
    /// Another connection was in the way.
    Conflict,
    /// Its group was rolled back, and it may not have been its own fault.
    Lost,
    /// The request was answered already.
    Answered,
}

impl SqliteTx {
    pub(super) fn open(
        mut baton: Baton,
        request: Option<&Request>,
        company: Company,
        budget: Duration,
    ) -> Result<Self> {
        let failed = |error| fault::to_error(error, budget);
        baton.pen().open_member(company).map_err(failed)?;
        let mut health = Health::Sound;
        if let Some(request) = request
            && baton.pen().run(&results::is_kept(request), None).map_err(failed)?.touched > 0
        {
            health = Health::Answered;
        }
        let due = Some(Instant::now() + budget);
        Ok(Self { state: Mutex::new(State { baton, health, budget, due }) })
    }

    /// The rows a statement gives back.
    pub(crate) fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        Ok(self.state().run(statement)?.rows)
    }

    /// The rows of a statement that can only read.
    pub(crate) fn only_reading(&self, statement: &Statement) -> Result<Vec<Row>> {
        let mut state = self.state();
        state.ready()?;
        let reads = state.baton.pen().only_reads(statement);
        match reads {
            Ok(true) => Ok(state.run(statement)?.rows),
            Ok(false) => {
                state.health = Health::Failed;
                Err(Error::internal(READER_WRITES))
            }
            Err(error) => Err(state.fail(error)),
        }
    }

    /// How many rows a statement touched.
    pub(crate) fn execute(&self, statement: &Statement) -> Result<u64> {
        Ok(self.state().run(statement)?.touched)
    }

    /// A row for each that a statement touched, empty when the statement gives none back.
    pub(super) fn touched(&self, statement: &Statement) -> Result<Vec<Row>> {
        let ran = self.state().run(statement)?;
        if ran.rows.is_empty() {
            let empty = || Row(Repr::Sqlite { columns: [].into(), cells: Vec::new() });
            return Ok((0..ran.touched).map(|_| empty()).collect());
        }
        Ok(ran.rows)
    }

    /// Runs several of the framework's own statements.
    pub(super) fn script(&self, text: &str) -> Result<()> {
        let mut state = self.state();
        state.ready()?;
        let ran = state.baton.pen().script(text);
        ran.map_err(|error| state.fail(error))
    }

    /// Lifts the time budget.
    pub(crate) fn without_budget(&self) {
        self.state().due = None;
    }

    /// Keeps the answer and waits until the group is durable.
    pub(crate) async fn commit(self, record: Option<Record<'_>>) -> Commit {
        self.commit_leaving(&mut Outbox::default(), record, Timestamp::EPOCH).await
    }

    /// [`SqliteTx::commit`], with what is left behind.
    pub(crate) async fn commit_leaving(
        self,
        outbox: &mut Outbox,
        record: Option<Record<'_>>,
        now: Timestamp,
    ) -> Commit {
        let mut state = self.into_state();
        let ready = state
            .ready()
            .and_then(|()| record.map_or(Ok(()), |record| state.keep(record)))
            .and_then(|()| state.leave(outbox, now));
        let Err(error) = ready else { return state.finish().await };
        match state.undo().await {
            Rollback::Final => Commit::Failed(error),
            Rollback::Again => Commit::Again,
            Rollback::AgainAlone => Commit::AgainAlone,
            Rollback::Answered => Commit::Duplicate,
        }
    }

    /// Undoes it. Where it may have seen what others in its group wrote, waits until that is durable:
    /// an answer may rest on it.
    pub(crate) async fn rollback(self) -> Rollback {
        self.into_state().undo().await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn into_state(self) -> State {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn run(&mut self, statement: &Statement) -> Result<Ran> {
        self.ready()?;
        // Short statements never meet the limit of the connection, however many there are.
        if self.due.is_some_and(|due| Instant::now() >= due) {
            self.health = Health::Failed;
            let budget = u64::try_from(self.budget.as_millis()).unwrap_or(u64::MAX);
            return Err(Error::new(ErrorKind::TooSlow(budget)));
        }
        let due = self.due;
        let ran = self.baton.pen().run(statement, due);
        ran.map_err(|error| self.fail(error))
    }

    /// Whether statements may run.
    fn ready(&self) -> Result<()> {
        match self.health {
            Health::Sound => Ok(()),
            Health::Answered => Err(Error::new(ErrorKind::Answered)),
            Health::Lost => Err(Error::new(ErrorKind::GroupLost)),
            Health::Conflict => Err(Error::new(ErrorKind::Conflict)),
            Health::Failed => Err(Error::internal(
                "a statement of this transaction failed before: nothing else runs in it, and it is not committed",
            )),
        }
    }

    /// Remembers what the error means for the transaction.
    fn fail(&mut self, error: rusqlite::Error) -> Error {
        let error = fault::to_error(error, self.budget);
        let is_too_slow = matches!(error.kind(), ErrorKind::TooSlow(_));
        self.health = match self.baton.pen().loss() {
            Loss::Shared if !is_too_slow => Health::Lost,
            Loss::Shared | Loss::Own | Loss::None if matches!(error.kind(), ErrorKind::Conflict) => {
                Health::Conflict
            }
            Loss::Shared | Loss::Own | Loss::None => Health::Failed,
        };
        error
    }

    fn keep(&mut self, record: Record<'_>) -> Result<()> {
        let statement = results::keep(record)?;
        match self.baton.pen().run(&statement, None) {
            Ok(_) => Ok(()),
            Err(error) if fault::is_duplicate_in(&error, results::TABLE) => {
                self.health = Health::Answered;
                Err(Error::new(ErrorKind::Answered))
            }
            Err(error) => Err(self.fail(error)),
        }
    }

    /// Ends the attempts that this transaction is of, and writes the tasks.
    fn leave(&mut self, outbox: &Outbox, now: Timestamp) -> Result<()> {
        for fence in &outbox.fences {
            if self.run(&written::fence(fence))?.touched == 0 && !SeededBug::NoFence.is_on() {
                self.health = Health::Failed;
                return Err(Error::new(ErrorKind::LeaseLost));
            }
        }
        for leaving in &outbox.tasks {
            self.run(&written::task(leaving, now))?;
        }
        Ok(())
    }

    async fn finish(self) -> Commit {
        match self.baton.settle().await {
            Ok(Told::Durable) => Commit::Done,
            Ok(Told::Lost) => Commit::AgainAlone,
            Ok(Told::Failed(error)) if matches!(error.kind(), ErrorKind::Conflict) => Commit::Again,
            Ok(Told::Failed(error)) => Commit::Failed(error),
            Err(error) => Commit::Failed(fault::to_error(error, self.budget)),
        }
    }

    async fn undo(mut self) -> Rollback {
        self.baton.pen().undo_member();
        let what_it_saw = if self.baton.pen().is_shared() {
            self.baton.settle().await
        } else {
            drop(self.baton);
            Ok(Told::Durable)
        };
        match (self.health, what_it_saw) {
            (Health::Lost, _) | (_, Ok(Told::Lost | Told::Failed(_)) | Err(_)) => Rollback::AgainAlone,
            (Health::Sound | Health::Failed, Ok(Told::Durable)) => Rollback::Final,
            (Health::Conflict, Ok(Told::Durable)) => Rollback::Again,
            (Health::Answered, Ok(Told::Durable)) => Rollback::Answered,
        }
    }
}
