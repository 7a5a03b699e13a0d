//! What is told of a task beside what it does: how far it has come, and what it gave.

use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};

use super::TaskId;
use crate::{Db, Error, Result, Timestamp, Tx};

/// How far a task has come, as its worker says.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// Of which task.
    pub task: TaskId,
    /// What runs it.
    pub name: String,
    /// What was said, as JSON.
    pub said: String,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}

/// What a task gave that ended well.
#[derive(Clone, Debug, PartialEq)]
pub struct Returned {
    /// Which task.
    pub task: TaskId,
    /// What ran it.
    pub name: String,
    /// What it said last of how far it had come, as JSON.
    pub progress: Option<String>,
    /// What it gave, as JSON, where it is kept.
    pub value: Option<String>,
    /// Until when this is kept.
    pub expires_at: Timestamp,
}

/// What is known of a task.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Its identity.
    pub id: TaskId,
    /// What runs it, or ran it.
    pub name: String,
    /// What has become of it.
    pub state: TaskState,
    /// What it said last of how far it has come, as JSON.
    pub progress: Option<String>,
    /// What it gave, as JSON, once it is done and where its worker keeps that.
    pub value: Option<String>,
    /// How many attempts were begun, where it is not over.
    pub attempt: u32,
    /// What they came to, as a JSON list.
    pub errors: String,
}

/// What has become of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// It is due later.
    Scheduled,
    /// It waits to be run.
    Ready,
    /// It is being run.
    Running,
    /// Nobody knows how to run it.
    Parked,
    /// It ended well.
    Done,
    /// It is tried no more.
    Dead,
    /// It was taken back, or discarded.
    Cancelled,
}

impl TaskState {
    const ALL: [Self; 7] =
        [Self::Scheduled, Self::Ready, Self::Running, Self::Parked, Self::Done, Self::Dead, Self::Cancelled];

    /// In a word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Parked => "parked",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|it| it.name() == name);
        found.ok_or_else(|| Error::internal(format!("there is no state `{name}` of a task")))
    }
}

impl Serialize for TaskState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Report {
    /// What it gave; `None` while it is not done, and where its worker keeps nothing.
    ///
    /// ```
    /// # use mainstay_kernel::{Db, Result, work::TaskId};
    /// # async fn doc(db: &Db, task: TaskId) -> Result<()> {
    /// if let Some(report) = db.report(task).await? {
    ///     let total: Option<u64> = report.value()?;
    ///     println!("{}: {total:?}", report.state.name());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Internal, when it has another shape.
    pub fn value<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        read(self, "gave", self.value.as_deref())
    }

    /// What it said last of how far it has come.
    ///
    /// # Errors
    /// As [`Report::value`].
    pub fn progress<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        read(self, "said", self.progress.as_deref())
    }
}

fn read<T: DeserializeOwned>(report: &Report, verb: &str, json: Option<&str>) -> Result<Option<T>> {
    json.map(serde_json::from_str)
        .transpose()
        .map_err(|error| Error::internal(format!("what `{}` {verb} has another shape: {error}", report.name)))
}

impl Db {
    /// What is known of a task: of any that waits, runs or is dead, and of one that is over as long as its worker keeps
    /// what it gave, or for an hour after it last said how far it had come.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn report(&self, id: TaskId) -> Result<Option<Report>> {
        self.store().report(id, self.clock().now()).await
    }

    /// Notes how far tasks have come, each once.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn note_progress(&self, said: &[Progress]) -> Result<()> {
        self.store().note_progress(said).await
    }

    /// Keeps what tasks gave, each once, outside of any transaction of theirs.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn keep_returned(&self, returned: &[Returned]) -> Result<()> {
        self.store().keep_returned(returned, self.clock().now()).await
    }
}

impl Tx {
    /// Keeps what tasks gave, each once, if this transaction commits.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn keep_returned(&mut self, returned: &[Returned]) -> Result<()> {
        let keep = crate::store::report::keep(self.dialect(), returned, self.now());
        self.execute(&keep).await.map(drop)
    }
}
