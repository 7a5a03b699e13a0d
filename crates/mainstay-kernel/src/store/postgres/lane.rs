use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as Turnstile;

use super::bind::Bind;
use super::fault::unreachable;
use super::prepared::Shape;
use super::session::Session;
use super::target::{CONNECT_LIMIT, Target};
use crate::{Error, ErrorKind, Result, Row, Statement};

/// A few connections that all readers share: each carries many statements at once, answered in the
/// order they were sent.
pub(super) struct Lane {
    target: Target,
    slots: Box<[Slot]>,
    turn: AtomicUsize,
    closed: AtomicBool,
}

#[derive(Default)]
struct Slot {
    session: Mutex<Option<Arc<Session>>>,
    connecting: Turnstile<()>,
    awaited: AtomicUsize,
}

impl Lane {
    pub(super) fn new(target: Target, connections: usize) -> Self {
        let slots = std::iter::repeat_with(Slot::default).take(connections.max(1)).collect();
        Self { target, slots, turn: AtomicUsize::new(0), closed: AtomicBool::new(false) }
    }

    /// The rows of a statement that reads. When its connection dies before the answer is complete
    /// it is sent once more, on another: reading twice does no harm.
    pub(super) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        match self.slot().read(self, statement).await? {
            Ok(rows) => Ok(rows),
            Err(error) if matches!(error.kind(), ErrorKind::Unavailable) => {
                self.slot().read(self, statement).await?
            }
            Err(error) => Err(error),
        }
    }

    /// Opens a connection, to know that it can be done.
    pub(super) async fn probe(&self) -> Result<()> {
        self.slot().session(self).await.map(drop)
    }

    /// Lets the connections end with what they carry; later reads fail with draining.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for slot in &self.slots {
            slot.replace(None);
        }
    }

    /// The least loaded slot, starting with another one each time: what waits behind a slow
    /// statement on one connection would not have to on the next.
    fn slot(&self) -> &Slot {
        let start = self.turn.fetch_add(1, Ordering::Relaxed) % self.slots.len();
        let (after, before) = (&self.slots[start..], &self.slots[..start]);
        let least = after.iter().chain(before).min_by_key(|slot| slot.awaited.load(Ordering::Relaxed));
        least.unwrap_or(&self.slots[0])
    }

    fn any_live(&self) -> Option<Arc<Session>> {
        self.slots.iter().find_map(Slot::live)
    }
}

impl Slot {
    /// The outer error: there was no connection. The inner one: what the statement failed with.
    async fn read(&self, lane: &Lane, statement: &Statement) -> Result<Result<Vec<Row>>> {
        let _awaited = Awaited::new(&self.awaited);
        let session = self.session(lane).await?;
        match read(&session, statement).await {
            // Its table was altered, and the connection has forgotten the statement by now.
            Err(error) if matches!(error.kind(), ErrorKind::Conflict) => Ok(read(&session, statement).await),
            done => Ok(done),
        }
    }

    async fn session(&self, lane: &Lane) -> Result<Arc<Session>> {
        if lane.closed.load(Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Draining));
        }
        if let Some(live) = self.live() {
            return Ok(live);
        }
        let only = match self.connecting.try_lock() {
            Ok(only) => only,
            // Somebody connects already: another connection is better than waiting.
            Err(_) => match lane.any_live() {
                Some(live) => return Ok(live),
                None => tokio::time::timeout(CONNECT_LIMIT, self.connecting.lock())
                    .await
                    .map_err(|_| unreachable(lane.target.place(), "it did not answer in time"))?,
            },
        };
        if let Some(live) = self.live() {
            return Ok(live);
        }
        let session = Arc::new(lane.target.connect().await?);
        self.replace(Some(Arc::clone(&session)));
        drop(only);
        if lane.closed.load(Ordering::Acquire) {
            self.replace(None);
        }
        Ok(session)
    }

    fn live(&self) -> Option<Arc<Session>> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.as_ref().filter(|session| !session.is_closed()).cloned()
    }

    fn replace(&self, session: Option<Arc<Session>>) {
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) = session;
    }
}

async fn read(session: &Session, statement: &Statement) -> Result<Vec<Row>> {
    let prepared = session.prepare(Shape::Plain, statement.text(), statement.params().len()).await?;
    let ran = session.run(&prepared, statement.params().iter().map(Bind::Value)).await?;
    Ok(ran.rows)
}

/// Counts a statement as awaited until it is dropped.
struct Awaited<'a>(&'a AtomicUsize);

impl<'a> Awaited<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Awaited<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
