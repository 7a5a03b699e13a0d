use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use mainstay_kernel::work::{Keys, Task, Trail};
use mainstay_kernel::{Failpoint, Pace, Result, Timestamp};
use tokio::sync::{Mutex as Turnstile, Notify, OwnedSemaphorePermit, Semaphore, watch};

use super::ahead::{Ahead, WithinLimit};
use super::attempt::{self, Written};
use super::gate::Seat;
use super::{Known, QueueSpec, Shared};

/// How many tasks are claimed ahead of those that run, as a multiple of these.
const AHEAD: usize = 4;

/// Of so many claims, one asks for tasks with keys first.
const KEYED_TURN: u32 = 4;

/// What tasks hold while they run.
pub(super) struct Turn {
    _slot: OwnedSemaphorePermit,
    _seat: Seat,
    within: WithinLimit,
}

/// One queue, as this process serves it.
pub(super) struct Lane {
    queue: &'static str,
    size: u32,
    per_key: u32,
    pace: Option<Pace>,
    /// When the next task may begin, where that is why none begins.
    paced_until: Mutex<Option<Timestamp>>,
    slots: Arc<Semaphore>,
    /// How many tasks have begun and not ended.
    busy: watch::Sender<usize>,
    ahead: Mutex<Ahead>,
    bell: Notify,
    /// Rings when a task has ended.
    freed: Notify,
    /// Whether more waited in the database than was claimed last.
    has_backlog: AtomicBool,
    /// How often it has claimed.
    turns: AtomicU32,
    is_paused: AtomicBool,
    trail: Turnstile<Trail>,
    /// The key that was served last: keys take turns.
    last_key: Mutex<String>,
}

impl Lane {
    pub(super) fn new(spec: &QueueSpec) -> Self {
        Self {
            queue: spec.name,
            size: spec.concurrency,
            per_key: spec.per_key,
            pace: spec.rate.map(Pace::new),
            paced_until: Mutex::default(),
            slots: Arc::new(Semaphore::new(spec.concurrency as usize)),
            busy: watch::Sender::new(0),
            ahead: Mutex::default(),
            bell: Notify::new(),
            freed: Notify::new(),
            has_backlog: AtomicBool::new(false),
            turns: AtomicU32::new(0),
            is_paused: AtomicBool::new(false),
            trail: Turnstile::new(Trail::of(spec.name)),
            last_key: Mutex::default(),
        }
    }

    /// Whether a task that is about to be committed is to wait in the database: behind those that wait there, or for
    /// others that it runs together with.
    pub(super) fn keeps(&self, known: &Known) -> bool {
        self.is_paused() || self.has_backlog.load(Ordering::Acquire) || known.together() > 1
    }

    /// A place for a task that is about to be committed, unless others wait, or it is to run together with others.
    pub(super) fn admit(&self, shared: &Shared, known: &Known) -> Option<Turn> {
        let others_wait = self.has_backlog.load(Ordering::Acquire) || !self.ahead().is_empty();
        if self.is_paused() || others_wait || known.together() > 1 {
            return None;
        }
        let (slot, seat) = self.place(shared)?;
        let within = known.within_limit()?;
        self.keeps_its_pace(shared).then_some(Turn { _slot: slot, _seat: seat, within })
    }

    /// One of the queue's slots and one of the process' seats.
    fn place(&self, shared: &Shared) -> Option<(OwnedSemaphorePermit, Seat)> {
        let slot = Arc::clone(&self.slots).try_acquire_owned().ok()?;
        Some((slot, shared.gate.enter(self.queue)?))
    }

    /// Whether one more may begin by the queue's rate; else it is noted when.
    fn keeps_its_pace(&self, shared: &Shared) -> bool {
        let Some(pace) = &self.pace else { return true };
        let now = shared.db.clock().now();
        let taken = pace.take(now);
        *self.paced_until.lock().unwrap_or_else(PoisonError::into_inner) = taken.err().map(|it| now.plus(it));
        taken.is_ok()
    }

    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    pub(super) fn set_paused(&self, paused: bool) {
        self.is_paused.store(paused, Ordering::Release);
        if !paused {
            self.ring();
        }
    }

