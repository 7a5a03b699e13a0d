//! Runs tasks in this process: claims them with a lease, runs them, and says what became of them.

mod ahead;
mod aside;
mod attempt;
mod broker;
mod completions;
mod epoch;
mod following;
mod gate;
mod lane;
mod metrics;
mod queue;
mod reports;
mod settle;
mod span;
mod upkeep;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use mainstay_kernel::work::{Dispatcher, NewTask, Returned, Runnable, Slot, Task, TaskId};
use mainstay_kernel::{Db, Error, Owned, Result, Sampler, Timestamp};
use prometheus_client::registry::Registry;
use tokio::sync::{Notify, Semaphore, mpsc, watch};

use self::ahead::WithinLimit;
use self::aside::Aside;
pub use self::broker::{Broker, Received, Shares};
use self::completions::Done;
use self::epoch::Epochs;
use self::gate::Gate;
use self::lane::{Lane, Turn};
use self::metrics::Metrics;
pub use self::queue::QueueSpec;
pub(crate) use self::reports::Reports;
use crate::cron::{self, CronEntry, Ticker};
use crate::{Retry, Run, WorkerEntry, WorkerSpec};

/// What a process knows how to run.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Its workers.
    pub workers: Vec<WorkerEntry>,
    /// Its crons.
    pub crons: Vec<CronEntry>,
    /// What is said of its queues.
    pub queues: Vec<QueueSpec>,
    /// The queues that it serves; all when empty.
    pub only: Vec<String>,
    /// The framework's own queues whose tasks hand on what was committed, such as messages to a broker.
    pub relayed: Vec<&'static str>,
    /// How many tasks run at the same time, over all queues; as many as their queues allow when there is no number.
    pub most: Option<u32>,
    /// Which part of it this process does.
    pub duty: Duty,
    /// Whether it shares its tasks with other processes.
    pub shares: Shares,
    /// Which attempts are recorded as spans of a trace.
    pub sampler: Sampler,
}

/// Which part of the work a process does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Duty {
    /// It runs tasks, and sees to crons.
    #[default]
    TasksAndCrons,
    /// It runs tasks, those of crons too; others say when a cron is due.
    Tasks,
    /// It says when a cron is due; others run it.
    Crons,
    /// It makes ready what is due and runs what hands on ([`Work::relayed`]); the rest is for others.
    Relay,
    /// The same, and it says when a cron is due.
    RelayAndCrons,
    /// Neither.
    Nothing,
}

impl Duty {
    fn sees_to_crons(self) -> bool {
        match self {
            Self::TasksAndCrons | Self::Crons | Self::RelayAndCrons => true,
            Self::Tasks | Self::Relay | Self::Nothing => false,
        }
    }
}

impl Work {
    /// Whether there is nothing for this process to do.
    pub fn is_empty(&self) -> bool {
        let tasks = !self.workers.is_empty() || !self.crons.is_empty();
        match self.duty {
            Duty::TasksAndCrons | Duty::Tasks | Duty::Relay | Duty::RelayAndCrons => !tasks,
            Duty::Crons => self.crons.is_empty(),
            // What its requests leave behind is for others.
            Duty::Nothing => !tasks || self.shares.broker().is_none(),
        }
    }

    /// What is said of the queue of this name.
    pub fn queue(&self, name: &str) -> Option<&QueueSpec> {
        self.queues.iter().find(|it| it.name == name)
    }
}

/// How long a process is taken for alive that does not renew its lease. Its tasks run elsewhere soon after.
pub const LEASE: Duration = Duration::from_secs(6);

/// What the names of the framework's own queues begin with: every process serves them.
const OURS: &str = "mainstay-";

/// How long handing tasks back may take.
const HANDING_BACK: Duration = Duration::from_secs(2);

/// How soon every process heeds what an operator said of a queue.
pub const HEEDED: Duration = Duration::from_secs(upkeep::RENEW.as_secs() + 2);

/// Runs tasks. Clones share.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

