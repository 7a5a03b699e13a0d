//! Following pointers: tasks that other processes committed and had no room for.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use mainstay_kernel::work::{Pointer, Task};
use mainstay_kernel::{Error, ErrorKind, Result};

use super::Shared;
use super::attempt::BRIEF;
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
    if received.is_empty() { Ok(()) } else { follow_all(lane, shared, received).await }
}

/// Begins the tasks, and only then says that their pointers were followed.
async fn follow_all(lane: &Arc<Lane>, shared: &Arc<Shared>, received: Vec<Received>) -> Result<()> {
    let pointers = received.iter().filter_map(|it| it.pointer).collect();
    let found = find(lane, shared, pointers).await?;
    count(lane, shared, &received, &found);
    let others = begin(lane, shared, found);
    take(lane, shared, &others).await?;
    for it in received {
        (it.done)().await;
    }
    Ok(())
}

/// What is pointed at and not running here, as when a pointer was delivered twice.
async fn find(lane: &Lane, shared: &Shared, mut pointers: Vec<Pointer>) -> Result<Vec<Task>> {
    pointers.retain(|it| !shared.running().contains(&(it.task, it.attempt)));
    if pointers.is_empty() { Ok(Vec::new()) } else { shared.db.pointed(lane.queue(), &pointers).await }
}

fn count(lane: &Lane, shared: &Shared, received: &[Received], found: &[Task]) {
    let found: HashSet<_> = found.iter().map(Task::pointer).collect();
    for it in received {
        let outcome = match it.pointer {
            Some(pointer) if found.contains(&pointer) => "followed",
            Some(_) => "stale",
            None => "malformed",
        };
        shared.metrics.pointed(lane.queue(), outcome);
    }
}

/// Begins those at once whose own transaction ends them, long before others take their pointers for lost: nobody has to
/// hold them. The pointers to the others.
fn begin(lane: &Arc<Lane>, shared: &Arc<Shared>, found: Vec<Task>) -> Vec<Pointer> {
    let now = shared.db.clock().now();
    let mut others = Vec::new();
    for task in found {
        let known = shared.workers.get(task.name.as_str());
        let brief = known.filter(|it| it.is_brief() && now.since(task.created_at) < BRIEF);
        match brief.and_then(|known| lane.admit(shared, known)) {
            Some(turn) => lane.start(shared, vec![task], turn),
            None => others.push(task.pointer()),
        }
    }
    others
}

/// Has the others held by this process, and begins them when there is room.
async fn take(lane: &Arc<Lane>, shared: &Arc<Shared>, pointers: &[Pointer]) -> Result<()> {
    if !pointers.is_empty() {
        let tasks = shared.db.take(shared.epochs.node(), lane.queue(), pointers).await?;
        lane.begin(shared, tasks);
    }
    Ok(())
}
