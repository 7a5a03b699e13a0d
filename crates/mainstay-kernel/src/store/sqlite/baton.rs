use std::sync::Arc;

use tokio::runtime::{Handle, RuntimeFlavor};

use super::pen::{Pen, Told};
use super::writer::Writer;
use crate::{Error, ErrorKind};

/// The right to write. Whoever drops it, cancelled or panicking or without ever having looked at
/// it, has its own part undone and hands it on.
pub(super) struct Baton {
    pen: Option<Box<Pen>>,
    writer: Arc<Writer>,
}

/// A group that must be committed before anybody else writes. Dropping it commits too.
pub(super) struct Due {
    pen: Option<Box<Pen>>,
    writer: Arc<Writer>,
}

impl Baton {
    pub(super) fn new(pen: Box<Pen>, writer: Arc<Writer>) -> Self {
        Self { pen: Some(pen), writer }
    }

    pub(super) fn pen(&mut self) -> &mut Pen {
        self.pen.as_mut().expect("a baton has its pen until it is passed")
    }

    pub(super) fn into_pen(mut self) -> Box<Pen> {
        self.pen.take().expect("a baton has its pen until it is passed")
    }

    /// Ends the member at hand, hands the pen on and waits until the group has ended.
    pub(super) async fn settle(mut self) -> rusqlite::Result<Told> {
        let told = self.pen().finish_member()?;
        if !self.pen().is_closed() && !self.writer.is_awaited() {
            // Others may be ready to write and only lack the thread: without this, a runtime with
            // one thread would never commit two members at once.
            if std::env::var_os("NOYIELD").is_none() {
                tokio::task::yield_now().await;
            }
        }
        let writer = Arc::clone(&self.writer);
        if let Some(due) = writer.pass(self.into_pen()) {
            due.pay_here();
        }
        // Only a panic in the commit itself leaves nobody to tell.
        Ok(told.await.unwrap_or_else(|_| Told::Failed(Error::new(ErrorKind::OutcomeUnknown))))
    }
}

impl Drop for Baton {
    fn drop(&mut self) {
        let Some(mut pen) = self.pen.take() else { return };
        pen.undo_member();
        if let Some(due) = self.writer.pass(pen) {
            due.pay_elsewhere();
        }
    }
}

impl Due {
    pub(super) fn new(pen: Box<Pen>, writer: Arc<Writer>) -> Self {
        Self { pen: Some(pen), writer }
    }

    /// Commits on this thread, and lets others do its other work meanwhile where there are others.
    fn pay_here(self) {
        if std::env::var_os("EW").is_some() {
            return self.pay_elsewhere();
        }
        match flavor() {
            Some(RuntimeFlavor::MultiThread) if std::env::var_os("INLINE").is_none() => {
                tokio::task::block_in_place(|| drop(self))
            }
            Some(_) | None => drop(self),
        }
    }

    /// Commits on a thread that may block: the drop of a future may not.
    fn pay_elsewhere(self) {
        match Handle::try_current() {
            // A runtime that is shutting down drops the work unrun, which pays as well.
            Ok(runtime) => drop(runtime.spawn_blocking(move || drop(self))),
            Err(_) => drop(self),
        }
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        let Some(mut pen) = self.pen.take() else { return };
        pen.commit();
        // A clean pen is never due.
        drop(self.writer.pass(pen));
    }
}

fn flavor() -> Option<RuntimeFlavor> {
    Handle::try_current().ok().map(|runtime| runtime.runtime_flavor())
}