pub(crate) struct Shared {
    db: Db,
    sampler: Sampler,
    workers: HashMap<&'static str, Known>,
    lanes: BTreeMap<&'static str, Arc<Lane>>,
    gate: Arc<Gate>,
    ticker: Ticker,
    metrics: Metrics,
    epochs: Epochs,
    shares: Shares,
    aside: Aside,
    owned: Owned,
    /// The attempts that this process is running, or has not written the end of.
    running: Mutex<HashSet<(TaskId, u32)>>,
    completions: mpsc::UnboundedSender<Done>,
    /// What tasks say of how far they have come.
    reports: Arc<Reports>,
    /// How many of the completions are not written yet.
    unwritten: watch::Sender<usize>,
    /// Rings when something is due sooner than was known.
    sooner: Notify,
    due: Mutex<Option<Timestamp>>,
    takes_nothing_new: AtomicBool,
}

/// A worker, when its tasks are tried again and how many of them may run.
struct Known {
    entry: WorkerEntry,
    retry: Retry,
    limit: Option<Arc<Semaphore>>,
    /// Whether its last attempt took longer than a brief one does.
    is_slow: AtomicBool,
}

impl Known {
    /// A place within what its worker allows; none while it runs as many tasks as it may.
    fn within_limit(&self) -> Option<WithinLimit> {
        match &self.limit {
            Some(limit) => Arc::clone(limit).try_acquire_owned().ok().map(Some),
            None => Some(None),
        }
    }

    fn is_full(&self) -> bool {
        self.limit.as_ref().is_some_and(|limit| limit.available_permits() == 0)
    }

    /// Whether its tasks end in a transaction of their own, soon after they begin.
    fn is_brief(&self) -> bool {
        matches!(self.entry.run, Run::InTx(_)) && !self.is_slow.load(Ordering::Relaxed)
    }

    /// One of its attempts took this long.
    fn took(&self, time: Duration) {
        self.is_slow.store(time > attempt::BRIEF, Ordering::Relaxed);
    }

    /// How many of its tasks it runs together.
    fn together(&self) -> usize {
        self.entry.spec.batch as usize
    }
}

