//! A point in time by which a socket must have moved on. Costs no timer until something waits.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep};

/// A deadline for polled I/O.
#[derive(Debug)]
pub(crate) struct Deadline {
    at: Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    pub(crate) const fn at(at: Instant) -> Self {
        Self { at, timer: None }
    }

    pub(crate) fn after(limit: Duration) -> Self {
        Self::at(Instant::now() + limit)
    }

    /// Ready once the deadline has passed; else the task is woken when it does.
    #[expect(clippy::disallowed_methods, reason = "a socket's deadline follows the runtime's clock")]
    pub(crate) fn poll_passed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let at = self.at;
        self.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at))).as_mut().poll(cx)
    }
}
