//! Processes that die or stand still.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use mainstay_kernel::Failpoint;

use super::Struck;
use crate::deployment::Store;
use crate::node::has_aborted;
use crate::world::{PATIENCE, World};

/// How long a process may take to reach the point at which it is to die.
const UNTIL_REACHED: Duration = Duration::from_secs(12);

/// How long what a process has sent may be under way in the server.
const UNDER_WAY: Duration = Duration::from_millis(50);

/// How often a point is passed before it is deadly, at most.
const PASSED: u32 = 6;

/// A process is replaced by one that is to die, which is replaced by one that is not.
pub(super) fn die_at(world: &mut World<'_>, point: Failpoint) -> Result<Struck> {
    let (victim, times) = (world.any(), world.dice.u32(1..PASSED));
    world.take(victim)?.kill()?;
    let status = match world.start_deadly(victim, Some((point, times)))? {
        Some(status) => Some(status),
        None => world.node(victim)?.ended_within(UNTIL_REACHED)?,
    };
    // What ended is gone already.
    let gone = world.take(victim);
    let struck = match status {
        Some(status) if has_aborted(status) => Struck::Yes,
        Some(status) => bail!("a process that was to die at {} ended otherwise: {status}", point.name()),
        None => Struck::No,
    };
    drop(gone);
    world.start_all()?;
    Ok(struck)
}

/// Kills a process. Where there are others, measures how long it takes until those have done what it held.
pub(super) fn kill(world: &mut World<'_>) -> Result<Struck> {
    let victim = world.any();
    let held = held(world, victim)?;
    world.take(victim)?.kill()?;
    let killed = Instant::now();
    if world.deployment.nodes() > 1 {
        world.recoveries.extend(recovery(world, &held, killed)?);
    }
    world.start_all()?;
    Ok(Struck::Yes)
}

/// Stops the process while it holds tasks, and names them. Nothing on a file, which has no other process.
fn held(world: &mut World<'_>, victim: usize) -> Result<Vec<String>> {
    for _ in 0..100 {
        let node = world.node(victim)?;
        let process = node.id();
        node.signal("-STOP")?;
        let Some(server) = &world.server else { return Ok(Vec::new()) };
        // A commit that it had sent is none of what is left to others.
        thread::sleep(UNDER_WAY);
        let held = server.inside.owned_by(process)?;
        if !held.is_empty() {
            return Ok(held);
        }
        world.node(victim)?.signal("-CONT")?;
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
        let victim = world.any();
        world.take(victim)?.kill()?;
        world.start_all()?;
        thread::sleep(Duration::from_millis(world.dice.u64(..300)));
    }
    Ok(Struck::Yes)
}

/// A process stands still, and goes on as if nothing had been.
pub(super) fn stop(world: &mut World<'_>) -> Result<Struck> {
    let victim = world.any();
    world.node(victim)?.signal("-STOP")?;
    thread::sleep(match world.deployment.store() {
        // A file has no leases.
        Store::Sqlite => Duration::from_secs(1),
        Store::Postgres => mainstay::queue::LEASE + Duration::from_secs(3),
    });
    world.node(victim)?.signal("-CONT")?;
    Ok(Struck::Yes)
}
