use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use mainstay_kernel::work::{Enlisted, Seldom};
use mainstay_kernel::{Failpoint, Result};

use super::{LEASE, Shared};

/// How many scheduled tasks become ready at once.
const BATCH: u32 = 500;

/// How often a lease is renewed, and others are looked after.
pub(super) const RENEW: Duration = Duration::from_secs(2);

/// How long the next look at what is due is away, at most.
const LOOK: Duration = Duration::from_secs(1);

// Within ten seconds others have begun what a dead process ran: its lease ends, and somebody looks.
const _: () = assert!(LEASE.as_millis() + RENEW.as_millis() + LOOK.as_millis() < 10_000);

/// How old a pointer is that nobody follows any more: it was lost, or everybody is busy.
pub(super) const UNFOLLOWED: Duration = Duration::from_secs(5);

// As soon as those of a dead process, tasks of lost pointers run.
const _: () = assert!(UNFOLLOWED.as_millis() + RENEW.as_millis() + LOOK.as_millis() < 10_000);

/// How often waiting tasks are counted, at most: a count reads them all.
const COUNT: Duration = Duration::from_secs(15);

/// How old a claim is that nobody here runs before it is given back.
const FORGOTTEN: Duration = Duration::from_secs(10);

/// Looks after what is due and who is alive, until the process stops.
pub(super) async fn run(shared: Arc<Shared>) {
    let stopping = shared.owned.stopping();
    let mut renewed = Instant::now();
    let (mut sweeping, mut counting) = (Seldom::every(RENEW), Seldom::every(COUNT));
    loop {
        if stopping.is_cancelled() {
            return;
        }
        if let Err(error) = due_now(&shared).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "what is due could not be looked for");
        }
        if renewed.elapsed() >= RENEW {
            renewed = look_after(&shared, renewed).await;
            tell(tidy(&shared).await);
        }
        if sweeping.is_due() {
            let began = Instant::now();
            tell(sweep(&shared).await);
            sweeping.took(began.elapsed());
        }
        if counting.is_due() {
            let began = Instant::now();
            count(&shared).await;
            counting.took(began.elapsed());
        }
        tokio::select! {
            () = stopping.cancelled() => return,
            () = shared.sooner.notified() => {}
            () = pause(&shared) => {}
        }
    }
}

/// Crons and scheduled tasks.
pub(super) async fn due_now(shared: &Shared) -> Result<()> {
    // A cron that cannot be seen to delays no task.
    let ticked = shared.ticker.tick(&shared.db).await;
    loop {
        let queues = shared.db.promote(BATCH).await?;
        if !queues.is_empty() {
            Failpoint::Promoted.reach();
        }
        shared.ring(&queues);
        if queues.len() < BATCH as usize {
            break;
        }
    }
    let next = shared.db.next_due().await?;
    *shared.due.lock().unwrap_or_else(PoisonError::into_inner) = next;
    ticked
}

/// Renews the lease; when that was last done.
async fn look_after(shared: &Shared, renewed: Instant) -> Instant {
    let began = Instant::now();
    // An answer that comes after the lease has ended says nothing any more.
    let left = LEASE.saturating_sub(renewed.elapsed()).max(RENEW);
    let renewing = tokio::time::timeout(left, renew(shared)).await;
    match renewing {
        Ok(Ok(())) => began,
        Ok(Err(_)) | Err(_) => {
            tracing::warn!("the lease could not be renewed");
            if renewed.elapsed() >= LEASE {
                tracing::error!("the lease is over: what runs here is dropped, and others run it");
                shared.epochs.end();
            }
            renewed
        }
    }
}

fn tell(tidied: Result<()>) {
    if let Err(error) = tidied {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "what others left could not be looked after"
        );
    }
}

async fn renew(shared: &Shared) -> Result<()> {
    let (node, over) = shared.epochs.current();
    if over.is_cancelled() || shared.db.renew(node, LEASE).await? == Enlisted::Lost {
        tracing::warn!("this process was taken for dead: what it ran is dropped, and others run it");
        shared.enter().await?;
    }
    Ok(())
}

/// Frees what the dead ran, and learns what operators said.
async fn tidy(shared: &Shared) -> Result<()> {
    shared.ring(&shared.db.reap().await?);
    shared.unpark().await?;
    let paused = shared.db.paused().await?;
    for lane in shared.lanes.values() {
        let is_paused = paused.iter().any(|it| it == lane.queue());
        lane.set_paused(is_paused);
        if is_paused {
            lane.release_ahead(shared).await;
        }
    }
    Ok(())
}

/// Frees what nobody runs though somebody holds it. It reads all tasks that are held, those too that have ended as long
/// as the database keeps them.
async fn sweep(shared: &Shared) -> Result<()> {
    let node = shared.epochs.node();
    shared.ring(&shared.db.unpoint(UNFOLLOWED).await?);
    shared.ring(&shared.db.reap_strays().await?);
    let mut held: Vec<_> = shared.running().iter().map(|(id, _)| *id).collect();
    held.extend(shared.lanes.values().flat_map(|lane| lane.claimed()));
    shared.ring(&shared.db.disown(node, &held, FORGOTTEN).await?);
    Ok(())
}

async fn count(shared: &Shared) {
    match shared.db.depths().await {
        Ok(depths) => shared.metrics.wait(&depths, shared.db.clock().now()),
        Err(error) => tracing::debug!(%error, "waiting tasks could not be counted"),
    }
}

/// Until something is due, or it is time to look.
#[expect(clippy::disallowed_methods, reason = "a poll waits")]
async fn pause(shared: &Shared) {
    let look = LOOK.mul_f64(0.25 + 0.75 * fastrand::f64());
    let now = shared.db.clock().now();
    let due = *shared.due.lock().unwrap_or_else(PoisonError::into_inner);
    let next = due.into_iter().chain(shared.ticker.next()).min();
    let wait = next.map_or(look, |due| due.since(now).min(look));
    tokio::time::sleep(wait).await;
}
