//! Following pointers: tasks that other processes committed and had no room for.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use mainstay_kernel::work::Pointer;
use mainstay_kernel::{Error, ErrorKind, Result};

use super::Shared;
use super::broker::{Broker, Received};
use super::lane::Lane;

/// How long to wait before the broker is asked again, after it did not answer.
const AGAIN: Duration = Duration::from_secs(1);

/// Follows the pointers to a queue's tasks until the process stops, as far as there is room.
pub(super) async fn run(lane: Arc<Lane>, shared: Arc<Shared>, broker: Arc<dyn Broker>) {
    let stopping = shared.owned.stopping();
    loop {
        let followed = tokio::select! {
            () = stopping.cancelled() => return,
            followed = follow(&lane, &shared, broker.as_ref()) => followed,
        };
        let Err(error) = followed else { continue };
        tracing::debug!(queue = lane.queue(), %error, "no pointers arrive: tasks are claimed in the database");
        if tokio::time::timeout(AGAIN, stopping.cancelled()).await.is_ok() {
            return;
        }
    }
}

/// Waits for room, and then for pointers.
async fn follow(lane: &Arc<Lane>, shared: &Arc<Shared>, broker: &dyn Broker) -> Result<()> {
    let most = lane.wait_for_room().await;
    if shared.takes_nothing_new() || !shared.epochs.holds() {
        return Err(Error::new(ErrorKind::Draining));
    }
    let received = broker.receive(lane.queue(), most).await?;
    if received.is_empty() { Ok(()) } else { take(lane, shared, received).await }
}

/// Takes the tasks, and only then says that their pointers were followed.
async fn take(lane: &Arc<Lane>, shared: &Arc<Shared>, received: Vec<Received>) -> Result<()> {
    let pointers: Vec<Pointer> = received.iter().filter_map(|it| it.pointer).collect();
    let tasks = shared.db.take(shared.epochs.node(), lane.queue(), &pointers).await?;
    let taken: HashSet<_> = tasks.iter().map(|it| it.id).collect();
    for it in &received {
        shared.metrics.pointed(
            lane.queue(),
            match it.pointer {
                Some(pointer) if taken.contains(&pointer.task) => "followed",
                Some(_) => "stale",
                None => "malformed",
            },
        );
    }
    lane.begin(shared, tasks);
    for it in received {
        (it.done)().await;
    }
    Ok(())
}
