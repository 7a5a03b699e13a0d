use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::db::Shared;
use crate::store::{Commit, Company, Rollback, Store};
use crate::{
    Answer, Error, ErrorKind, Failpoint, FaultPoint, Request, Result, SeededBug, TRACE, Tx, metrics, watch,
};

/// The runs of one handler until it commits, fails for good, or is found to be a repeat.
pub(crate) struct Attempts<'a> {
    shared: &'a Arc<Shared>,
    request: Option<&'a Request>,
    company: Company,
    bounded: bool,
    run: u32,
    /// When the run was asked for.
    asked: Instant,
}

/// What became of one run.
#[derive(Debug)]
pub(crate) enum Settled {
    /// It is durable: give the handler's result.
    Committed,
    /// It is undone: give the handler's error.
    Failed,
    /// It is undone: run the handler again.
    Again,
    /// It is undone: give the answer that was kept before.
    Replay(Answer),
}

impl<'a> Attempts<'a> {
    pub(crate) fn new(shared: &'a Arc<Shared>, request: Option<&'a Request>) -> Result<Self> {
        watch::refuse_nested()?;
        Ok(Self { shared, request, company: Company::Grouped, bounded: true, run: 0, asked: Instant::now() })
    }

    /// Without a time budget, and alone in its commit.
    pub(crate) fn unbounded(mut self) -> Self {
        self.company = Company::Alone;
        self.bounded = false;
        self
    }

    /// How long a handler may hold the writer, where there is but one.
    pub(crate) fn budget(&self) -> Option<Duration> {
        match self.shared.store {
            Store::Sqlite(_) if self.bounded => Some(self.shared.options.write_budget),
            Store::Sqlite(_) | Store::Postgres(_) => None,
        }
    }

    pub(crate) async fn begin(&mut self) -> Result<Tx> {
        self.asked = Instant::now();
        let store = self.shared.store.begin(self.request, self.company).await?;
        let tx = Tx::new(store, self.shared);
        if !self.bounded {
            tx.without_budget();
        }
        Ok(tx)
    }

    /// Ends the run: commits what succeeded, undoes what failed.
    pub(crate) async fn settle(
        &mut self,
        tx: Tx,
        result: Result<Option<&Answer>, &Error>,
    ) -> Result<Settled> {
        let (asked, run) = (self.asked, self.run);
        let settled = self.end(tx, result).await;
        self.ended(asked, run, &settled);
        settled
    }

    /// [`Attempts::settle`] of a run that was one statement.
    pub(crate) async fn settle_one(&mut self, commit: Commit) -> Result<Settled> {
        let (asked, run) = (self.asked, self.run);
        let settled = self.committed(commit).await;
        self.ended(asked, run, &settled);
        self.asked = Instant::now();
        settled
    }

    /// Counts a run, and tells of it where its trace is recorded.
    fn ended(&self, asked: Instant, run: u32, settled: &Result<Settled>) {
        let (took, outcome) = (asked.elapsed(), metrics::outcome(settled));
        self.shared.metrics.ended(took, outcome);
        tracing::trace!(
            name: "transaction",
            target: TRACE,
            duration = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
            otel.kind = "client",
            otel.status_code = matches!(settled, Ok(Settled::Failed) | Err(_)).then_some("error"),
            db.system.name = self.shared.store.dialect().system(),
            mainstay.attempt = run + 1,
            mainstay.outcome = outcome,
        );
    }

    async fn end(&mut self, tx: Tx, result: Result<Option<&Answer>, &Error>) -> Result<Settled> {
        match result {
            Ok(_) if tx.has_failed() => self.undo_swallowed(tx).await,
            Ok(answer) => {
                match self.fault() {
                    Ok(None) => {}
                    Ok(Some(_)) => return self.undo(tx, &Error::new(ErrorKind::Conflict)).await,
                    Err(error) => return self.undo_for(tx, error).await,
                }
                let record =
                    self.request.zip(answer).map(|(request, answer)| self.shared.record(request, answer));
                let record = record.filter(|_| !SeededBug::NotKept.is_on());
                let now = self.shared.options.clock.now();
                Failpoint::BeforeCommit.reach();
                let (commit, outbox) = tx.commit(record, now).await;
                let settled = self.committed(commit).await?;
                if matches!(settled, Settled::Committed) {
                    outbox.deliver(&self.shared.relay, now);
                    Failpoint::Delivered.reach();
                }
                Ok(settled)
            }
            Err(error) if SeededBug::TasksOutliveRollback.is_on() => self.undo_and_leave(tx, error).await,
            Err(error) => self.undo(tx, error).await,
        }
    }

