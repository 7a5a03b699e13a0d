//! What goes wrong on purpose.

mod broker;
mod connections;
mod machine;
mod processes;

use anyhow::Result;
use mainstay_kernel::Failpoint;

use crate::deployment::{Deployment, Store, Way};
use crate::world::World;

pub(crate) use self::broker::BrokerFault;

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A process dies at this point.
    Failpoint(Failpoint),
    /// Something happens to the broker, or between it and processes.
    Broker(BrokerFault),
    /// kill -9.
    Kill,
    /// kill -9 again and again, also of a process that is about to start.
    KillLoop,
    /// SIGSTOP for longer than a lease, and SIGCONT.
    Stop,
    /// The clock is ahead for a while, by more than a lease.
    ClockJump,
    /// Clients leave in the middle of their requests.
    ClientsLeave,
    /// There is no more room on the disk for a while.
    DiskFull,
    /// PostgreSQL ends the connections that are at work.
    BackendsEnd,
    /// PostgreSQL loses its memory (`immediate` stop) and recovers.
    ServerCrash,
    /// COMMIT arrives, and its answer does not.
    ReplyLost,
    /// Nothing passes between a process and its database, and neither side is told.
    HalfOpen,
    /// Not a fault of ours: what a disk that was never told to keep anything has lost after a power cut.
    PowerCut,
}

/// What became of a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Struck {
    Yes,
    /// The point at which it was to happen was not reached.
    No,
    /// It cannot be made to happen here.
    Skipped(&'static str),
}

impl Fault {
    /// Each that the application must bear.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        let others = [
            Self::ClockJump,
            Self::Kill,
            Self::KillLoop,
            Self::Stop,
            Self::ClientsLeave,
            Self::DiskFull,
            Self::BackendsEnd,
            Self::ServerCrash,
            Self::ReplyLost,
            Self::HalfOpen,
        ];
        let of_broker = BrokerFault::ALL.into_iter().map(Self::Broker);
        others.into_iter().chain(of_broker).chain(Failpoint::ALL.into_iter().map(Self::Failpoint))
    }

    /// What it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Failpoint(point) => point.name(),
            Self::Broker(fault) => fault.name(),
            Self::Kill => "kill",
            Self::KillLoop => "kill-loop",
            Self::Stop => "stop",
            Self::ClockJump => "clock-jump",
            Self::ClientsLeave => "clients-leave",
            Self::DiskFull => "disk-full",
            Self::BackendsEnd => "backends-end",
            Self::ServerCrash => "server-crash",
            Self::ReplyLost => "reply-lost",
            Self::HalfOpen => "half-open",
            Self::PowerCut => "power-cut",
        }
    }

    /// What happens, in the words of the table.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Failpoint(point) => point_title(point),
            Self::Broker(fault) => fault.title(),
            Self::Kill => "`kill -9`",
            Self::KillLoop => "`kill -9`, again and again",
            Self::Stop => "SIGSTOP past the lease",
            Self::ClockJump => "the clock jumps ahead by more than a lease, and back",
            Self::ClientsLeave => "clients leave in the middle of a request",
            Self::DiskFull => "the disk is full for a while",
            Self::BackendsEnd => "the server ends connections at work",
            Self::ServerCrash => "the server stops at once and recovers",
            Self::ReplyLost => "COMMIT arrives, its answer is lost",
            Self::HalfOpen => "the connections are half open",
            Self::PowerCut => "a power cut",
        }
    }

    /// Why it cannot happen on this deployment, if it cannot.
    pub(crate) fn does_not_apply(self, to: Deployment) -> Option<&'static str> {
        match (self, to.store()) {
            (Self::Broker(_), _) => match to.way() {
                Way::Http => Some("no broker"),
                Way::Nats => None,
            },
            (Self::Failpoint(Failpoint::GroupOpen), Store::Postgres) => Some("mutations share no commit"),
            (Self::DiskFull, Store::Postgres) => Some("the server's own affair"),
            (Self::BackendsEnd | Self::ServerCrash | Self::ReplyLost | Self::HalfOpen, Store::Sqlite) => {
                Some("no server")
            }
            (
                Self::Failpoint(_)
                | Self::Kill
                | Self::KillLoop
                | Self::Stop
                | Self::ClockJump
                | Self::ClientsLeave
                | Self::DiskFull
                | Self::BackendsEnd
                | Self::ServerCrash
                | Self::ReplyLost
                | Self::HalfOpen
                | Self::PowerCut,
                Store::Sqlite | Store::Postgres,
            ) => None,
        }
    }

    /// Makes it happen, under load, and mends what it broke.
    pub(crate) fn strike(self, world: &mut World<'_>) -> Result<Struck> {
        match self {
            Self::Failpoint(point) => processes::die_at(world, point),
            Self::Broker(fault) => fault.strike(world),
            Self::Kill => processes::kill(world),
            Self::KillLoop => processes::kill_loop(world),
            Self::Stop => processes::stop(world),
            Self::ClockJump => machine::jump(world),
            Self::ClientsLeave => machine::let_clients_leave(world),
            Self::DiskFull => machine::fill_disk(world),
            Self::PowerCut => machine::cut_power(world),
            Self::BackendsEnd => connections::end_backends(world),
            Self::ServerCrash => connections::crash_server(world),
            Self::ReplyLost => connections::lose_replies(world),
            Self::HalfOpen => connections::hold(world),
        }
    }
}

fn point_title(point: Failpoint) -> &'static str {
    match point {
        Failpoint::BeforeCommit => "dies before COMMIT",
        Failpoint::CommitSent => "dies while COMMIT is on its way",
        Failpoint::GroupOpen => "dies between savepoint and group commit",
        Failpoint::Committed => "dies when it is committed and not delivered",
        Failpoint::Delivered => "dies when it is delivered and not answered",
        Failpoint::Claimed => "dies after a claim",
        Failpoint::Begun => "dies as an attempt begins",
        Failpoint::WorkerDone => "dies before a worker's commit",
        Failpoint::WorkerCommitted => "dies after a worker's commit",
        Failpoint::Worked => "dies when a task is done and its end not written",
        Failpoint::Promoted => "dies as due tasks become ready",
        Failpoint::TickWritten => "dies before a cron's tick is committed",
        Failpoint::Ticked => "dies after a cron's tick is committed",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_faults_share_a_name() {
        let names: BTreeSet<_> = Fault::all().map(Fault::name).collect();
        let titles: BTreeSet<_> = Fault::all().map(Fault::title).collect();
        assert_eq!((names.len(), titles.len()), (Fault::all().count(), Fault::all().count()));
    }
}
