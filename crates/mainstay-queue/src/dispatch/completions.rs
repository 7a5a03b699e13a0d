use std::collections::HashMap;
use std::sync::Weak;

use mainstay_kernel::Result;
use mainstay_kernel::work::{Fence, Returned, TaskId};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::{Shared, settle};

/// The most that end in one statement.
const FULL: usize = 256;

/// An attempt that did its work, and what is to be kept of it.
pub(super) struct Done {
    pub(super) fence: Fence,
    pub(super) returned: Option<Returned>,
}

/// Ends attempts in batches: whatever has come together while the batch before was written.
pub(super) async fn run(
    shared: Weak<Shared>,
    stopping: CancellationToken,
    mut ended: UnboundedReceiver<Done>,
) {
    let mut batch = Vec::with_capacity(FULL);
    loop {
        tokio::select! {
            biased;
            more = ended.recv_many(&mut batch, FULL) => if more == 0 { return },
            () = stopping.cancelled() => return,
        }
        let Some(shared) = shared.upgrade() else { return };
        while let Some(owner) = batch.first().map(|it: &Done| it.fence.owner()) {
            let (theirs, others): (Vec<_>, Vec<_>) =
                batch.drain(..).partition(|it| it.fence.owner() == owner);
            complete(&shared, &theirs).await;
            let mut running = shared.running();
            for Done { fence, .. } in &theirs {
                running.remove(&(fence.task(), fence.attempt()));
            }
            drop(running);
            shared.unwritten.send_modify(|count| *count -= theirs.len());
            batch = others;
        }
    }
}

async fn complete(shared: &Shared, done: &[Done]) {
    let (_, over) = shared.epochs.current();
    let fences: Vec<Fence> = done.iter().map(|it| it.fence.clone()).collect();
    // A task that was run twice gave its last value.
    let returned: HashMap<TaskId, &Returned> =
        done.iter().filter_map(|it| Some((it.fence.task(), it.returned.as_ref()?))).collect();
    let returned: Vec<Returned> = returned.into_values().cloned().collect();
    loop {
        match end(shared, &fences, &returned).await {
            Ok(held) => {
                for fence in fences.iter().filter(|it| !held.contains(&it.task())) {
                    tracing::warn!(task = %fence.task(), "this attempt held no longer when it ended: it may run twice");
                }
                return;
            }
            Err(error) if error.is_retryable() && !over.is_cancelled() => settle::pause().await,
            Err(error) => {
                tracing::error!(%error, tasks = done.len(), "tasks that are done could not be ended: they run again");
                return;
            }
        }
    }
}

/// What they gave is there before they are gone: until then whoever asks is told that they run.
async fn end(shared: &Shared, fences: &[Fence], returned: &[Returned]) -> Result<Vec<TaskId>> {
    if !returned.is_empty() {
        shared.db.keep_returned(returned).await?;
    }
    shared.db.complete(fences[0].owner(), fences).await
}
