//! Crons: when they are due, and what runs then.

mod expression;
mod field;
mod schedule;
mod ticker;

pub use expression::Unreadable;
pub use schedule::Schedule;
pub(crate) use ticker::Ticker;

use std::time::Duration;

use crate::{Worker, WorkerEntry};

/// The queue of crons.
pub const QUEUE: &str = "crons";

/// What a cron says of itself, beside what it says as a worker.
#[derive(Clone, Copy, Debug)]
pub struct CronSpec {
    /// When: five fields, `@daily` and its like, `@reboot`, or `rate(10 minutes)`.
    pub expression: &'static str,
    /// The zone in which the fields are read, such as `Europe/Berlin`.
    pub timezone: &'static str,
    /// What happens when it is due while the run before goes on.
    pub overlap: Overlap,
    /// What happens with the times that passed while no process ran.
    pub missed: Missed,
}

/// What happens when a cron is due while the run before goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlap {
    /// The new run is left out.
    #[default]
    Skip,
    /// The new run waits for the one before.
    Queue,
    /// They run beside each other.
    Allow,
}

/// What happens with the times that passed while no process ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// However many passed, it runs once.
    #[default]
    RunOnce,
    /// It runs for each of them, up to a hundred.
    RunAll,
    /// They are left out.
    Skip,
}

impl CronSpec {
    /// How long a run may take that says nothing of it.
    pub const TIMEOUT: Duration = Duration::from_secs(15 * 60);

    /// In UTC, without overlap; what was missed is made up for once.
    pub const fn new(expression: &'static str) -> Self {
        Self { expression, timezone: "UTC", overlap: Overlap::Skip, missed: Missed::RunOnce }
    }
}

/// A function under `#[cron]`, as a type: a worker that nobody has to enqueue.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a cron",
    note = "write `#[cron(\"0 3 * * *\")]` over the function"
)]
pub trait Cron: Worker<Input = ()> {
    /// What it says of itself.
    const CRON: CronSpec;
}

/// A cron without its type.
#[derive(Clone, Copy, Debug)]
pub struct CronEntry {
    /// What it says of itself.
    pub cron: &'static CronSpec,
    /// What runs when it is due.
    pub worker: WorkerEntry,
}

impl CronEntry {
    /// The entry of `C`.
    pub const fn of<C: Cron>() -> Self {
        Self { cron: const { &C::CRON }, worker: WorkerEntry::of::<C>() }
    }
}