impl Engine {
    /// One that runs nothing yet.
    ///
    /// # Errors
    /// Internal, when two workers have one name, or a cron's expression is none.
    pub fn new(db: &Db, work: Work) -> Result<Self> {
        let workers = known(&work)?;
        let lanes = lanes(&work);
        let weight = |queue: &str| work.queue(queue).map_or(1, |it| it.weight);
        let gate = Gate::new(work.most, lanes.keys().map(|queue| (*queue, weight(queue))));
        let (completions, ended) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            db: db.clone(),
            sampler: work.sampler,
            workers,
            lanes,
            gate: Arc::new(gate),
            ticker: Ticker::new(if work.duty.sees_to_crons() { work.crons } else { Vec::new() })?,
            metrics: Metrics::new(),
            epochs: Epochs::new(),
            shares: work.shares,
            aside: Aside::default(),
            owned: Owned::new(),
            running: Mutex::default(),
            completions,
            reports: Arc::default(),
            unwritten: watch::Sender::new(0),
            sooner: Notify::new(),
            due: Mutex::default(),
            takes_nothing_new: AtomicBool::new(false),
        });
        let run = completions::run(Arc::downgrade(&shared), shared.owned.stopping(), ended);
        shared.owned.spawn("completions", run);
        let run = reports::run(Arc::downgrade(&shared), Arc::clone(&shared.reports), shared.owned.stopping());
        shared.owned.spawn("reports", run);
        Ok(Self(shared))
    }

    /// Enters this process, makes up for what was missed and begins to run tasks.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn start(&self) -> Result<()> {
        let shared = &self.0;
        shared.enter().await?;
        let dispatcher: Weak<Shared> = Arc::downgrade(shared);
        shared.db.dispatch_by(dispatcher)?;
        shared.ticker.start(&shared.db).await?;
        for lane in shared.lanes.values() {
            shared.owned.spawn("queue", Arc::clone(lane).serve(Arc::clone(shared)));
            if let Some(broker) = shared.shares.broker() {
                let follow = following::run(Arc::clone(lane), Arc::clone(shared), Arc::clone(broker));
                shared.owned.spawn("pointers", follow);
            }
        }
        shared.owned.spawn("upkeep", upkeep::run(Arc::clone(shared)));
        Ok(())
    }

    /// Stops taking tasks, waits up to `bound` for those that run and hands the rest back, for which it takes two
    /// seconds more at most. Safe to call twice; whether all had ended.
    pub async fn stop(&self, bound: Duration) -> bool {
        let shared = &self.0;
        shared.takes_nothing_new.store(true, Ordering::Release);
        let ended = tokio::time::timeout(bound, shared.idle()).await.is_ok();
        if tokio::time::timeout(HANDING_BACK, self.hand_back()).await.is_err() {
            tracing::warn!("tasks could not be handed back in time: others take them when the lease ends");
        }
        ended
    }

    async fn hand_back(&self) {
        let shared = &self.0;
        for lane in shared.lanes.values() {
            lane.release_ahead(shared).await;
        }
        // What still runs is dropped.
        let epoch = shared.epochs.end();
        shared.owned.stop(HANDING_BACK).await;
        if let Err(error) = shared.reports.write(&shared.db).await {
            tracing::debug!(%error, "how far tasks have come could not be written");
        }
        if let Err(error) = shared.db.leave(epoch).await {
            tracing::warn!(%error, "tasks could not be handed back: others take them when the lease ends");
        }
    }

    /// Stops taking tasks, and does not wait for those that run.
    pub fn begin_stop(&self) {
        self.0.takes_nothing_new.store(true, Ordering::Release);
        self.0.owned.stopping().cancel();
    }

    /// Adds what is counted of tasks to an exposition.
    pub fn register(&self, registry: &mut Registry) {
        self.0.metrics.register(registry);
    }

    /// Enters this process without beginning to run tasks: [`Engine::step`] does, for tests, which move the clock by
    /// hand.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn enter(&self) -> Result<()> {
        self.0.enter().await?;
        self.0.ticker.start(&self.0.db).await
    }

    /// Does what is due now, and what follows from it, to its end. How many tasks were run.
    ///
    /// # Errors
    /// Unavailable, when the database is away.
    pub async fn step(&self) -> Result<usize> {
        let mut ran = 0;
        loop {
            upkeep::due_now(&self.0).await?;
            let mut claimed = 0;
            for lane in self.0.lanes.values() {
                lane.forget_trail().await;
                claimed += lane.claim(&self.0).await?;
                lane.pump(&self.0);
            }
            self.0.idle().await;
            self.0.reports.write(&self.0.db).await?;
            if claimed == 0 {
                return Ok(ran);
            }
            ran += claimed;
        }
    }
}

impl Shared {
    /// Takes a name of its own, under which it holds tasks.
    async fn enter(&self) -> Result<()> {
        let node = self.epochs.begin();
        let name = format!("{}:{}", std::env::var("HOSTNAME").unwrap_or_default(), std::process::id());
        self.db.enlist(node, &name, LEASE).await?;
        self.unpark().await
    }

    /// Frees tasks that were set aside by a process which did not know their workers, or an earlier version of them.
    async fn unpark(&self) -> Result<()> {
        let known = |it: &Known| Runnable { name: it.entry.spec.name, version: it.entry.spec.version };
        let known: Vec<_> = self.workers.values().map(known).collect();
        self.db.unpark(&known).await.map(|queues| self.ring(&queues))
    }

    /// Waits until nothing runs, and what has run is written.
    async fn idle(&self) {
        for lane in self.lanes.values() {
            lane.idle().await;
        }
        let mut unwritten = self.unwritten.subscribe();
        // The sender is `self`.
        let _ = unwritten.wait_for(|count| *count == 0).await;
    }

    /// This task is done: it ends in the next batch.
    fn complete(&self, task: &Task, returned: Option<Returned>) {
        self.unwritten.send_modify(|count| *count += 1);
        // The receiver lives as long as the engine.
        let _ = self.completions.send(Done { fence: task.fence(), returned });
    }