    /// The seeded bug.
    async fn undo_and_leave(&mut self, mut tx: Tx, error: &Error) -> Result<Settled> {
        let left = std::mem::take(tx.outbox());
        let settled = self.undo(tx, error).await?;
        if matches!(settled, Settled::Failed) {
            let mut tx = self.begin().await?;
            *tx.outbox() = left;
            let now = tx.now();
            let _ = tx.commit(None, now).await;
        }
        Ok(settled)
    }

    /// Something failed and the handler went on as if it had not.
    async fn undo_swallowed(&mut self, tx: Tx) -> Result<Settled> {
        let error = Error::internal(
            "a statement or a hook of this transaction failed and its handler succeeded all the same: return \
             the error, or look before you write",
        );
        self.undo_for(tx, error).await
    }

    /// Undoes what its handler took for a success.
    async fn undo_for(&mut self, tx: Tx, error: Error) -> Result<Settled> {
        match self.undo(tx, &error).await? {
            Settled::Failed => Err(error),
            settled @ (Settled::Committed | Settled::Again | Settled::Replay(_)) => Ok(settled),
        }
    }

    async fn undo(&mut self, tx: Tx, error: &Error) -> Result<Settled> {
        match tx.rollback().await {
            Rollback::Answered => self.replay().await,
            Rollback::Again => self.again().await,
            Rollback::AgainAlone => self.again_alone().await,
            Rollback::Final if matches!(error.kind(), ErrorKind::Conflict) => self.again().await,
            Rollback::Final => Ok(Settled::Failed),
        }
    }

    /// What a commit's outcome means for the run.
    async fn committed(&mut self, commit: Commit) -> Result<Settled> {
        match commit {
            Commit::Done if self.shared.faults.strikes(FaultPoint::AfterCommit) => self.lost().await,
            Commit::Done => {
                Failpoint::Committed.reach();
                self.shared.commits.ring();
                Ok(Settled::Committed)
            }
            Commit::Again => self.again().await,
            Commit::AgainAlone => self.again_alone().await,
            Commit::Duplicate => self.replay().await,
            Commit::Unknown { backend } => self.find_out(backend).await,
            Commit::Failed(error) => Err(error),
        }
    }

    /// What a test makes happen in place of the commit.
    ///
    /// # Errors
    /// Unavailable, where the database is to be away.
    pub(crate) fn fault(&self) -> Result<Option<Commit>> {
        if self.shared.faults.strikes(FaultPoint::BeforeCommit) {
            return Err(Error::new(ErrorKind::Unavailable));
        }
        Ok(self.shared.faults.strikes(FaultPoint::Conflict).then_some(Commit::Again))
    }

    /// It is committed, and a test makes as if nobody had heard.
    async fn lost(&mut self) -> Result<Settled> {
        match self.request {
            Some(_) => self.replay().await,
            None => Err(Error::new(ErrorKind::OutcomeUnknown)),
        }
    }

    async fn replay(&mut self) -> Result<Settled> {
        let Some(request) = self.request else {
            return Err(Error::internal("an unnamed request was answered"));
        };
        match self.shared.replay(request).await? {
            Some(answer) => Ok(Settled::Replay(answer)),
            // It expired between the two looks.
            None => self.again().await,
        }
    }

    /// The connection broke while committing: the kept answer is the truth, once the old backend
    /// can no longer write it.
    async fn find_out(&mut self, backend: crate::store::Backend) -> Result<Settled> {
        let Some(request) = self.request else { return Err(Error::new(ErrorKind::OutcomeUnknown)) };
        self.shared
            .store
            .end_backend(backend)
            .await
            .map_err(|error| error.with_kind(ErrorKind::OutcomeUnknown))?;
        match self.shared.replay(request).await {
            Ok(Some(answer)) => Ok(Settled::Replay(answer)),
            Ok(None) => self.again().await,
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable) => {
                Err(error.with_kind(ErrorKind::OutcomeUnknown))
            }
            Err(error) => Err(error),
        }
    }

    async fn again_alone(&mut self) -> Result<Settled> {
        self.company = Company::Alone;
        self.again().await
    }

    #[expect(clippy::disallowed_methods, reason = "backing off is waiting")]
    async fn again(&mut self) -> Result<Settled> {
        self.run += 1;
        if self.run >= self.shared.options.max_attempts {
            return Err(Error::new(ErrorKind::Conflict));
        }
        if self.company == Company::Grouped {
            let ceiling = 1000_u64 << self.run.min(6);
            tokio::time::sleep(Duration::from_micros(fastrand::u64(ceiling / 4..ceiling))).await;
        }
        Ok(Settled::Again)
    }
}
