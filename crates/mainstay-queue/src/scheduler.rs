use std::borrow::Cow;
use std::fmt::Display;
use std::future::{Future, IntoFuture, Ready, ready};
use std::pin::Pin;
use std::time::Duration;

use mainstay_kernel::work::{NewTask, TaskId};
use mainstay_kernel::{Error, Result, Timestamp, Tx};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::meta::Meta;
use crate::outlet::let_out;
use crate::subscriptions::{Subscriptions, is_subject};

/// What can be left for later: a worker or an operation.
#[diagnostic::on_unimplemented(
    message = "a task cannot be left for `{Self}`",
    label = "no worker and no operation",
    note = "name a function under `#[worker]`, `#[mutation]` or `#[query]`; within the function itself its name means the \
            plain function: write `self::name` there"
)]
pub trait Job: Copy + Send + Sync + 'static {
    /// What it is given.
    type Input: Serialize + DeserializeOwned + JsonSchema + Send + 'static;

    /// The queue it waits in, the name it is found by, and the version of its input.
    const JOB: JobName;
}

/// The queue of a job, the name it is found by, and the version of its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobName {
    /// The queue it waits in.
    pub queue: &'static str,
    /// The name it is found by.
    pub name: &'static str,
    /// The version that its input is written in, from 1.
    pub version: u32,
}

/// Leaves work behind, from within a transaction.
pub trait Scheduler {
    /// Leaves a task for this worker, written when the transaction commits, and only then. Nothing happens until it
    /// is awaited; that gives the task's id.
    ///
    /// ```
    /// # use mainstay_queue::{Scheduler, Worker};
    /// # use mainstay_kernel::{Result, Tx};
    /// # use std::time::Duration;
    /// # async fn doc(tx: &mut Tx, send_welcome: impl Worker<Input = String>) -> Result<()> {
    /// let task = tx.enqueue(send_welcome, "ann".to_owned()).after(Duration::from_secs(30)).key("ann").await?;
    /// assert!(tx.cancel(task).await?);
    /// # Ok(())
    /// # }
    /// ```
    fn enqueue<J: Job>(&mut self, job: J, input: J::Input) -> Enqueue<'_>;

    /// Leaves a task for each of these inputs, as [`Scheduler::enqueue`] does; their ids, in the same order. Many are
    /// written together.
    ///
    /// # Errors
    /// Internal, when an input cannot be written as JSON: none is left then.
    fn enqueue_all<J: Job>(
        &mut self,
        job: J,
        inputs: impl IntoIterator<Item = J::Input>,
    ) -> Ready<Result<Vec<TaskId>>>;

    /// Publishes a message under a subject, when the transaction commits, and only then: each worker that subscribes
    /// to it is given a task of its own, with the message as its input. How many there are. Where there is a broker, the
    /// message is sent to it as well, until it is acknowledged there.
    ///
    /// ```
    /// # use mainstay_queue::Scheduler;
    /// # use mainstay_kernel::{Result, Tx};
    /// # async fn doc(tx: &mut Tx) -> Result<()> {
    /// tx.publish("audit.users.created", "ann").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Internal, when the subject is not words between dots, or is one of our own queues' at the broker, or the message
    /// cannot be written as JSON.
    fn publish<T: Serialize + ?Sized>(&mut self, subject: &str, message: &T) -> Ready<Result<usize>>;
}

impl Scheduler for Tx {
    fn enqueue<J: Job>(&mut self, _: J, input: J::Input) -> Enqueue<'_> {
        let (body, meta) = (written(&input), meta(self, J::JOB));
        Enqueue { tx: self, job: J::JOB, body, meta, key: None, priority: 100, when: When::Now, unique: None }
    }

    fn enqueue_all<J: Job>(
        &mut self,
        _: J,
        inputs: impl IntoIterator<Item = J::Input>,
    ) -> Ready<Result<Vec<TaskId>>> {
        let bodies: Result<Vec<String>> = inputs.into_iter().map(|it| written(&it)).collect();
        ready(bodies.and_then(|bodies| {
            let meta = meta(self, J::JOB).write()?;
            Ok(bodies.into_iter().map(|body| self.put(task(J::JOB, body, meta.clone()))).collect())
        }))
    }

    fn publish<T: Serialize + ?Sized>(&mut self, subject: &str, message: &T) -> Ready<Result<usize>> {
        ready(published(self, subject, message))
    }
}

