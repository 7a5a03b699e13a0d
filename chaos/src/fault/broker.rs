//! Of the broker, and between it and processes. Whatever it loses, clients ask again.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::Struck;
use crate::broker::Broker;
use crate::world::World;

/// Longer than the broker waits for a word on a request before it gives it to another process, and than a lease.
const LONG: Duration = Duration::from_secs(7);

/// How many requests are answered between a copy of what the broker has and its return.
const BETWEEN: u64 = 60;

/// An acknowledgement of a request.
const ACKNOWLEDGEMENT: &str = "$JS.ACK.chaos-";

/// One kind of fault of the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BrokerFault {
    /// kill -9, and it starts again.
    Kill,
    /// SIGSTOP for a while, and SIGCONT.
    Pause,
    /// It comes back with what it had on disk earlier: it has forgotten requests, and brings others again.
    Rollback,
    /// It comes back with nothing, not even streams.
    Lost,
    /// Nothing passes between a process and the broker, and neither side is told.
    HalfOpen,
    /// One process cannot reach the broker, then none can.
    Partition,
    /// The acknowledgement of a request does not arrive, and the connection ends.
    AckLost,
}

impl BrokerFault {
    pub(super) const ALL: [Self; 7] =
        [Self::Kill, Self::Pause, Self::Rollback, Self::Lost, Self::HalfOpen, Self::Partition, Self::AckLost];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Kill => "nats-kill",
            Self::Pause => "nats-pause",
            Self::Rollback => "nats-rollback",
            Self::Lost => "nats-lost",
            Self::HalfOpen => "nats-half-open",
            Self::Partition => "nats-partition",
            Self::AckLost => "nats-ack-lost",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Kill => "NATS: `kill -9`",
            Self::Pause => "NATS: SIGSTOP past the time of a delivery",
            Self::Rollback => "NATS comes back with an older disk",
            Self::Lost => "NATS comes back with nothing",
            Self::HalfOpen => "the connection to NATS is half open",
            Self::Partition => "NATS cannot be reached, by one process and then by all",
            Self::AckLost => "acknowledgements to NATS are lost",
        }
    }

    pub(super) fn strike(self, world: &mut World<'_>) -> Result<Struck> {
        match self {
            Self::Kill => kill(world),
            Self::Pause => pause(world),
            Self::Rollback => roll_back(world),
            Self::Lost => lose(world),
            Self::HalfOpen => hold(world),
            Self::Partition => part(world),
            Self::AckLost => lose_acknowledgements(world),
        }
    }
}

fn broker<'w>(world: &'w mut World<'_>) -> Result<&'w mut Broker> {
    world.broker.as_mut().context("there is no broker")
}

fn restart(world: &mut World<'_>, meanwhile: impl FnOnce(&Broker) -> Result<()>) -> Result<()> {
    let broker = broker(world)?;
    broker.kill()?;
    meanwhile(broker)?;
    broker.resume()
}

fn kill(world: &mut World<'_>) -> Result<Struck> {
    let away = Duration::from_millis(world.dice.u64(500..2000));
    restart(world, |_| {
        thread::sleep(away);
        Ok(())
    })?;
    Ok(Struck::Yes)
}

fn pause(world: &mut World<'_>) -> Result<Struck> {
    broker(world)?.signal("-STOP")?;
    thread::sleep(LONG);
    broker(world)?.signal("-CONT")?;
    Ok(Struck::Yes)
}

fn roll_back(world: &mut World<'_>) -> Result<Struck> {
    restart(world, Broker::back_up)?;
    world.work(BETWEEN)?;
    restart(world, Broker::put_back)?;
    Ok(Struck::Yes)
}

fn lose(world: &mut World<'_>) -> Result<Struck> {
    restart(world, Broker::lose)?;
    Ok(Struck::Yes)
}

/// For so long that the others have been given its requests. What it had sent arrives late; then its connection ends.
fn hold(world: &mut World<'_>) -> Result<Struck> {
    let victim = world.any();
    let proxy = &broker(world)?.proxies[victim];
    proxy.hold();
    thread::sleep(LONG);
    proxy.mend();
    thread::sleep(Duration::from_millis(200));
    proxy.end_all();
    Ok(Struck::Yes)
}

fn part(world: &mut World<'_>) -> Result<Struck> {
    let victim = world.any();
    let proxies = &broker(world)?.proxies;
    for cut in [&proxies[victim..=victim], proxies] {
        cut.iter().for_each(|it| it.cut());
        thread::sleep(Duration::from_secs(2));
        cut.iter().for_each(|it| it.mend());
    }
    Ok(Struck::Yes)
}

fn lose_acknowledgements(world: &mut World<'_>) -> Result<Struck> {
    for _ in 0..3 {
        let victim = world.any();
        let proxy = &broker(world)?.proxies[victim];
        proxy.lose(ACKNOWLEDGEMENT);
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
