use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mainstay_kernel::work::{Progress, Returned, TaskId};
use mainstay_kernel::{Boxed, Caller, Db, Place, Timestamp, Tx};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::dispatch::Reports;
use crate::meta::Meta;
use crate::version::{FIRST, Versions};
use crate::{Job, JobName, Retry, Upgrade, WorkError};

/// What a worker says of itself.
#[derive(Clone, Copy, Debug)]
pub struct WorkerSpec {
    /// Its tasks' name.
    pub name: &'static str,
    /// The queue in which they wait.
    pub queue: &'static str,
    /// When a task whose attempt failed is tried again; else its queue says.
    pub retry: Option<Retry>,
    /// How long an attempt may take. Then it is dropped, and counts as failed.
    pub timeout: Duration,
    /// How many of its tasks one process runs at the same time, within what the queue allows.
    pub concurrency: Option<u32>,
    /// How many of its tasks it runs together at most, when so many wait: one, but for [`Run::Batch`] and
    /// [`Run::BatchInTx`].
    pub batch: u32,
    /// The subjects of which it is given what is published: `audit.users.created`, `audit.*.created`, `audit.>`.
    pub subscribe: Option<&'static str>,
    /// How long what a task of it gave is kept, for whoever asks ([`Db::report`]); nothing is, where none is said.
    pub keep: Option<Duration>,
    /// The version of its input, from 1. A task with an input of a later one is set aside for those who know it.
    pub version: u32,
    /// What brings inputs of earlier versions up; without it they are read as they are.
    pub upgrade: Option<Upgrade>,
    /// What it does, in a line.
    pub summary: &'static str,
    /// Where it stands.
    pub place: Place,
}

impl WorkerSpec {
    /// How long an attempt may take that says nothing of it.
    pub const TIMEOUT: Duration = Duration::from_secs(15 * 60);
    /// The queue of workers that name none.
    pub const QUEUE: &'static str = "default";

    /// One that says no more than its name.
    pub const fn new(name: &'static str, place: Place) -> Self {
        Self {
            name,
            queue: Self::QUEUE,
            retry: None,
            timeout: Self::TIMEOUT,
            concurrency: None,
            batch: 1,
            subscribe: None,
            keep: None,
            version: FIRST,
            upgrade: None,
            summary: "",
            place,
        }
    }

    /// What a task for it says of itself.
    pub const fn job(&self) -> JobName {
        JobName { queue: self.queue, name: self.name, version: self.version }
    }

    pub(crate) const fn versions(&self) -> Versions {
        Versions { current: self.version, upgrade: self.upgrade }
    }
}

/// A function under `#[worker]`, as a type: what tasks of its name are run by.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a worker",
    note = "write `#[worker]` over the function"
)]
pub trait Worker: Job {
    /// What it says of itself.
    const SPEC: WorkerSpec;

    /// How it runs.
    const RUN: Run;
}

/// What an attempt gives: its value as JSON.
pub type Worked = Result<String, WorkError>;

/// How a worker runs.
#[derive(Clone, Copy)]
pub enum Run {
    /// In a transaction, which commits together with the end of the task: what it does in the database happens
    /// exactly once.
    InTx(for<'t> fn(&'t mut Tx, &'t TaskCx) -> Boxed<'t, Worked>),
    /// Without a transaction: it may wait for whatever it likes, and may be run more than once.
    Free(for<'t> fn(&'t TaskCx) -> Boxed<'t, Worked>),
    /// As [`Run::InTx`], up to [`WorkerSpec::batch`] tasks together. They end together; when they fail, each is tried
    /// again alone.
    BatchInTx(for<'t> fn(&'t mut Tx, &'t [TaskCx]) -> Boxed<'t, Worked>),
    /// As [`Run::Free`], up to [`WorkerSpec::batch`] tasks together.
    Batch(for<'t> fn(&'t [TaskCx]) -> Boxed<'t, Worked>),
}

/// A worker without its type.
#[derive(Clone, Copy)]
pub struct WorkerEntry {
    /// What it says of itself.
    pub spec: &'static WorkerSpec,
    pub(crate) run: Run,
    /// Whether an input fits the worker of this name.
    pub(crate) reads: fn(&str, &str) -> Result<(), WorkError>,
    pub(crate) shape: fn(&mut SchemaGenerator) -> Schema,
}

impl WorkerEntry {
    /// The entry of `W`.
    pub const fn of<W: Worker>() -> Self {
        Self { spec: const { &W::SPEC }, run: W::RUN, reads: fits::<W::Input>, shape: shape::<W::Input> }
    }
}

pub(crate) fn shape<T: JsonSchema>(schemas: &mut SchemaGenerator) -> Schema {
    schemas.subschema_for::<T>()
}

pub(crate) fn fits<T: DeserializeOwned>(name: &str, body: &str) -> Result<(), WorkError> {
    read::<T>(name, body).map(drop)
}