    /// Begins what waits elsewhere for a seat that is free now.
    fn pump_others(self: &Arc<Self>) {
        while let Some(lane) = self.gate.next().and_then(|queue| self.lanes.get(queue)) {
            lane.pump(self);
        }
    }

    fn ring(&self, queues: &[String]) {
        for queue in queues {
            if let Some(lane) = self.lanes.get(queue.as_str()) {
                lane.ring();
            }
        }
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashSet<(TaskId, u32)>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn takes_nothing_new(&self) -> bool {
        self.takes_nothing_new.load(Ordering::Acquire)
    }
}

impl Dispatcher for Shared {
    fn admit(self: Arc<Self>, task: &NewTask) -> Option<Box<dyn Slot>> {
        if self.takes_nothing_new() {
            return None;
        }
        let known = self.workers.get(task.name.as_ref())?;
        let Some(lane) = self.lanes.get(task.queue.as_ref()).cloned() else {
            return self.shares.way(task);
        };
        match lane.admit(&self, known) {
            Some(turn) => Some(Box::new(Place { owner: self.epochs.node(), turn, lane, shared: self })),
            None if lane.keeps(known) => None,
            None => self.shares.way(task),
        }
    }

    fn wake(&self, queue: &str) {
        if let Some(lane) = self.lanes.get(queue) {
            lane.ring();
        }
    }

    fn wake_at(&self, due: Timestamp) {
        let mut known = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none_or(|known| due < known) {
            *known = Some(due);
            drop(known);
            self.sooner.notify_one();
        }
    }

    fn set_paused(&self, queue: &str, paused: bool) {
        if let Some(lane) = self.lanes.get(queue) {
            lane.set_paused(paused);
        }
    }
}

/// A place in a lane.
struct Place {
    owner: uuid::Uuid,
    turn: Turn,
    lane: Arc<Lane>,
    shared: Arc<Shared>,
}

impl Slot for Place {
    fn owner(&self) -> uuid::Uuid {
        self.owner
    }

    fn run(self: Box<Self>, task: Task) {
        let Self { turn, lane, shared, .. } = *self;
        lane.start(&shared, vec![task], turn);
    }
}

fn known(work: &Work) -> Result<HashMap<&'static str, Known>> {
    let mut workers: HashMap<&'static str, Known> = HashMap::new();
    for entry in work.workers.iter().copied().chain(work.crons.iter().map(|it| it.worker)) {
        let WorkerSpec { name, place, concurrency, queue, .. } = *entry.spec;
        let limit = concurrency.map(|it| Arc::new(Semaphore::new(it as usize)));
        let retry = entry.spec.retry.or(work.queue(queue).and_then(|it| it.retry)).unwrap_or_default();
        if let Some(other) =
            workers.insert(name, Known { entry, retry, limit, is_slow: AtomicBool::new(false) })
        {
            return Err(Error::internal(format!(
                "two workers are named `{name}`: one at {}, one at {place}: give one of them another name",
                other.entry.spec.place
            )));
        }
    }
    Ok(workers)
}

/// A lane for each queue that a worker names, or that something is said of.
fn lanes(work: &Work) -> BTreeMap<&'static str, Arc<Lane>> {
    let all = match work.duty {
        Duty::Crons | Duty::Nothing => return BTreeMap::new(),
        Duty::Relay | Duty::RelayAndCrons => false,
        Duty::TasksAndCrons | Duty::Tasks => true,
    };
    let named = work.workers.iter().map(|it| it.spec.queue).chain(work.queues.iter().map(|it| it.name));
    let crons = (!work.crons.is_empty()).then_some(cron::QUEUE);
    let served = |queue: &&str| match all {
        true => work.only.is_empty() || work.only.iter().any(|it| it == queue) || queue.starts_with(OURS),
        false => work.relayed.contains(queue),
    };
    let lane = |queue| match work.queue(queue) {
        Some(spec) => Lane::new(spec),
        None => Lane::new(&QueueSpec::new(queue, mainstay_kernel::Place::at(file!(), line!()))),
    };
    named.chain(crons).filter(served).map(|queue| (queue, Arc::new(lane(queue)))).collect()
}
