//! What is asked of the database about tasks outside of anybody's transaction: who runs them, and what becomes of an
//! attempt. Each is one statement, or one transaction, of its own.

use std::sync::Weak;
use std::time::{Duration, Instant};

use serde::Serialize;
use uuid::Uuid;

use super::{Dispatcher, Fence, Span, Task, TaskId, Trail};
use crate::{Db, Result, Timestamp};

/// Which tasks with keys are claimed.
#[derive(Clone, Copy, Debug)]
pub struct Keys<'a> {
    /// Of this queue.
    pub queue: &'a str,
    /// How many of one key may be run at the same time. With one they run in the order of their commits.
    pub per_key: u32,
    /// How many in all.
    pub most: u32,
    /// Of keys that are greater than this one.
    pub after: &'a str,
    /// None of these names.
    pub except: &'a [String],
}

/// Which tasks without keys are claimed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim<'a> {
    /// Of this queue.
    pub(crate) queue: &'a str,
    /// How many in all.
    pub(crate) most: u32,
    /// None of these names.
    pub(crate) except: &'a [String],
    /// Where they are looked for.
    pub(crate) spans: &'a [Span],
}

/// Whether a process still holds its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enlisted {
    /// It does.
    Alive,
    /// It was taken for dead, and its tasks were given to others.
    Lost,
}

/// When a task is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NextAttempt {
    /// When it is due.
    pub due: Timestamp,
    /// How many attempts count until then.
    pub attempts: u32,
    /// What they came to, as a JSON list.
    pub errors: String,
}

/// Why a task is tried no more, for the dead letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burial {
    /// In a word, such as `exhausted`.
    pub reason: &'static str,
    /// What its attempts came to, as a JSON list.
    pub errors: String,
}

/// A task that is tried no more.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dead {
    /// Its identity.
    pub id: TaskId,
    /// The queue it waited in.
    pub queue: String,
    /// What ran it.
    pub name: String,
    /// Its key.
    pub key: Option<String>,
    /// Its input, as JSON.
    pub body: String,
    /// How many attempts there were.
    pub attempt: u32,
    /// What they came to, as a JSON list.
    pub errors: String,
    /// Why it is tried no more.
    pub reason: String,
    /// When it was put into its transaction.
    pub created_at: Timestamp,
    /// When its last attempt ended.
    pub died_at: Timestamp,
}

/// A task that waits or runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its identity.
    pub id: TaskId,
    /// The queue it waits in.
    pub queue: String,
    /// What runs it.
    pub name: String,
    /// Its key.
    pub key: Option<String>,
    /// Lower runs first.
    pub priority: i16,
    /// Its input, as JSON.
    pub body: String,
    /// How many attempts were begun.
    pub attempt: u32,
    /// What they came to, as a JSON list.
    pub errors: String,
    /// `ready`, `running`, `parked` or `scheduled`.
    pub state: String,
    /// When it is due, where it waits for its time.
    pub due_at: Option<Timestamp>,
    /// When it was put into its transaction.
    pub created_at: Timestamp,
    /// When its attempt began, where it runs.
    pub started_at: Option<Timestamp>,
}

/// Which tasks or dead letters are meant. Without anything, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// This one.
    pub id: Option<TaskId>,
    /// Those of this queue.
    pub queue: Option<String>,
    /// Those of this name.
    pub name: Option<String>,
}

/// What a process knows how to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Runnable<'n> {
    /// Tasks of this name,
    pub name: &'n str,
    /// with an input of this version or an earlier one: `version` of [`NewTask::meta`](crate::work::NewTask), 1 where it says none.
    pub version: u32,
}

/// How much waits in a queue.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Depth {
    /// Its name.
    pub queue: String,
    /// Whether an operator paused it.
    pub paused: bool,
    /// How many tasks wait to be run.
    pub ready: u64,
    /// How many are being run.
    pub running: u64,
    /// How many nobody knows how to run.
    pub parked: u64,
    /// How many are due later.
    pub scheduled: u64,
    /// How many are tried no more.
    pub dead: u64,
    /// When the one that waits longest was put in.
    pub oldest: Option<Timestamp>,
}

impl Db {
    /// Attaches what runs tasks in this process, as long as somebody else holds it.
    ///
    /// # Errors
    /// Internal, when it has one.
    pub fn dispatch_by(&self, dispatcher: Weak<dyn Dispatcher>) -> Result<()> {
        self.relay().attach(dispatcher)
    }

    /// Enters a process that runs tasks. Its lease ends this long after its last [`Db::renew`], by the database's
    /// clock. On SQLite, which one process owns, whatever an earlier one was running is free again.
    ///
    /// # Errors
    /// Unavailable, when the database is away; so do all of these.
    pub async fn enlist(&self, node: Uuid, name: &str, lease: Duration) -> Result<()> {
        self.store().enlist(node, name, lease).await
    }

    /// Renews a process' lease.
    pub async fn renew(&self, node: Uuid, lease: Duration) -> Result<Enlisted> {
        self.store().renew(node, lease).await
    }

    /// Frees the tasks of processes whose lease has ended; the queue of each.
    pub async fn reap(&self) -> Result<Vec<String>> {
        self.store().reap().await
    }

