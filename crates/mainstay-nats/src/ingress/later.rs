//! Requests whose time is to come: they wait in the database, not in the broker.

use std::sync::Weak;
use std::time::Duration;

use mainstay_kernel::work::TaskId;
use mainstay_kernel::{Boxed, Caller, Db, Error, Place, Request, Result, Timestamp, write_tx};
use mainstay_queue::{
    Job, JobName, Run, Scheduler as _, TaskCx, WorkError, Worked, Worker, WorkerEntry, WorkerSpec, worked,
};

use super::request::Incoming;
use super::{Ingress, Shared};

/// For how long a message that is delivered again is known to wait already.
const KNOWN: Duration = Duration::from_secs(7 * 24 * 3600);

/// What the database knows of what answers here.
pub(super) struct Later(pub(super) Weak<Shared>);

/// Performs a request that was set aside.
#[derive(Clone, Copy)]
struct PerformLater;

impl Job for PerformLater {
    type Input = Incoming;
    const JOB: JobName = JobName { queue: "mainstay-requests", name: "mainstay.request", version: 1 };
}

impl Worker for PerformLater {
    const SPEC: WorkerSpec = WorkerSpec {
        queue: Self::JOB.queue,
        summary: "performs a request that came over NATS before its time",
        ..WorkerSpec::new(Self::JOB.name, Place::at(file!(), line!()))
    };
    const RUN: Run = Run::Free(perform);
}

impl Ingress {
    /// What performs requests that came before their time: one of the workers of the process.
    pub fn worker() -> WorkerEntry {
        WorkerEntry::of::<PerformLater>()
    }
}

/// Leaves it for its time. It runs for who calls now: the credential may not hold any more then, and is not kept.
pub(super) async fn set_aside(
    db: &Db,
    incoming: &Incoming,
    caller: &Caller,
    target: Timestamp,
) -> Result<()> {
    let key = format!("{} {}", caller.label(), incoming.id()?);
    let mark = message(incoming, caller)?.id;
    write_tx!(db, |tx| {
        tx.act_for(caller);
        let (this, until) = (TaskId::new(), tx.now().plus(KNOWN));
        if tx.only_one(mark, this, until).await? != this {
            return Ok(());
        }
        // Repeats of one request are performed in the order in which they came.
        tx.enqueue(PerformLater, incoming.clone()).at(target).key(&key).await.map(drop)
    })
    .await
}

/// What is the same when a message is delivered again, and another for a repeat of its request: whoever sent that waits
/// for an answer, too.
fn message(incoming: &Incoming, caller: &Caller) -> Result<Request> {
    let whole = serde_json::to_string(incoming)
        .map_err(|error| Error::internal("a request cannot be written down").caused_by(error))?;
    Ok(Request::keyed(incoming.id()?, &caller.label(), &whole, b""))
}

fn perform<'t>(cx: &'t TaskCx) -> Boxed<'t, Worked> {
    Box::pin(async move {
        let incoming: Incoming = cx.input()?;
        let ingress = cx.db().extension::<Later>().and_then(|it| it.0.upgrade());
        let Some(ingress) = ingress else {
            return Err(WorkError::retry("this process has no connection to NATS"));
        };
        ingress.now(&incoming, cx).await?;
        worked(&())
    })
}

impl Shared {
    /// Its time has come.
    async fn now(&self, incoming: &Incoming, cx: &TaskCx) -> Result<(), WorkError> {
        if self.has_expired(incoming) {
            return Ok(());
        }
        let found = self.find(incoming)?;
        match self.perform(incoming, &found, cx.caller().clone()).await {
            Ok((answer, replayed)) => self.tell(incoming, answer, replayed).await,
            Err(error) if error.is_retryable() && !cx.is_last_attempt() => return Err(error.into()),
            Err(error) => self.fail(incoming, &error).await,
        }
        Ok(())
    }
}