fn published<T: Serialize + ?Sized>(tx: &mut Tx, subject: &str, message: &T) -> Result<usize> {
    is_subject(subject)?;
    let body = written(message)?;
    let_out(tx, subject, &body)?;
    let Some(subscriptions) = tx.extension::<Subscriptions>() else { return Ok(0) };
    let mut count = 0;
    for job in subscriptions.to(subject) {
        let mut meta = meta(tx, job);
        meta.subject = Some(subject.to_owned());
        tx.put(task(job, body.clone(), meta.write()?));
        count += 1;
    }
    Ok(count)
}

/// What travels with every task for this job that this transaction leaves.
pub(crate) fn meta(tx: &Tx, job: JobName) -> Meta {
    let mut meta = Meta::of(tx.caller());
    meta.traceparent = tx.traceparent().map(str::to_owned);
    meta.version = job.version;
    meta
}

fn written<T: Serialize + ?Sized>(input: &T) -> Result<String> {
    serde_json::to_string(input)
        .map_err(|error| Error::internal("a task's input cannot be written").caused_by(error))
}

/// One that is ready at once.
pub(crate) fn task(job: JobName, body: String, meta: String) -> NewTask {
    let (queue, name) = (Cow::Borrowed(job.queue), Cow::Borrowed(job.name));
    NewTask { id: TaskId::new(), queue, name, key: None, priority: 100, body, meta, due: None }
}

/// A task that is about to be left behind.
#[must_use = "nothing is enqueued until it is awaited"]
pub struct Enqueue<'t> {
    tx: &'t mut Tx,
    job: JobName,
    body: Result<String>,
    meta: Meta,
    key: Option<String>,
    priority: i16,
    when: When,
    unique: Option<Duration>,
}

#[derive(Clone, Copy)]
enum When {
    Now,
    At(Timestamp),
    After(Duration),
}

impl Enqueue<'_> {
    /// Not before this time.
    pub fn at(mut self, time: Timestamp) -> Self {
        self.when = When::At(time);
        self
    }

    /// Not before so much time has passed since the transaction began.
    pub fn after(mut self, wait: Duration) -> Self {
        self.when = When::After(wait);
        self
    }

    /// Tasks of one queue and key run one at a time, in the order in which they were committed.
    pub fn key(mut self, key: impl Display) -> Self {
        self.key = Some(key.to_string());
        self
    }

    /// Lower runs first; 100 unless told. Tasks with a key run in their order.
    pub fn priority(mut self, priority: i16) -> Self {
        self.priority = priority;
        self
    }

    /// Only if no task of this name and key was left behind within this time; else the id is that one's.
    pub fn unique(mut self, window: Duration) -> Self {
        self.unique = Some(window);
        self
    }

    /// How long to wait before another try, in place of the worker's backoff.
    pub fn delay_retry(mut self, wait: Duration) -> Self {
        self.meta.delay_retry(wait);
        self
    }

    /// Gives a value along, which the worker finds in `cx.metadata()`.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.meta.metadata.insert(name.into(), value.into());
        self
    }

    /// The value of a parameter of an operation's path, such as `user_id` of `users.get.$user_id`.
    pub fn param(mut self, name: impl Into<String>, value: impl Display) -> Self {
        self.meta.params.insert(name.into(), value.to_string());
        self
    }

    async fn put(self) -> Result<TaskId> {
        let Self { tx, job, body, meta, key, priority, when, unique } = self;
        if key.as_ref().is_some_and(String::is_empty) {
            let message = format!(
                "a task of `{}` has an empty key: leave `.key(…)` out, or name what it is of",
                job.name
            );
            return Err(Error::internal(message));
        }
        let id = TaskId::new();
        if let Some(window) = unique {
            let until = tx.now().plus(window);
            let held = tx.only_one(mark(job, key.as_deref()), id, until).await?;
            if held != id {
                return Ok(held);
            }
        }
        let due = match when {
            When::Now => None,
            When::At(time) => Some(time),
            When::After(wait) => Some(tx.now().plus(wait)),
        };
        Ok(tx.put(NewTask { id, key, priority, due, ..task(job, body?, meta.write()?) }))
    }
}

impl<'t> IntoFuture for Enqueue<'t> {
    type Output = Result<TaskId>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<TaskId>> + Send + 't>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.put())
    }
}

/// What no two tasks may hold: hashed, so that marks lie anywhere in their index.
pub(crate) fn mark(job: JobName, key: Option<&str>) -> Uuid {
    let mut hash = ring::digest::Context::new(&ring::digest::SHA256);
    for part in [job.queue, job.name, key.unwrap_or_default()] {
        hash.update(&(part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.update(&[u8::from(key.is_some())]);
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finish().as_ref()[..16]);
    Uuid::from_bytes(id)
}

/// So many seconds.
pub const fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// So many minutes.
pub const fn mins(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// So many hours.
pub const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}
