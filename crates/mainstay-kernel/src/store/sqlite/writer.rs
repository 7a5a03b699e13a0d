use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::baton::{Baton, Due};
use super::home::Home;
use super::pen::Pen;
use super::session::Session;
use crate::store::Company;
use crate::{Error, ErrorKind, Owned, Result};

/// Who writes next. There is one pen; it is handed from one to the next in the order they came.
pub(super) struct Writer {
    line: Mutex<Line>,
    version: Arc<AtomicU64>,
    commits: Owned,
    #[cfg(test)]
    pub(super) probe: super::tests::Probe,
}

struct Line {
    pen: Place,
    waiting: VecDeque<Waiter>,
    /// Nobody may join the line any more.
    is_closed: bool,
}

/// Where the pen is.
enum Place {
    /// Nobody has it, and nobody waits for it.
    Resting(Box<Pen>),
    /// Somebody has it, or is being handed it.
    Taken,
    /// It was closed.
    Closed,
}

struct Waiter {
    give: oneshot::Sender<Baton>,
    company: Company,
}

impl Writer {
    pub(super) fn open(home: Arc<Home>) -> Result<Self> {
        let version = Arc::new(AtomicU64::new(0));
        let pen = Pen::new(Session::writer(home)?, Arc::clone(&version));
        #[cfg(test)]
        let probe = pen.probe.clone();
        let line = Line { pen: Place::Resting(Box::new(pen)), waiting: VecDeque::new(), is_closed: false };
        Ok(Self {
            line: Mutex::new(line),
            version,
            commits: Owned::new(),
            #[cfg(test)]
            probe,
        })
    }

    /// Waits for its turn to write.
    pub(super) async fn take(self: &Arc<Self>, company: Company) -> Result<Baton> {
        let given = {
            let mut line = self.line();
            if line.is_closed {
                return Err(Error::new(ErrorKind::Draining));
            }
            match line.take(company) {
                Ok(pen) => return Ok(Baton::new(pen, Arc::clone(self))),
                Err(given) => given,
            }
        };
        given.await.map_err(|_| Error::new(ErrorKind::Draining))
    }

    /// Closes the line, waits for those in it and takes the pen for good; `None` when somebody did.
    pub(super) async fn close(self: &Arc<Self>) -> Option<Pen> {
        let taken = {
            let mut line = self.line();
            line.is_closed = true;
            line.take(Company::Alone)
        };
        let pen = match taken {
            Ok(pen) => pen,
            Err(given) => given.await.ok()?.into_pen(),
        };
        self.line().pen = Place::Closed;
        Some(*pen)
    }

    /// Hands the pen to the next in line, or lets it rest. What is given back is a commit that must
    /// come first, because nobody waits or the group takes nobody in.
    pub(super) fn pass(self: &Arc<Self>, mut pen: Box<Pen>) -> Option<Due> {
        loop {
            let next = {
                let mut line = self.line();
                line.drop_gone();
                let joins = !pen.is_closed()
                    && line
                        .waiting
                        .front()
                        .is_some_and(|it| pen.is_clean() || it.company == Company::Grouped);
                match line.waiting.pop_front_if(|_| joins) {
                    Some(next) => next,
                    None if pen.is_clean() => {
                        line.pen = Place::Resting(pen);
                        return None;
                    }
                    None => return Some(Due::new(pen, Arc::clone(self))),
                }
            };
            match next.give.send(Baton::new(pen, Arc::clone(self))) {
                Ok(()) => return None,
                // It left the line just now.
                Err(baton) => pen = baton.into_pen(),
            }
        }
    }

    /// Whether somebody waits for the pen.
    pub(super) fn is_awaited(&self) -> bool {
        let mut line = self.line();
        line.drop_gone();
        !line.waiting.is_empty()
    }

    /// The commits under way.
    pub(super) fn commits(&self) -> &Owned {
        &self.commits
    }

    pub(super) fn version(&self) -> u64 {
        self.version.load(Ordering::SeqCst)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Forgets those at the front who left the line.
    fn drop_gone(&mut self) {
        while self.waiting.pop_front_if(|waiter| waiter.give.is_closed()).is_some() {}
    }

    /// The pen, if it rests; else a place in the line.
    fn take(&mut self, company: Company) -> Result<Box<Pen>, oneshot::Receiver<Baton>> {
        let (give, given) = oneshot::channel();
        match std::mem::replace(&mut self.pen, Place::Taken) {
            Place::Resting(pen) => return Ok(pen),
            Place::Taken => self.waiting.push_back(Waiter { give, company }),
            // Nobody will ever hand it on: the one who waits is told by the channel.
            Place::Closed => self.pen = Place::Closed,
        }
        Err(given)
    }
}
