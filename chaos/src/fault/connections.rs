//! Between a process and its server.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::Struck;
use crate::server::Server;
use crate::world::World;

fn server<'w>(world: &'w World<'_>) -> Result<&'w Server> {
    world.server.as_ref().context("there is no server")
}

pub(super) fn end_backends(world: &mut World<'_>) -> Result<Struck> {
    let server = server(world)?;
    let mut ended = 0;
    let end = Instant::now() + Duration::from_millis(800);
    while Instant::now() < end {
        ended += server.admin.end_backends(server.application())?;
        thread::sleep(Duration::from_millis(20));
    }
    Ok(if ended > 0 { Struck::Yes } else { Struck::No })
}

pub(super) fn crash_server(world: &mut World<'_>) -> Result<Struck> {
    let away = Duration::from_millis(world.dice.u64(..800));
    server(world)?.crash(|| thread::sleep(away))?;
    Ok(Struck::Yes)
}

pub(super) fn lose_replies(world: &mut World<'_>) -> Result<Struck> {
    let proxy = &server(world)?.proxy;
    for _ in 0..3 {
        proxy.lose_answer_to("COMMIT");
        let end = Instant::now() + Duration::from_secs(10);
        while proxy.waits_to_lose() {
            if Instant::now() >= end {
                return Ok(Struck::No);
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
    Ok(Struck::Yes)
}

/// With another process, for longer than a lease: what the first one held is done by then, and what it had sent arrives
/// late. Then its connections end.
pub(super) fn hold(world: &mut World<'_>) -> Result<Struck> {
    let proxy = &server(world)?.proxy;
    proxy.hold();
    thread::sleep(match world.deployment.nodes() {
        1 => Duration::from_secs(3),
        _ => mainstay::queue::LEASE + Duration::from_secs(3),
    });
    proxy.mend();
    thread::sleep(Duration::from_millis(200));
    proxy.end_all();
    Ok(Struck::Yes)
}
