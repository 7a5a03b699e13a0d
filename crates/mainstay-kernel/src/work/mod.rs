//! Work that a transaction leaves behind: tasks, when they are due, who runs them and what becomes of them.
//!
//! A task is put into a transaction's outbox and written in its last flush, so that it exists if and only if
//! the transaction is committed. Its row stays until the transaction that finishes it deletes it, together with
//! what the task did: the [`Fence`] of an attempt whose lease has passed to somebody else hits no row, and nothing
//! of that attempt is committed.

mod keep;
mod outbox;
mod pointed;
mod relay;
mod report;
mod schedule;
mod seldom;
mod task;
mod trail;

pub(crate) use keep::Claim;
pub use keep::{Burial, Dead, Depth, Enlisted, Keys, Listed, NextAttempt, Runnable, TaskFilter};
pub(crate) use outbox::{Leaving, Outbox};
pub use pointed::Pointer;
pub(crate) use relay::Relay;
pub use relay::{Dispatcher, Slot};
pub use report::{Progress, Report, Returned, TaskState};
pub use seldom::Seldom;
pub use task::{Fence, NewTask, PARKED, POINTED, Task, TaskId};
pub use trail::Trail;
pub(crate) use trail::{Claimed, Span};
