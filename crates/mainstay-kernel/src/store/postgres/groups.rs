//! Inserts that share a commit: those that arrive while others are on their way go out together, in
//! one flush, as one transaction.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{join_all, join3};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_postgres::Statement as Prepared;

use super::bind::Bind;
use super::pool::{Lease, Pool};
use super::prepared::Shape;
use super::results::{binds, encode_head};
use super::session::Ran;
use super::single;
use crate::store::{Commit, Record};
use crate::{Answer, Error, ErrorKind, Owned, Request, Result, Row, Statement, Timestamp};

/// How many groups are on their way at once: enough to keep the server busy while one of them waits
/// for its commit, few enough for the others to fill up.
const LANES: usize = 4;

/// The most inserts in one transaction. `join_all` polls no more than 30 in the order given.
const FULL: usize = 24;

/// An insert waits for another transaction only where both want the same unique key or one holds a
/// row that the other refers to. The members of a group do not wait with it: they run alone then.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '50ms'";

/// How long an insert by itself keeps its lane, for the same reason.
const PATIENCE: Duration = Duration::from_millis(50);

/// What became of an insert, and the rows it gave back.
type Inserted = (Commit, Vec<Row>);

/// The inserts that are waiting and on their way.
pub(super) struct Groups(Arc<Shared>);

struct Shared {
    pool: Pool,
    owned: Owned,
    queue: Mutex<Queue>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Member>,
    busy_lanes: usize,
}

/// One insert, whoever awaits it.
struct Member {
    statement: Statement,
    kept: Option<Keep>,
    done: oneshot::Sender<Inserted>,
}

/// An answer to be kept beside the row; a [`Record`] that owns its parts.
struct Keep {
    request: Request,
    answer: Answer,
    now: Timestamp,
    expires: Timestamp,
}

impl Keep {
    fn record(&self) -> Record<'_> {
        Record { request: &self.request, answer: &self.answer, now: self.now, expires: self.expires }
    }
}

impl From<Record<'_>> for Keep {
    fn from(record: Record<'_>) -> Self {
        let (request, answer) = (record.request.clone(), record.answer.clone());
        Self { request, answer, now: record.now, expires: record.expires }
    }
}

impl Groups {
    pub(super) fn new(pool: Pool, owned: &Owned) -> Self {
        Self(Arc::new(Shared { pool, owned: owned.clone(), queue: Mutex::default() }))
    }

    /// Runs an insert, its answer kept by the same statement: at once while a lane is free, else in a
    /// group, and alone when that failed.
    pub(super) async fn insert(&self, statement: &Statement, record: Option<Record<'_>>) -> Result<Inserted> {
        let inserted = match self.enter(statement, record) {
            Place::Lane(lane) => return lane.hold(single::write(&self.0.pool, statement, record)).await,
            Place::Group(inserted) => inserted,
        };
        // A group ends without a word only together with the runtime.
        let (commit, rows) =
            inserted.await.map_err(|error| Error::new(ErrorKind::OutcomeUnknown).caused_by(error))?;
        match commit {
            Commit::AgainAlone => single::write(&self.0.pool, statement, record).await,
            Commit::Done | Commit::Again | Commit::Duplicate | Commit::Unknown { .. } | Commit::Failed(_) => {
                Ok((commit, rows))
            }
        }
    }

    /// A lane while one is free, else a place in the next group.
    fn enter(&self, statement: &Statement, record: Option<Record<'_>>) -> Place {
        let mut queue = self.0.queue();
        if queue.busy_lanes < LANES {
            queue.busy_lanes += 1;
            return Place::Lane(Lane(Arc::clone(&self.0)));
        }
        let (done, inserted) = oneshot::channel();
        queue.waiting.push_back(Member { statement: statement.clone(), kept: record.map(Keep::from), done });
        Place::Group(inserted)
    }
}

enum Place {
    Lane(Lane),
    Group(oneshot::Receiver<Inserted>),
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the lanes, taken. Dropped, it goes on with those who wait.
struct Lane(Arc<Shared>);

impl Lane {
    /// Gives the lane up when the write is done, or early when it takes long.
    async fn hold<T>(self, write: impl Future<Output = T>) -> T {
        let mut write = pin!(write);
        if let Ok(written) = tokio::time::timeout(PATIENCE, &mut write).await {
            return written;
        }
        drop(self);
        write.await
    }

