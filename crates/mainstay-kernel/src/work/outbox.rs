use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Dispatcher, Fence, NewTask, Relay, Slot, Task, TaskId};
use crate::Timestamp;

/// What a transaction leaves behind beside its rows, written in its last flush.
#[derive(Default)]
pub(crate) struct Outbox {
    pub(crate) tasks: Vec<Leaving>,
    /// The attempts that this transaction finishes.
    pub(crate) fences: Vec<Fence>,
    /// When something is due that was set to another time.
    pub(crate) due: Vec<Timestamp>,
}

/// A task on its way into the database, and the place where it runs at once, if there is one.
pub(crate) struct Leaving {
    pub(crate) task: NewTask,
    pub(crate) slot: Option<Box<dyn Slot>>,
    /// Where PostgreSQL put the row.
    pub(crate) place: String,
}

impl Outbox {
    pub(crate) fn put(&mut self, task: NewTask) {
        self.tasks.push(Leaving { task, slot: None, place: String::new() });
    }

    /// Takes a task back that was put in before; whether it was there.
    pub(crate) fn take_back(&mut self, id: TaskId) -> bool {
        let before = self.tasks.len();
        self.tasks.retain(|it| it.task.id != id);
        self.tasks.len() < before
    }

    /// The task that was put in before.
    pub(crate) fn find(&mut self, id: TaskId) -> Option<&mut NewTask> {
        self.tasks.iter_mut().map(|it| &mut it.task).find(|it| it.id == id)
    }

    /// Looks for places for what is to run at once, now that it is committed. A key's tasks wait for each other, so they are claimed later.
    pub(crate) fn find_slots(&mut self, relay: &Relay, now: Timestamp) {
        let Some(dispatcher) = relay.dispatcher() else { return };
        for leaving in &mut self.tasks {
            if leaving.task.is_ready(now) && leaving.task.key.is_none() {
                leaving.slot = Arc::clone(&dispatcher).admit(&leaving.task);
            }
        }
    }

    /// Tells the dispatcher what was committed.
    pub(crate) fn deliver(self, relay: &Relay, now: Timestamp) {
        let Some(dispatcher) = relay.dispatcher() else { return };
        self.due.iter().for_each(|due| dispatcher.wake_at(*due));
        let mut waiting = BTreeSet::new();
        for Leaving { task, slot, place } in self.tasks {
            match slot {
                Some(slot) => {
                    let owner = slot.owner();
                    slot.run(Task::born(task, owner, place, now));
                }
                None => wake(dispatcher.as_ref(), task, now, &mut waiting),
            }
        }
    }
}

/// Wakes whoever claims, once for each queue.
fn wake(
    dispatcher: &dyn Dispatcher,
    task: NewTask,
    now: Timestamp,
    woken: &mut BTreeSet<std::borrow::Cow<'static, str>>,
) {
    match task.due {
        Some(due) if due > now => dispatcher.wake_at(due),
        Some(_) | None => {
            if !woken.contains(&task.queue) {
                dispatcher.wake(&task.queue);
                woken.insert(task.queue);
            }
        }
    }
}

impl NewTask {
    /// Whether it is due.
    pub(crate) fn is_ready(&self, now: Timestamp) -> bool {
        self.due.is_none_or(|due| due <= now)
    }
}