    /// Frees the tasks of processes that were struck off before they took them; the queue of each. It looks at every
    /// task that is being run.
    pub async fn reap_strays(&self) -> Result<Vec<String>> {
        self.store().reap_strays().await
    }

    /// Frees what this process owns and does not run: written as its own by a commit whose outcome it never learned.
    /// It looks at every task of this process.
    pub async fn disown(&self, node: Uuid, running: &[TaskId], older_than: Duration) -> Result<Vec<String>> {
        let before = self.clock().now().minus(older_than);
        self.store().disown(node, running, before).await
    }

    /// Strikes a process off, and frees its tasks at once.
    pub async fn leave(&self, node: Uuid) -> Result<()> {
        self.store().leave(node).await
    }

    /// How many processes run tasks that learn from the database what operators say. On SQLite there is none: the one
    /// that owns the file is told at once.
    pub async fn alive(&self) -> Result<u64> {
        self.store().alive().await
    }

    /// Takes up to `most` tasks without a key, in the order of priority and then of age; but none of these names. It
    /// begins where the trail has come to.
    pub async fn claim(
        &self,
        node: Uuid,
        trail: &mut Trail,
        most: u32,
        except: &[String],
    ) -> Result<Vec<Task>> {
        let queue = trail.queue().to_owned();
        let step = trail.step(except, Instant::now());
        let claim = Claim { queue: &queue, most, except, spans: &step.spans() };
        let mut claimed = self.store().claim(node, &claim, self.clock().now()).await?;
        claimed.tasks.sort_by_key(|it| (it.priority, it.seq));
        Ok(step.end(claimed, most))
    }

    /// Takes tasks with keys: of each key the oldest ones, unless they are being run or wait for their next attempt.
    pub async fn claim_keyed(&self, node: Uuid, keys: &Keys<'_>) -> Result<Vec<Task>> {
        let mut tasks = self.store().claim_keyed(node, keys, self.clock().now()).await?;
        tasks.sort_by(|one, other| one.key.cmp(&other.key));
        Ok(tasks)
    }

    /// Ends these attempts well, where they still hold; those that did.
    pub async fn complete(&self, node: Uuid, done: &[Fence]) -> Result<Vec<TaskId>> {
        self.store().complete(node, done).await
    }

    /// Ends an attempt and sets the next one; whether it still held.
    pub async fn retry(&self, fence: &Fence, next: &NextAttempt) -> Result<bool> {
        self.store().retry(fence, next).await
    }

    /// How many tasks of this name wait or run.
    pub async fn pending(&self, queue: &str, name: &str) -> Result<u64> {
        self.store().pending(queue, name).await
    }

    /// Puts a task that is tried no more among the dead letters; whether the attempt still held.
    pub async fn bury(&self, fence: &Fence, burial: &Burial) -> Result<bool> {
        self.store().bury(fence, burial, self.clock().now()).await
    }

    /// Gives a task back as if it had not been claimed; whether it still was.
    pub async fn release(&self, fence: &Fence) -> Result<bool> {
        self.store().release(fence).await
    }

    /// Sets a task aside that nobody here knows how to run; whether it was still claimed.
    pub async fn park(&self, fence: &Fence) -> Result<bool> {
        self.store().park(fence).await
    }

    /// Frees parked tasks that can be run; the queue of each.
    pub async fn unpark(&self, known: &[Runnable<'_>]) -> Result<Vec<String>> {
        self.store().unpark(known).await
    }

    /// Makes up to `most` tasks ready that are due; the queue of each.
    pub async fn promote(&self, most: u32) -> Result<Vec<String>> {
        self.store().promote(self.clock().now(), most).await
    }

    /// When the next task is due that waits for its time.
    pub async fn next_due(&self) -> Result<Option<Timestamp>> {
        self.store().next_due().await
    }

    /// Says whether tasks of a queue are claimed. Returns when every later claim heeds it.
    pub async fn set_paused(&self, queue: &str, paused: bool) -> Result<()> {
        self.store().set_paused(queue, paused).await?;
        if let Some(dispatcher) = self.relay().dispatcher() {
            dispatcher.set_paused(queue, paused);
        }
        Ok(())
    }

    /// The queues that are paused.
    pub async fn paused(&self) -> Result<Vec<String>> {
        self.store().paused().await
    }

    /// Tasks that wait or run, the oldest first.
    pub async fn tasks(&self, filter: &TaskFilter, most: u32) -> Result<Vec<Listed>> {
        self.store().tasks(filter, most).await
    }

    /// How much waits in each queue that holds anything.
    pub async fn depths(&self) -> Result<Vec<Depth>> {
        self.store().depths().await
    }

    /// Dead letters, the latest first.
    pub async fn dead(&self, filter: &TaskFilter, most: u32) -> Result<Vec<Dead>> {
        self.store().dead(filter, most).await
    }

    /// Makes up to `most` of these dead letters ready again that died by then, as if they had never been tried; the
    /// queue of each.
    pub async fn replay_dead(&self, filter: &TaskFilter, by: Timestamp, most: u32) -> Result<Vec<String>> {
        self.store().replay_dead(filter, by, most, self.clock().now()).await
    }

    /// Deletes up to `most` of these dead letters that died by then; how many it deleted.
    pub async fn discard_dead(&self, filter: &TaskFilter, by: Timestamp, most: u32) -> Result<u64> {
        self.store().discard_dead(filter, by, most).await
    }
}
