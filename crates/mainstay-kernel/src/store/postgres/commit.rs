use futures_util::future::join;

use super::fault::is_duplicate;
use super::prepared::Shape;
use super::results::{KEEP, binds, encode_head};
use super::transaction::{Ending, PostgresTx, rollback_of};
use crate::store::{Commit, Record, Rollback};
use crate::{Error, ErrorKind};

impl PostgresTx {
    /// Keeps the answer and commits, in one flush.
    pub(crate) async fn commit(self, record: Option<Record<'_>>) -> Commit {
        match (self.ending(), record) {
            (Ending::Unopened, None) => {
                self.lease.give_back();
                Commit::Done
            }
            (Ending::Unopened, Some(record)) => self.keep_alone(&record).await,
            (Ending::Sound, _) if self.lease.is_closed() => Commit::Again,
            (Ending::Sound, Some(record)) => self.keep_and_commit(&record).await,
            (Ending::Sound, None) => self.commit_alone().await,
            (Ending::Failed(fault), _) => {
                self.undo().await;
                refuse(fault)
            }
            (Ending::Broken(fault), _) => refuse(fault),
        }
    }

    async fn keep_and_commit(self, record: &Record<'_>) -> Commit {
        let prepared = self.lease.prepare(Shape::Plain, KEEP, 8).await;
        let (prepared, head) = match (prepared, encode_head(record.answer)) {
            (Ok(prepared), Ok(head)) => (prepared, head),
            (Err(error), _) | (_, Err(error)) => {
                self.undo().await;
                return outcome_before_commit(error);
            }
        };
        let kept = self.lease.run(&prepared, binds(record, &head));
        // A transaction that failed, if only in keeping the answer, is rolled back by `COMMIT`, which
        // then succeeds: what the insert says is the truth.
        let (kept, committed) = join(kept, self.lease.batch("COMMIT")).await;
        self.conclude(kept.map(drop).and(committed))
    }

    /// `COMMIT` of a failed transaction succeeds. The empty `SELECT` before it does not, and the
    /// statements behind a failed one in the same message are not run.
    async fn commit_alone(self) -> Commit {
        let committed = self.lease.batch("SELECT; COMMIT").await;
        if committed.is_err() {
            // The select failed, so that the transaction is still open; or the commit, and it is not.
            let _ = self.lease.batch("ROLLBACK").await;
        }
        self.conclude(committed)
    }

    /// Nothing was read or written: the answer is all there is, and one statement is atomic.
    async fn keep_alone(self, record: &Record<'_>) -> Commit {
        let (prepared, head) =
            match (self.lease.prepare(Shape::Plain, KEEP, 8).await, encode_head(record.answer)) {
                (Ok(prepared), Ok(head)) => (prepared, head),
                (Err(error), _) | (_, Err(error)) => {
                    self.lease.give_back();
                    return outcome_before_commit(error);
                }
            };
        let kept = self.lease.run(&prepared, binds(record, &head)).await;
        self.conclude(kept.map(drop))
    }

    fn conclude(self, committed: crate::Result<()>) -> Commit {
        let outcome = match committed {
            Ok(()) => Commit::Done,
            Err(error) => outcome_of(error, self.lease.backend()),
        };
        if !matches!(outcome, Commit::Unknown { .. }) {
            self.lease.give_back();
        }
        outcome
    }
}

/// What a write's error says about it, once it was sent.
pub(super) fn outcome_of(error: Error, backend: crate::store::Backend) -> Commit {
    if is_duplicate(&error) {
        Commit::Duplicate
    } else if matches!(error.kind(), ErrorKind::Conflict) {
        Commit::Again
    } else if matches!(error.kind(), ErrorKind::Unavailable) {
        Commit::Unknown { backend }
    } else {
        Commit::Failed(error)
    }
}

/// What an error says while nothing that could commit was sent.
pub(super) fn outcome_before_commit(error: Error) -> Commit {
    match rollback_of(error.kind()) {
        Rollback::Again | Rollback::AgainAlone => Commit::Again,
        Rollback::Answered => Commit::Duplicate,
        Rollback::Final => Commit::Failed(error),
    }
}

/// The outcome of a transaction in which a statement failed, even if its handler did not care.
fn refuse(fault: ErrorKind) -> Commit {
    outcome_before_commit(Error::new(fault))
}