    fn is_paused(&self) -> bool {
        self.is_paused.load(Ordering::Acquire)
    }

    /// Claims and runs until the process stops.
    pub(super) async fn serve(self: Arc<Self>, shared: Arc<Shared>) {
        let stopping = shared.owned.stopping();
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = self.bell.notified() => {}
                () = self.pause(&shared) => {}
            }
            self.pump(&shared);
            if let Err(error) = self.drain(&shared).await {
                tracing::warn!(
                    queue = self.queue,
                    error = &error as &dyn std::error::Error,
                    "tasks could not be claimed"
                );
            }
        }
    }

    /// Behind every bell stands a look, for those that nobody rang for, and for the next by the queue's rate.
    #[expect(clippy::disallowed_methods, reason = "a poll waits")]
    async fn pause(&self, shared: &Shared) {
        let look = Duration::from_millis(fastrand::u64(250..1000));
        let paced = *self.paced_until.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = paced.map_or(look, |until| until.since(shared.db.clock().now()).min(look));
        tokio::time::sleep(wait).await;
    }

    /// Claims as long as there is something to claim and room for it.
    async fn drain(self: &Arc<Self>, shared: &Arc<Shared>) -> Result<()> {
        while !shared.takes_nothing_new()
            && shared.epochs.holds()
            && self.room(shared) > 0
            && self.claim(shared).await? > 0
        {
            Failpoint::Claimed.reach();
            self.pump(shared);
        }
        Ok(())
    }

    /// How many tasks to claim: none while enough wait here that could begin.
    fn room(&self, shared: &Shared) -> usize {
        let ready = self.ahead().ready(&shared.workers);
        let full = self.size as usize * AHEAD;
        if ready >= self.size as usize || (ready > 0 && !self.has_backlog.load(Ordering::Acquire)) {
            0
        } else {
            full - ready
        }
    }

    /// Claims what there is room for; how many it got.
    pub(super) async fn claim(&self, shared: &Shared) -> Result<usize> {
        if self.is_paused() {
            return Ok(0);
        }
        let node = shared.epochs.node();
        let mut room = u32::try_from(self.room(shared)).unwrap_or(u32::MAX);
        let mut except = self.ahead().waiting_for_their_worker(&shared.workers);
        except.extend(shared.aside.left(shared.db.clock().now()));
        let mut tasks = Vec::new();
        // However many wait without a key, those with one have their turn.
        if room > 1 && self.turns.fetch_add(1, Ordering::Relaxed).is_multiple_of(KEYED_TURN) {
            tasks = self.claim_keyed(shared, node, room / 2, &except).await?;
            room -= count(&tasks);
        }
        if room == 0 {
            return Ok(0);
        }
        let unkeyed = shared.db.claim(node, &mut *self.trail.lock().await, room, &except).await?;
        self.has_backlog.store(count(&unkeyed) == room, Ordering::Release);
        let rest = room - count(&unkeyed);
        tasks.extend(unkeyed);
        if rest > 0 {
            tasks.extend(self.claim_keyed(shared, node, rest, &except).await?);
        }
        let claimed = tasks.len();
        self.ahead().extend(tasks);
        Ok(claimed)
    }

    /// The next claim begins in front.
    pub(super) async fn forget_trail(&self) {
        *self.trail.lock().await = Trail::of(self.queue);
    }

    /// Claims the oldest of each key, beginning behind the key that was served last.
    async fn claim_keyed(
        &self,
        shared: &Shared,
        node: uuid::Uuid,
        most: u32,
        except: &[String],
    ) -> Result<Vec<Task>> {
        let after = self.last_key().clone();
        let keys = |most, after| Keys { queue: self.queue, per_key: self.per_key, most, after, except };
        let mut tasks = shared.db.claim_keyed(node, &keys(most, &after)).await?;
        let rest = most - count(&tasks);
        if rest > 0 && !after.is_empty() {
            tasks.extend(shared.db.claim_keyed(node, &keys(rest, "")).await?);
        }
        *self.last_key() = tasks.last().and_then(|it| it.key.clone()).unwrap_or_default();
        Ok(tasks)
    }

    /// Begins what was claimed, as far as there are slots.
    pub(super) fn pump(self: &Arc<Self>, shared: &Arc<Shared>) {
        while !shared.takes_nothing_new() && !self.is_paused() && self.ahead().can_begin(&shared.workers) {
            let Some((slot, seat)) = self.place(shared) else { return };
            if !self.keeps_its_pace(shared) {
                return;
            }
            let Some((tasks, within)) = self.ahead().next(&shared.workers) else { return };
            self.start(shared, tasks, Turn { _slot: slot, _seat: seat, within });
        }
    }

    /// Gives back what was claimed and has not begun: it was not tried.
    pub(super) async fn release_ahead(&self, shared: &Shared) {
        let ahead = self.ahead().take_all();
        for task in ahead {
            if let Err(error) = shared.db.release(&task.fence()).await {
                tracing::warn!(%error, task = %task.id, "it could not be given back: others take it when the lease ends");
            }
        }
    }

    /// Runs tasks in their own time: one, or those that their worker runs together.
    pub(super) fn start(self: &Arc<Self>, shared: &Arc<Shared>, tasks: Vec<Task>, turn: Turn) {
        let (lane, context) = (Arc::clone(self), Arc::clone(shared));
        // Others of the key, or of the worker, were not claimed because of this one.
        let frees_others = turn.within.is_some() || tasks.iter().any(|it| it.key.is_some());
        let attempts: Vec<_> = tasks.iter().map(|it| (it.id, it.attempt)).collect();
        shared.running().extend(attempts.iter().copied());
        self.busy.send_modify(|count| *count += 1);
        shared.owned.spawn("attempt", async move {
            // What becomes of a task whose end cannot be told is seen to later: nobody here runs it any more.
            let running = AssertUnwindSafe(attempt::run(&context, tasks)).catch_unwind();
            if !matches!(running.await, Ok(Written::Later)) {
                let mut running = context.running();
                for attempt in &attempts {
                    running.remove(attempt);
                }
            }
            drop(turn);
            lane.pump(&context);
            context.pump_others();
            lane.busy.send_modify(|count| *count -= 1);
            lane.freed.notify_one();
            if frees_others || (lane.has_backlog.load(Ordering::Acquire) && lane.room(&context) > 0) {
                lane.ring();
            }
        });
    }

    /// Begins what somebody else committed, or has it wait for its turn.
    pub(super) fn begin(self: &Arc<Self>, shared: &Arc<Shared>, tasks: Vec<Task>) {
        self.ahead().extend(tasks);
        self.pump(shared);
    }

    /// Waits until another task could begin at once; how many could.
    pub(super) async fn wait_for_room(&self) -> usize {
        loop {
            // Registered before it is looked for.
            let freed = self.freed.notified();
            let free = self.slots.available_permits();
            if free > 0 && self.ahead().is_empty() && !self.is_paused() {
                return free;
            }
            // What makes room otherwise, such as the end of a pause, rings nowhere.
            let _ = tokio::time::timeout(Duration::from_millis(250), freed).await;
        }
    }

    /// Waits until nothing of this queue runs.
    pub(super) async fn idle(&self) {
        // Whoever ends has begun what waits behind it before.
        let _ = self.busy.subscribe().wait_for(|count| *count == 0).await;
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last_key(&self) -> MutexGuard<'_, String> {
        self.last_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn queue(&self) -> &'static str {
        self.queue
    }

    /// Those that were claimed and not begun: they are running as far as others are concerned.
    pub(super) fn claimed(&self) -> Vec<mainstay_kernel::work::TaskId> {
        self.ahead().ids()
    }
}

fn count(tasks: &[Task]) -> u32 {
    u32::try_from(tasks.len()).unwrap_or(u32::MAX)
}
