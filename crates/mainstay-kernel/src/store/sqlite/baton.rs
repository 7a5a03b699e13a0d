use std::sync::Arc;

use tokio::runtime::Handle;

use super::pen::{Ending, Pen, Told};
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

/// A group that was committed, or was not. Dropping it tells its members and hands the pen on.
struct Paid {
    ending: Ending,
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
            tokio::task::yield_now().await;
        }
        let writer = Arc::clone(&self.writer);
        if let Some(due) = writer.pass(self.into_pen()) {
            due.pay();
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
            due.pay();
        }
    }
}

impl Due {
    pub(super) fn new(pen: Box<Pen>, writer: Arc<Writer>) -> Self {
        Self { pen: Some(pen), writer }
    }

    /// Commits on a thread that may block, whoever waits for it or no longer does. The members are told
    /// on the runtime's own threads, which wakes them for less.
    fn pay(self) {
        if Handle::try_current().is_err() {
            return;
        }
        let writer = Arc::clone(&self.writer);
        writer.commits().spawn("commit", async move {
            // A runtime that is shutting down drops the work unrun, which commits as well.
            drop(tokio::task::spawn_blocking(move || self.commit()).await);
        });
    }

    fn commit(mut self) -> Option<Paid> {
        self.pen.take().map(|pen| Paid::new(pen, Arc::clone(&self.writer)))
    }
}

impl Drop for Due {
    fn drop(&mut self) {
        if let Some(pen) = self.pen.take() {
            drop(Paid::new(pen, Arc::clone(&self.writer)));
        }
    }
}

impl Paid {
    fn new(mut pen: Box<Pen>, writer: Arc<Writer>) -> Self {
        let ending = pen.commit();
        Self { ending, pen: Some(pen), writer }
    }
}

impl Drop for Paid {
    fn drop(&mut self) {
        drop(std::mem::take(&mut self.ending));
        if let Some(pen) = self.pen.take() {
            // A clean pen is never due.
            drop(self.writer.pass(pen));
        }
    }
}
