use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use futures_util::FutureExt as _;
use mainstay_kernel::work::{Fence, Task};
use mainstay_kernel::{Boxed, Caller, ErrorKind, Tx, write_tx};

use super::{Known, Shared, settle};
use crate::failure::{Verdict, WorkError};
use crate::meta::Meta;
use crate::worker::{Run, TaskCx, Worked};

/// What became of an attempt.
pub(super) enum Ended {
    /// It did its work, and its task is gone with it.
    Committed,
    /// It did its work; the task is still there.
    Worked,
    /// It failed.
    Failed(Verdict, String),
    /// It holds no longer: whatever becomes of the task, others see to it.
    Lost,
}

/// When what became of an attempt is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Written {
    /// It is.
    Now,
    /// In a batch with others.
    Later,
}

/// How often a task may take its process with it, beyond the attempts that it has.
const CRASHES: u32 = 5;

/// Runs one attempt and says what became of it.
pub(super) async fn run(shared: &Shared, task: Task) -> Written {
    let Some(known) = shared.workers.get(task.name.as_str()) else {
        park(shared, &task).await;
        return Written::Now;
    };
    let (node, over) = shared.epochs.current();
    let fence = task.fence();
    if fence.owner() != node {
        return Written::Now;
    }
    if task.attempt > known.entry.spec.retry.attempts().saturating_add(CRASHES) {
        let error = "its attempts ended without a word, as when a process dies of them".to_owned();
        settle::settle(shared, known.entry.spec, &task, fence, Ended::Failed(Verdict::Never, error)).await;
        return Written::Now;
    }
    shared.metrics.begins(&task, shared.db.clock().now());
    let began = Instant::now();
    let ended = tokio::select! {
        biased;
        () = over.cancelled() => Ended::Lost,
        ended = attempt(shared, known, &task, &fence) => ended,
    };
    shared.metrics.ended(&task, &ended, began.elapsed());
    let written = if matches!(ended, Ended::Worked) { Written::Later } else { Written::Now };
    settle::settle(shared, known.entry.spec, &task, fence, ended).await;
    written
}

async fn park(shared: &Shared, task: &Task) {
    tracing::warn!(
        task = %task.id, name = task.name, queue = task.queue,
        "no worker of this name is mounted: the task is set aside until one is"
    );
    if let Err(error) = shared.db.park(&task.fence()).await {
        tracing::warn!(%error, task = %task.id, "it could not be set aside");
    }
}

async fn attempt(shared: &Shared, known: &Known, task: &Task, fence: &Fence) -> Ended {
    let spec = known.entry.spec;
    let _within_limit = match &known.limit {
        Some(limit) => limit.acquire().await.ok(),
        None => None,
    };
    let cx = match context(shared, known, task) {
        Ok(cx) => cx,
        Err(error) => return failed(error),
    };
    tracing::debug!(task = %task.id, name = task.name, attempt = task.attempt, "begins");
    let running: Boxed<'_, Ended> = match known.entry.run {
        Run::InTx(run) => Box::pin(in_tx(&cx, run, fence)),
        Run::Free(run) => Box::pin(free(&cx, run)),
    };
    let caught = AssertUnwindSafe(tokio::time::timeout(spec.timeout, running)).catch_unwind();
    match caught.await {
        Ok(Ok(ended)) => ended,
        Ok(Err(_)) => {
            let seconds = spec.timeout.as_secs_f64();
            failed(WorkError::retry(format!("it took longer than its timeout of {seconds} s")))
        }
        Err(panic) => failed(WorkError::retry(format!("it panicked: {}", said(panic.as_ref())))),
    }
}

fn context(shared: &Shared, known: &Known, task: &Task) -> Result<TaskCx, WorkError> {
    let meta = Meta::read(&task.meta).map_err(WorkError::permanent)?;
    let caller = meta.caller();
    Ok(TaskCx {
        id: task.id,
        name: task.name.clone(),
        queue: task.queue.clone(),
        attempt: task.attempt,
        attempts: known.entry.spec.retry.attempts(),
        body: task.body.clone(),
        meta,
        caller,
        db: shared.db.clone(),
    })
}

async fn free(cx: &TaskCx, run: for<'t> fn(&'t TaskCx) -> Boxed<'t, Worked>) -> Ended {
    match run(cx).await {
        Ok(_) => Ended::Worked,
        Err(error) => failed(error),
    }
}

/// The transaction ends the task: it commits only while the attempt still holds.
async fn in_tx(
    cx: &TaskCx,
    run: for<'t> fn(&'t mut Tx, &'t TaskCx) -> Boxed<'t, Worked>,
    fence: &Fence,
) -> Ended {
    let told = Mutex::new(None);
    let caller: &Caller = &cx.caller;
    let written = write_tx!(cx.db, |tx| {
        *told.lock().unwrap_or_else(PoisonError::into_inner) = None;
        tx.act_for(caller);
        tx.trace(cx.meta.traceparent.clone());
        match run(tx, cx).await {
            Ok(_) => {
                tx.finish(fence.clone());
                Ok(())
            }
            Err(error) => {
                let chain = error.chain();
                let (verdict, error) = error.into_kernel();
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Some((verdict, chain));
                Err(error)
            }
        }
    })
    .await;
    let told = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    match (written, told) {
        (Ok(()), _) => Ended::Committed,
        (Err(error), _) if matches!(error.kind(), ErrorKind::LeaseLost) => Ended::Lost,
        (Err(_), Some((verdict, chain))) => Ended::Failed(verdict, chain),
        (Err(error), None) => failed(WorkError::retry(error)),
    }
}

fn failed(error: WorkError) -> Ended {
    Ended::Failed(error.verdict, error.chain())
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a word")
}
