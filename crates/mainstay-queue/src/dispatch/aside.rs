use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mainstay_kernel::Timestamp;
use mainstay_kernel::work::{Task, TaskId};

/// How long tasks of a name are left to others, who have shown that they know it.
const LEFT: Duration = Duration::from_secs(10);

/// How many tasks are remembered.
const REMEMBERED: usize = 10_000;

/// What this process set aside, since it does not know how to run it: as one that runs beside a later version of the
/// program. When it meets a task again, somebody has freed it who knows it and has much to do: for a while this process
/// then claims none of that name, so that the two do not pass tasks to and fro.
#[derive(Default)]
pub(super) struct Aside(Mutex<State>);

#[derive(Default)]
struct State {
    met: HashSet<TaskId>,
    told: HashSet<(String, Option<u32>)>,
    left: HashMap<String, Timestamp>,
}

/// Whether there is something new to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Met {
    /// A task of this name and version was not met before.
    First,
    /// One was.
    Again,
}

impl Aside {
    /// Notes that a task is set aside: of an unknown name, or of a later version than is known.
    pub(super) fn meet(&self, task: &Task, version: Option<u32>, now: Timestamp) -> Met {
        let mut state = self.state();
        if state.met.len() >= REMEMBERED {
            state.met.clear();
        }
        if !state.met.insert(task.id) {
            state.left.insert(task.name.clone(), now.plus(LEFT));
        }
        if state.told.insert((task.name.clone(), version)) { Met::First } else { Met::Again }
    }

    /// The names whose tasks are left to others now.
    pub(super) fn left(&self, now: Timestamp) -> Vec<String> {
        let mut state = self.state();
        state.left.retain(|_, until| now < *until);
        state.left.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
