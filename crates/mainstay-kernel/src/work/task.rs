use std::borrow::Cow;

use uuid::Uuid;

use super::Pointer;
use crate::{Id, Result, Row, Timestamp};

/// Identity of a task. It stays the same over all attempts, so it is the idempotency key for effects outside the
/// database.
pub type TaskId = Id<Task>;

/// Owner of the tasks that nobody here knows how to run: no process has this id.
pub const PARKED: Uuid = Uuid::nil();

/// Owner of the tasks that a broker points at, on their way to a process with room: no process has this id.
pub const POINTED: Uuid = Uuid::max();

/// A task that a transaction leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct NewTask {
    /// Its identity.
    pub id: TaskId,
    /// The queue it waits in.
    pub queue: Cow<'static, str>,
    /// What runs it.
    pub name: Cow<'static, str>,
    /// Tasks of one queue and key run one at a time, in the order of their commits.
    pub key: Option<String>,
    /// Lower runs first, among tasks without a key. Usually 100.
    pub priority: i16,
    /// Its input, as JSON.
    pub body: String,
    /// For whom it runs and what else travels with it, as JSON.
    pub meta: String,
    /// When it is due, if not at once.
    pub due: Option<Timestamp>,
}

/// A task that this process is to run: one attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its identity.
    pub id: TaskId,
    /// The queue it waited in.
    pub queue: String,
    /// What runs it.
    pub name: String,
    /// Those of one key run one at a time.
    pub key: Option<String>,
    /// Lower runs first.
    pub priority: i16,
    /// Its input, as JSON.
    pub body: String,
    /// For whom it runs and what else travels with it, as JSON.
    pub meta: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// What the attempts before came to, as a JSON list.
    pub errors: String,
    /// When it was put into its transaction.
    pub created_at: Timestamp,
    pub(crate) owner: Uuid,
    pub(crate) seq: i64,
    /// Where the row is, in PostgreSQL's heap.
    pub(crate) place: String,
}

/// What an attempt must still hold to have any effect: the row, with its owner and its attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fence {
    pub(crate) id: TaskId,
    pub(crate) owner: Uuid,
    pub(crate) attempt: u32,
    pub(crate) place: String,
}

impl Task {
    /// Columns of [`Task::read`], in its order, but for the place of the row.
    pub(crate) const COLUMNS: &str =
        "id, queue, name, key, priority, body, meta, attempt, errors, created_at, owner, seq";

    /// A row of [`Task::COLUMNS`] and, at the end, the place.
    pub(crate) fn read(row: &Row) -> Result<Self> {
        Self::read_from(row, 0)
    }

    /// [`Task::read`] of a row in which other columns come first.
    pub(crate) fn read_from(row: &Row, first: usize) -> Result<Self> {
        Ok(Self {
            id: row.at(first)?,
            queue: row.at(first + 1)?,
            name: row.at(first + 2)?,
            key: row.at(first + 3)?,
            priority: row.at(first + 4)?,
            body: row.at(first + 5)?,
            meta: row.at(first + 6)?,
            attempt: row.at(first + 7)?,
            errors: row.at(first + 8)?,
            created_at: row.at(first + 9)?,
            owner: row.at(first + 10)?,
            seq: row.at(first + 11)?,
            place: row.at(first + 12)?,
        })
    }

    /// What its attempt must still hold.
    pub fn fence(&self) -> Fence {
        Fence { id: self.id, owner: self.owner, attempt: self.attempt, place: self.place.clone() }
    }

    /// What points at this attempt.
    pub fn pointer(&self) -> Pointer {
        Pointer { task: self.id, attempt: self.attempt }
    }

    /// The first attempt of a task that its transaction gave to `owner`.
    pub(crate) fn born(task: NewTask, owner: Uuid, place: String, created_at: Timestamp) -> Self {
        Self {
            id: task.id,
            queue: task.queue.into_owned(),
            name: task.name.into_owned(),
            key: task.key,
            priority: task.priority,
            body: task.body,
            meta: task.meta,
            attempt: 1,
            errors: "[]".to_owned(),
            created_at,
            owner,
            seq: 0,
            place,
        }
    }
}

impl Fence {
    /// The task it is of.
    pub fn task(&self) -> TaskId {
        self.id
    }

    /// Which attempt it is.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Who holds it.
    pub fn owner(&self) -> Uuid {
        self.owner
    }
}