fn read<T: DeserializeOwned>(name: &str, body: &str) -> Result<T, WorkError> {
    let mut reader = serde_json::Deserializer::from_str(body);
    let input = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| WorkError::permanent(format!("the input of `{name}` does not fit: {error}")))?;
    let nothing_more = reader.end();
    nothing_more
        .map_err(|error| WorkError::permanent(format!("the input of `{name}` is no JSON: {error}")))?;
    Ok(input)
}

impl std::fmt::Debug for WorkerEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WorkerEntry({})", self.spec.name)
    }
}

/// One attempt of a task, as its worker sees it.
pub struct TaskCx {
    pub(crate) id: TaskId,
    pub(crate) name: String,
    pub(crate) queue: String,
    pub(crate) attempt: u32,
    pub(crate) attempts: u32,
    pub(crate) body: String,
    pub(crate) meta: Meta,
    pub(crate) caller: Caller,
    pub(crate) db: Db,
    pub(crate) keep: Option<Duration>,
    pub(crate) said: Said,
}

/// What an attempt said of how far it has come.
pub(crate) struct Said {
    last: Mutex<Option<String>>,
    reports: Arc<Reports>,
}

impl TaskCx {
    /// The task's identity, the same over all attempts: the idempotency key for the world outside.
    pub fn id(&self) -> TaskId {
        self.id
    }

    /// The task's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The queue it waited in.
    pub fn queue(&self) -> &str {
        &self.queue
    }

    /// Which attempt this is, from 1.
    pub fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Whether no other attempt follows when this one fails.
    pub fn is_last_attempt(&self) -> bool {
        self.attempt >= self.attempts
    }

    /// For whom it runs: whoever left the task behind.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// What the author gave along.
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.meta.metadata
    }

    /// Under which subject its input was published, if it was.
    pub fn subject(&self) -> Option<&str> {
        self.meta.subject.as_deref()
    }

    /// The trace that the task is part of, as a `traceparent` of W3C Trace Context.
    pub fn traceparent(&self) -> Option<&str> {
        self.meta.traceparent.as_deref()
    }

    /// The database. Each `write` is a transaction of its own, which commits whatever becomes of the task: to end
    /// the task with a transaction, take `&mut Tx`.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Says how far the task has come: anything that can be written as JSON, such as a number or a struct. It costs
    /// next to nothing and waits for nothing: the last word is written a few times a second at most, beside what the
    /// worker does, and is there for whoever asks ([`Db::report`]). On SQLite, where nobody else writes while a
    /// transaction does, that is after the transaction of a worker that takes `&mut Tx`.
    ///
    /// What cannot be written, or takes more than 16 KiB, is left out and logged.
    ///
    /// ```
    /// # use mainstay_queue::TaskCx;
    /// # fn doc(cx: &TaskCx, done: usize, all: usize) {
    /// cx.progress(done * 100 / all);
    /// # }
    /// ```
    pub fn progress(&self, said: impl Serialize) {
        const LONGEST: usize = 16 * 1024;
        match serde_json::to_string(&said) {
            Ok(said) if said.len() <= LONGEST => self.say(said),
            Ok(said) => {
                tracing::warn!(task = %self.id, bytes = said.len(), "what it says of its progress is too long")
            }
            Err(error) => {
                tracing::warn!(task = %self.id, %error, "what it says of its progress cannot be written")
            }
        }
    }

    fn say(&self, said: String) {
        let expires_at = self.kept_until();
        *self.said.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(said.clone());
        self.said.reports.say(Progress { task: self.id, name: self.name.clone(), said, expires_at });
    }

    /// What is to be kept of this task, which ends well and gave this; nothing where nobody asked.
    pub(crate) fn returned(&self, value: &str) -> Option<Returned> {
        let progress = self.said.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let value = self.keep.map(|_| value.to_owned());
        (progress.is_some() || value.is_some()).then(|| Returned {
            task: self.id,
            name: self.name.clone(),
            progress,
            value,
            expires_at: self.kept_until(),
        })
    }

    fn kept_until(&self) -> Timestamp {
        const USUALLY: Duration = Duration::from_secs(3600);
        self.db.clock().now().plus(self.keep.unwrap_or(USUALLY))
    }

    /// The inputs of tasks that run together, in their order.
    ///
    /// # Errors
    /// As [`TaskCx::input`].
    pub fn inputs<T: DeserializeOwned>(tasks: &[Self]) -> Result<Vec<T>, WorkError> {
        tasks.iter().map(Self::input).collect()
    }

    /// The input.
    ///
    /// # Errors
    /// Permanent, when it has another shape: no other try will mend it.
    pub fn input<T: DeserializeOwned>(&self) -> Result<T, WorkError> {
        read(&self.name, &self.body)
    }
}

impl Said {
    pub(crate) fn nothing_yet(reports: &Arc<Reports>) -> Self {
        Self { last: Mutex::default(), reports: Arc::clone(reports) }
    }
}

/// What a worker gives, as JSON.
///
/// # Errors
/// Permanent, when it cannot be written.
pub fn worked(value: &impl Serialize) -> Worked {
    serde_json::to_string(value)
        .map_err(|error| WorkError::permanent(format!("what the worker gave cannot be written: {error}")))
}
