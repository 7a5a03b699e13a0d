//! What runs beside requests: operations, workers and crons.
//!
//! A transaction leaves tasks behind ([`Scheduler::enqueue`]); they exist if and only if it commits. An [`Engine`]
//! runs them: a worker that takes `&mut Tx` has its effect in the database exactly once, for its task ends with its
//! transaction; one that does not may wait for the world outside, and may run more than once.

mod by_hand;
pub mod cron;
mod dispatch;
pub mod evolution;
mod failure;
mod gives;
mod meta;
pub mod operation;
mod outlet;
mod redact;
mod retry;
mod scheduler;
mod subscriptions;
mod version;
mod worker;

pub use dispatch::{Broker, Duty, Engine, HEEDED, LEASE, QueueSpec, Received, Shares, Work};
pub use failure::WorkError;
pub use gives::{Gives, Keeps};
pub use operation::{Asked, Operation, OperationEntry, Operations};
pub use outlet::{Delivered, Outlet, Published, Refuses, hand_over};
pub use redact::redacted;
pub use retry::{Backoff, Retry};
pub use scheduler::{Enqueue, Job, JobName, Scheduler, hours, mins, secs};
pub use subscriptions::Subscriptions;
pub use version::{INPUT_VERSION, Upgrade};
pub use worker::{Run, TaskCx, Worked, Worker, WorkerEntry, WorkerSpec, worked};
