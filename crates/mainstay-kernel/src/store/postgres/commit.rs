use futures_util::future::{join, join_all};
use tokio_postgres::Statement as Prepared;

use super::fault::{is_duplicate, is_fenced};
use super::prepared::Shape;
use super::results::encode_head;
use super::session::Ran;
use super::transaction::{Ending, PostgresTx, rollback_of};
use super::work::written::{self, Role, Step};
use crate::store::{Commit, Record, Rollback};
use crate::work::Outbox;
use crate::{Error, ErrorKind, Failpoint, Result, Timestamp, Value};

/// For a transaction that has run nothing yet: what is left to write reads nothing, so nothing can conflict.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// The most statements in one flush. `join_all` polls no more than 30 in the order given.
const FULL: usize = 24;

/// What runs around the last statements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// One statement is a transaction by itself.
    None,
    /// It is open.
    Commit,
    /// It is not.
    BeginAndCommit,
}

impl PostgresTx {
    /// Keeps the answer, writes what is left behind and commits, in one flush unless there is much.
    pub(crate) async fn commit_leaving(
        self,
        outbox: &mut Outbox,
        record: Option<Record<'_>>,
        now: Timestamp,
    ) -> Commit {
        let head = match record.as_ref().map(|record| encode_head(record.answer)).transpose() {
            Ok(head) => head.unwrap_or_default(),
            Err(error) => return self.give_up(error).await,
        };
        let keys = keys(outbox, now);
        let steps = steps(record.as_ref(), &head, &keys, outbox, now);
        let frame = match self.ending() {
            Ending::Failed(fault) => {
                self.undo().await;
                return refuse(fault);
            }
            Ending::Broken(fault) => return refuse(fault),
            Ending::Sound if self.lease.is_closed() => return Commit::Again,
            Ending::Sound if steps.is_empty() => return self.commit_alone().await,
            Ending::Sound => Frame::Commit,
            Ending::Unopened => match &steps[..] {
                [] => {
                    self.lease.give_back();
                    return Commit::Done;
                }
                [_] => Frame::None,
                [..] => Frame::BeginAndCommit,
            },
        };
        let prepared = match self.prepare_all(&steps).await {
            Ok(prepared) => prepared,
            Err(error) => return self.give_up(error).await,
        };
        let roles: Vec<Role> = steps.iter().map(|step| step.role.clone()).collect();
        Failpoint::CommitSent.approach();
        let ran = self.flush(frame, steps, &prepared).await;
        if let Ok(ran) = &ran {
            place(outbox, &roles, ran);
        }
        self.conclude(ran.map(drop))
    }

    async fn prepare_all(&self, steps: &[Step<'_>]) -> Result<Vec<Prepared>> {
        let mut prepared = Vec::with_capacity(steps.len());
        for step in steps {
            prepared.push(self.lease.prepare(Shape::Plain, step.text, step.values.len()).await?);
        }
        Ok(prepared)
    }

    /// A transaction that failed, whichever statement it was in, is rolled back by `COMMIT`, which then succeeds:
    /// what the statements say is the truth, the first of those that failed before the others.
    async fn flush(&self, frame: Frame, steps: Vec<Step<'_>>, prepared: &[Prepared]) -> Result<Vec<Ran>> {
        let mut all = Vec::with_capacity(steps.len());
        let mut runs = steps.into_iter().zip(prepared).map(|(step, prepared)| async move {
            let fences = step.role == Role::Fence;
            let ran = self.lease.run(prepared, step.values).await;
            ran.map_err(|error| if fences && is_fenced(&error) { lost(error) } else { error })
        });
        let begun =
            async { if frame == Frame::BeginAndCommit { self.lease.batch(BEGIN).await } else { Ok(()) } };
        // Each is sent when it is first polled, and they are polled in this order.
        let mut begun = Some(Box::pin(begun));
        loop {
            let part = join_all(runs.by_ref().take(FULL).collect::<Vec<_>>());
            let is_last = runs.len() == 0;
            let opening = async { if let Some(begun) = begun.take() { begun.await } else { Ok(()) } };
            let closing = async {
                if is_last && frame != Frame::None { self.lease.batch("COMMIT").await } else { Ok(()) }
            };
            let (opened, (ran, closed)) = join(opening, join(part, closing)).await;
            // Without `BEGIN`, each statement would have been committed by itself.
            opened.map_err(|error| error.with_kind(ErrorKind::Unavailable))?;
            match ran.into_iter().collect::<Result<Vec<_>>>() {
                Ok(ran) => all.extend(ran),
                Err(error) if is_last => return Err(error),
                Err(error) => return Err(self.abandon(error).await),
            }
            closed?;
            if is_last {
                return Ok(all);
            }
        }
    }

    /// Ends the transaction, in which nothing was committed.
    async fn abandon(&self, error: Error) -> Error {
        match self.lease.batch("ROLLBACK").await {
            Ok(()) => error,
            Err(broken) => broken,
        }
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

    /// Nothing that could commit was sent.
    async fn give_up(self, error: Error) -> Commit {
        self.undo().await;
        outcome_before_commit(error)
    }

    fn conclude(self, committed: Result<()>) -> Commit {
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

/// The queues and keys of what is ready to run, in the order in which everybody locks them.
fn keys(outbox: &Outbox, now: Timestamp) -> Vec<Value> {
    let ready = outbox.tasks.iter().map(|it| &it.task).filter(|task| task.is_ready(now));
    let mut keys: Vec<String> =
        ready.filter_map(|task| Some(format!("{}\u{1f}{}", task.queue, task.key.as_ref()?))).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().map(Value::Text).collect()
}

fn steps<'a>(
    record: Option<&Record<'a>>,
    head: &'a str,
    keys: &'a [Value],
    outbox: &'a Outbox,
    now: Timestamp,
) -> Vec<Step<'a>> {
    let tasks = written::tasks(&outbox.tasks, now);
    let fences = outbox.fences.iter().map(written::fence);
    // The fences and the answer first: where they fail, nobody is made to wait for a key.
    fences
        .chain(record.map(|record| written::keep(record, head)))
        .chain(keys.iter().map(written::lock))
        .chain(tasks)
        .collect()
}

/// Notes where the rows of the tasks are.
fn place(outbox: &mut Outbox, roles: &[Role], ran: &[Ran]) {
    for (role, ran) in roles.iter().zip(ran) {
        let Role::Tasks(indices) = role else { continue };
        for (index, row) in indices.iter().zip(&ran.rows) {
            if let Ok(place) = row.at::<String>(0) {
                outbox.tasks[*index].place = place;
            }
        }
    }
}

fn lost(error: Error) -> Error {
    error.with_kind(ErrorKind::LeaseLost)
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