    async fn run(self) {
        while let Some(members) = self.next() {
            let written = write(&self.0.pool, &members).await;
            for (member, inserted) in members.into_iter().zip(written) {
                // Nobody may be waiting any more.
                let _ = member.done.send(inserted);
            }
        }
    }

    /// Those who wait, up to a full group.
    fn next(&self) -> Option<Vec<Member>> {
        let mut queue = self.0.queue();
        let ready = queue.waiting.len().min(FULL);
        (ready > 0).then(|| queue.waiting.drain(..ready).collect())
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        if queue.waiting.is_empty() || Handle::try_current().is_err() {
            queue.busy_lanes -= 1;
            return;
        }
        drop(queue);
        let lane = Self(Arc::clone(&self.0));
        self.0.owned.spawn("grouped inserts", lane.run());
    }
}

/// Writes a group; what became of each member, in their order.
async fn write(pool: &Pool, members: &[Member]) -> Vec<Inserted> {
    let each = |commit: &dyn Fn() -> Commit| members.iter().map(|_| (commit(), Vec::new())).collect();
    let Ok(lease) = pool.lease().await else { return each(&|| Commit::AgainAlone) };
    let backend = lease.backend();
    match commit(&lease, members).await {
        Fate::Committed(rows) => {
            lease.give_back();
            rows.into_iter().map(|rows| (Commit::Done, rows)).collect()
        }
        Fate::Undone => {
            lease.give_back();
            each(&|| Commit::AgainAlone)
        }
        Fate::Unknown => each(&|| Commit::Unknown { backend }),
    }
}

/// What became of a group.
enum Fate {
    /// Durable: the rows that each member gave back.
    Committed(Vec<Vec<Row>>),
    /// Rolled back, all of it.
    Undone,
    /// The connection broke.
    Unknown,
}

async fn commit(lease: &Lease, members: &[Member]) -> Fate {
    let Ok(prepared) = prepare(lease, members).await else { return Fate::Undone };
    if lease.is_closed() {
        return Fate::Undone;
    }
    let inserts = members.iter().zip(&prepared).map(|(member, (statement, head))| {
        let record = member.kept.as_ref().map(Keep::record);
        let mut values: Vec<Bind<'_>> = member.statement.params().iter().map(Bind::Value).collect();
        values.extend(record.iter().flat_map(|record| binds(record, head)));
        lease.run(statement, values)
    });
    // Each is sent when it is first polled, and they are polled in this order.
    let (begun, inserted, committed) =
        join3(lease.batch(BEGIN), join_all(inserts), lease.batch("COMMIT")).await;
    fate(begun, inserted.into_iter().collect(), committed)
}

/// Each member's statement and the head of its answer. Without a round trip once they were prepared.
async fn prepare(lease: &Lease, members: &[Member]) -> Result<Vec<(Prepared, String)>> {
    let mut prepared = Vec::with_capacity(members.len());
    for Member { statement, kept, .. } in members {
        let shape = if kept.is_some() { Shape::Keeping } else { Shape::Returning };
        let head = kept.as_ref().map(|keep| encode_head(&keep.answer)).transpose()?.unwrap_or_default();
        prepared.push((lease.prepare(shape, statement.text(), statement.params().len()).await?, head));
    }
    Ok(prepared)
}

/// `COMMIT` of a failed transaction succeeds and rolls it back: what the members say is the truth.
/// Without `BEGIN`, each of them would have been committed by itself.
fn fate(begun: Result<()>, inserted: Result<Vec<Ran>>, committed: Result<()>) -> Fate {
    let lost = |error: &Error| matches!(error.kind(), ErrorKind::Unavailable);
    match (begun, inserted, committed) {
        (Ok(()), Ok(ran), Ok(())) => Fate::Committed(ran.into_iter().map(|ran| ran.rows).collect()),
        (Err(_), _, _) => Fate::Unknown,
        (Ok(()), _, Err(error)) | (Ok(()), Err(error), Ok(())) if lost(&error) => Fate::Unknown,
        (Ok(()), _, _) => Fate::Undone,
    }
}
