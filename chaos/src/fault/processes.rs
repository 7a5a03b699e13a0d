//! Processes that die or stand still.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use mainstay_kernel::Failpoint;

use super::Struck;
use crate::deployment::Deployment;
use crate::node::has_aborted;
use crate::world::{PATIENCE, World};

/// How long a process may take to reach the point at which it is to die.
const UNTIL_REACHED: Duration = Duration::from_secs(12);

/// How often a point is passed before it is deadly, at most.
const PASSED: u32 = 6;

/// The first process is replaced by one that is to die, which is replaced by one that is not.
pub(super) fn die_at(world: &mut World<'_>, point: Failpoint) -> Result<Struck> {
    let times = world.dice.u32(1..PASSED);
    world.take(0)?.kill()?;
    let status = match world.start_deadly(0, Some((point, times)))? {
        Some(status) => Some(status),
        None => world.node(0)?.ended_within(UNTIL_REACHED)?,
    };
    // What ended is gone already.
    let gone = world.take(0);
    let struck = match status {
        Some(status) if has_aborted(status) => Struck::Yes,
        Some(status) => bail!("a process that was to die at {} ended otherwise: {status}", point.name()),
        None => Struck::No,
    };
    drop(gone);
    world.start_all()?;
    Ok(struck)
}

/// Kills the first process. Where there is another one, measures how long it takes until that has done what the first
/// one held.
pub(super) fn kill(world: &mut World<'_>) -> Result<Struck> {
    let held = held(world)?;
    world.take(0)?.kill()?;
    let killed = Instant::now();
    if world.deployment == Deployment::PostgresTwice {
        world.recoveries.extend(recovery(world, &held, killed)?);
    }
    world.start_all()?;
    Ok(Struck::Yes)
}

/// Stops the first process while it holds tasks, and names them. Nothing on a file, which has no other process.
fn held(world: &mut World<'_>) -> Result<Vec<String>> {
    for _ in 0..100 {
        let node = world.node(0)?;
        let process = node.id();
        node.signal("-STOP")?;
        let Some(server) = &world.server else { return Ok(Vec::new()) };
        let held = server.inside.owned_by(process)?;
        if !held.is_empty() {
            return Ok(held);
        }
        world.node(0)?.signal("-CONT")?;
        thread::sleep(Duration::from_millis(world.dice.u64(1..20)));
    }
    Ok(Vec::new())
}

/// How long it took from `killed` until none of these tasks is left; nothing, when there were none.
fn recovery(world: &World<'_>, held: &[String], killed: Instant) -> Result<Option<Duration>> {
    let Some(server) = world.server.as_ref().filter(|_| !held.is_empty()) else { return Ok(None) };
    let mut left = held.to_vec();
    loop {
        for id in std::mem::take(&mut left) {
            if server.inside.has_task(&id)? {
                left.push(id);
            }
        }
        if left.is_empty() {
            return Ok(Some(killed.elapsed()));
        }
        if killed.elapsed() > PATIENCE {
            bail!("after {PATIENCE:?} tasks of a killed process are not done: {left:?}");
        }
        thread::sleep(Duration::from_millis(50));
    }
}

pub(super) fn kill_loop(world: &mut World<'_>) -> Result<Struck> {
    for _ in 0..3 {
        world.take(0)?.kill()?;
        world.start_all()?;
        thread::sleep(Duration::from_millis(world.dice.u64(..300)));
    }
    Ok(Struck::Yes)
}

/// The first process stands still, and goes on as if nothing had been.
pub(super) fn stop(world: &mut World<'_>) -> Result<Struck> {
    world.node(0)?.signal("-STOP")?;
    thread::sleep(match world.deployment {
        // A file has no leases.
        Deployment::Sqlite => Duration::from_secs(1),
        Deployment::Postgres | Deployment::PostgresTwice => mainstay::queue::LEASE + Duration::from_secs(3),
    });
    world.node(0)?.signal("-CONT")?;
    Ok(Struck::Yes)
}
