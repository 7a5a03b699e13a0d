use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use mainstay_kernel::work::{POINTED, Task};
use mainstay_kernel::{Boxed, Caller, ErrorKind, Failpoint, SeededBug, Tx, write_tx};
use tracing::Instrument as _;

use super::aside::Met;
use super::upkeep::UNFOLLOWED;
use super::{Known, Shared, settle, span};
use crate::failure::{Verdict, WorkError};
use crate::meta::Meta;
use crate::worker::{Run, Said, TaskCx, Worked};

/// What became of an attempt.
#[derive(Clone)]
pub(super) enum Ended {
    /// It did its work, and its task is gone with it.
    Committed,
    /// It did its work, and gave this; the task is still there.
    Worked(String),
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

/// How long an attempt takes at most of which it can be said while it runs that its pointer is not lost.
pub(super) const BRIEF: Duration = Duration::from_secs(1);

// It waits for as long, and both are over before anybody looks for lost ones.
const _: () = assert!(2 * BRIEF.as_millis() < UNFOLLOWED.as_millis());

/// How often a task may take its process with it, beyond the attempts that it has.
const CRASHES: u32 = 5;

/// Runs an attempt of these tasks, which have one worker, and says what became of it: of all the same.
pub(super) async fn run(shared: &Shared, tasks: Vec<Task>) -> Written {
    let (node, over) = shared.epochs.current();
    let tasks: Vec<Task> =
        tasks.into_iter().filter(|it| [node, POINTED].contains(&it.fence().owner())).collect();
    let Some(known) = tasks.first().and_then(|it| shared.workers.get(it.name.as_str())) else {
        for task in &tasks {
            park(shared, task, None).await;
        }
        return Written::Now;
    };
    let (tasks, mut seen) = contexts(shared, known, tasks).await;
    if tasks.is_empty() {
        return Written::Now;
    }
    Failpoint::Begun.reach();
    if SeededBug::DeletedAtBegin.is_on() {
        let fences: Vec<_> = tasks.iter().map(Task::fence).collect();
        let _ = shared.db.complete(node, &fences).await;
    }
    let (began, at) = (Instant::now(), shared.db.clock().now());
    let span = span::begin(shared.sampler, &mut seen);
    let ended = tokio::select! {
        biased;
        () = over.cancelled() => Ended::Lost,
        ended = attempt(known, &tasks, &seen).instrument(span.clone()) => ended,
    };
    span::end(&span, &ended);
    known.took(shared.db.clock().now().since(at));
    let written = if matches!(ended, Ended::Worked(_)) { Written::Later } else { Written::Now };
    for (task, cx) in tasks.iter().zip(&seen) {
        shared.metrics.ended(task, &ended, began.elapsed());
        match &ended {
            Ended::Committed => shared.reports.forget(task.id),
            Ended::Worked(value) => {
                shared.reports.forget(task.id);
                shared.complete(task, cx.returned(value));
            }
            Ended::Failed(..) | Ended::Lost => {}
        }
        settle::settle(shared, known.retry, task, ended.clone()).await;
    }
    written
}

/// Sets a task aside whose worker is not known here, or whose input is of a later version than is.
async fn park(shared: &Shared, task: &Task, version: Option<u32>) {
    let (id, name, queue) = (task.id, &task.name, &task.queue);
    match (shared.aside.meet(task, version, shared.db.clock().now()), version) {
        (Met::First, None) => tracing::warn!(
            task = %id, name, queue,
            "no worker of this name is mounted: its tasks are set aside until one is"
        ),
        (Met::First, Some(version)) => tracing::warn!(
            task = %id, name, queue, version,
            "its input is of a later version than this process knows: such tasks are set aside for those who do"
        ),
        (Met::Again, _) => tracing::debug!(task = %id, name, queue, version, "set aside"),
    }
    if let Err(error) = shared.db.park(&task.fence()).await {
        tracing::warn!(%error, task = %task.id, "it could not be set aside");
    }
}

/// Each task as its worker sees it; those that cannot be run end here.
async fn contexts(shared: &Shared, known: &Known, tasks: Vec<Task>) -> (Vec<Task>, Vec<TaskCx>) {
    let (mut kept, mut seen) = (Vec::with_capacity(tasks.len()), Vec::with_capacity(tasks.len()));
    for task in tasks {
        match context(shared, known, &task) {
            Ok(cx) => {
                shared.metrics.begins(&task, shared.db.clock().now());
                tracing::debug!(task = %task.id, name = task.name, attempt = task.attempt, "begins");
                kept.push(task);
                seen.push(cx);
            }
            Err(Unrunnable::Later(version)) => park(shared, &task, Some(version)).await,
            Err(Unrunnable::Dead(error)) => {
                settle::settle(shared, known.retry, &task, failed(error)).await;
            }
        }
    }
    (kept, seen)
}

/// Why a task is not run.
enum Unrunnable {
    /// Its input is of this version, which is later than the one known here.
    Later(u32),
    /// It never can be.
    Dead(WorkError),
}

fn context(shared: &Shared, known: &Known, task: &Task) -> Result<TaskCx, Unrunnable> {
    let attempts = known.retry.attempts();
    let dead = |error: mainstay_kernel::Error| Unrunnable::Dead(WorkError::permanent(error));
    if task.attempt > attempts.saturating_add(CRASHES) {
        let told = "its attempts ended without a word, as when a process dies of them";
        return Err(Unrunnable::Dead(WorkError::permanent(told)));
    }
    let meta = Meta::read(&task.meta).map_err(dead)?;
    let versions = known.entry.spec.versions();
    if meta.version > versions.current {
        return Err(Unrunnable::Later(meta.version));
    }
    let body = versions.bring_up(meta.version, task.body.clone()).map_err(dead)?;
    let caller = meta.caller();
    Ok(TaskCx {
        id: task.id,
        name: task.name.clone(),
        queue: task.queue.clone(),
        attempt: task.attempt,
        attempts,
        body,
        meta,
        caller,
        db: shared.db.clone(),
        keep: known.entry.spec.keep,
        said: Said::nothing_yet(&shared.reports),
    })
}

async fn attempt(known: &Known, tasks: &[Task], seen: &[TaskCx]) -> Ended {
    let spec = known.entry.spec;
    let running: Boxed<'_, Ended> = match known.entry.run {
        Run::InTx(run) => Box::pin(in_tx(tasks, seen, move |tx, seen| run(tx, &seen[0]))),
        Run::BatchInTx(run) => Box::pin(in_tx(tasks, seen, run)),
        Run::Free(run) => Box::pin(free(run(&seen[0]))),
        Run::Batch(run) => Box::pin(free(run(seen))),
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

async fn free(running: Boxed<'_, Worked>) -> Ended {
    match running.await {
        Ok(value) => {
            Failpoint::Worked.reach();
            Ended::Worked(value)
        }
        Err(error) => failed(error),
    }
}

/// The transaction ends the tasks: it commits only while the attempt still holds.
async fn in_tx(
    tasks: &[Task],
    seen: &[TaskCx],
    run: impl for<'t> Fn(&'t mut Tx, &'t [TaskCx]) -> Boxed<'t, Worked> + Send + Sync,
) -> Ended {
    let told = Mutex::new(None);
    let written = write_tx!(seen[0].db, |tx| {
        *told.lock().unwrap_or_else(PoisonError::into_inner) = None;
        tx.act_for(whose(seen));
        tx.trace(seen[0].meta.traceparent.clone());
        match run(tx, seen).await {
            Ok(value) => {
                let returned: Vec<_> = seen.iter().filter_map(|cx| cx.returned(&value)).collect();
                if !returned.is_empty() {
                    tx.keep_returned(&returned).await?;
                }
                if !SeededBug::DeletedAtBegin.is_on() {
                    tasks.iter().for_each(|task| tx.finish(task.fence()));
                }
                Failpoint::WorkerDone.reach();
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
        (Ok(()), _) => {
            Failpoint::WorkerCommitted.reach();
            Ended::Committed
        }
        (Err(error), _) if matches!(error.kind(), ErrorKind::LeaseLost) => Ended::Lost,
        (Err(_), Some((verdict, chain))) => Ended::Failed(verdict, chain),
        (Err(error), None) => failed(WorkError::retry(error)),
    }
}

/// For whom it runs. Tasks of several callers run for none of them.
fn whose(seen: &[TaskCx]) -> &Caller {
    match seen {
        [one] => &one.caller,
        [..] => &Caller::System,
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
