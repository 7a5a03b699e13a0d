//! Around a process: its clock, its disk, its clients.

use std::fs::File;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};

use super::Struck;
use crate::fleet::Leave;
use crate::world::World;

/// By how many seconds the clock jumps: more than a lease. What is due while it is ahead is waited for when it is not.
const JUMP: u64 = 12;

/// How much a disk loses that was never told to keep anything: 16 pages of the log.
const LOST: u64 = 16 * (4096 + 24);

pub(super) fn jump(world: &mut World<'_>) -> Result<Struck> {
    for ahead in [JUMP, 0] {
        let answer = world.ask(0, &format!("clock.shift.{ahead}"), "", "null")?;
        if answer.status != 200 {
            bail!("the clock could not be shifted: {answer:?}");
        }
        thread::sleep(Duration::from_millis(1200));
    }
    Ok(Struck::Yes)
}

pub(super) fn let_clients_leave(world: &mut World<'_>) -> Result<Struck> {
    world.fleet.let_clients_leave(Leave::Often);
    thread::sleep(Duration::from_secs(1));
    world.fleet.let_clients_leave(Leave::Never);
    Ok(Struck::Yes)
}

pub(super) fn fill_disk(world: &mut World<'_>) -> Result<Struck> {
    let Some(disk) = &world.disk else { return Ok(Struck::Skipped("no small disk can be mounted here")) };
    disk.fill(|| thread::sleep(Duration::from_secs(1)))?;
    Ok(Struck::Yes)
}

/// Kills the process, and takes the end of its log away.
pub(super) fn cut_power(world: &mut World<'_>) -> Result<Struck> {
    world.take(0)?.kill()?;
    let log = File::options().write(true).open(world.write_ahead_log())?;
    let length = log.metadata()?.len();
    log.set_len(length.saturating_sub(LOST))?;
    world.start_all()?;
    Ok(Struck::Yes)
}
