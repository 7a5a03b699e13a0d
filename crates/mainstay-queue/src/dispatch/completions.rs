use std::sync::Weak;

use mainstay_kernel::work::Fence;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_util::sync::CancellationToken;

use super::{Shared, settle};

/// The most that end in one statement.
const FULL: usize = 256;

/// Ends attempts in batches: whatever has come together while the batch before was written.
pub(super) async fn run(
    shared: Weak<Shared>,
    stopping: CancellationToken,
    mut ended: UnboundedReceiver<Fence>,
) {
    let mut batch = Vec::with_capacity(FULL);
    loop {
        tokio::select! {
            biased;
            more = ended.recv_many(&mut batch, FULL) => if more == 0 { return },
            () = stopping.cancelled() => return,
        }
        let Some(shared) = shared.upgrade() else { return };
        while let Some(owner) = batch.first().map(Fence::owner) {
            let (theirs, others): (Vec<_>, Vec<_>) = batch.drain(..).partition(|it| it.owner() == owner);
            complete(&shared, &theirs).await;
            let mut running = shared.running();
            for fence in &theirs {
                running.remove(&(fence.task(), fence.attempt()));
            }
            drop(running);
            shared.unwritten.send_modify(|count| *count -= theirs.len());
            batch = others;
        }
    }
}

async fn complete(shared: &Shared, done: &[Fence]) {
    let (_, over) = shared.epochs.current();
    loop {
        match shared.db.complete(done[0].owner(), done).await {
            Ok(held) => {
                for fence in done.iter().filter(|it| !held.contains(&it.task())) {
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
