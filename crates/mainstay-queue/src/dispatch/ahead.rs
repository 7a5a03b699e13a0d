use std::collections::{BTreeSet, HashMap, VecDeque};

use mainstay_kernel::work::{Task, TaskId};
use tokio::sync::OwnedSemaphorePermit;

use super::Known;

/// What was claimed and has not begun.
#[derive(Default)]
pub(super) struct Ahead(VecDeque<Task>);

/// One of the places of a worker that runs only so many tasks at once.
pub(super) type WithinLimit = Option<OwnedSemaphorePermit>;

impl Ahead {
    pub(super) fn extend(&mut self, tasks: Vec<Task>) {
        self.0.extend(tasks);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one could begin if there was room for it.
    pub(super) fn can_begin(&self, workers: &HashMap<&'static str, Known>) -> bool {
        self.0.iter().any(|task| !is_full(workers, task))
    }

    pub(super) fn ids(&self) -> Vec<TaskId> {
        self.0.iter().map(|it| it.id).collect()
    }

    pub(super) fn take_all(&mut self) -> Vec<Task> {
        self.0.drain(..).collect()
    }

    /// The next whose worker may run one more, with the others that it runs together with this one.
    pub(super) fn next(
        &mut self,
        workers: &HashMap<&'static str, Known>,
    ) -> Option<(Vec<Task>, WithinLimit)> {
        let known = |task: &Task| workers.get(task.name.as_str());
        let begins = |task: &Task| known(task).map_or(Some(None), Known::within_limit);
        let (index, within) = self.0.iter().enumerate().find_map(|(at, it)| Some((at, begins(it)?)))?;
        let first = self.0.remove(index)?;
        let most = known(&first).map_or(1, Known::together);
        Some((self.join(first, most), within))
    }

    /// Others of the same worker. One that has failed runs alone, so that it does not fail the others again.
    fn join(&mut self, first: Task, most: usize) -> Vec<Task> {
        let mut together = vec![first];
        let mut index = 0;
        while together[0].attempt == 1 && together.len() < most && index < self.0.len() {
            let other = &self.0[index];
            if other.name == together[0].name && other.attempt == 1 {
                together.extend(self.0.remove(index));
            } else {
                index += 1;
            }
        }
        together
    }

    /// How many could begin if there was room for them.
    pub(super) fn ready(&self, workers: &HashMap<&'static str, Known>) -> usize {
        self.0.iter().filter(|task| !is_full(workers, task)).count()
    }

    /// The names of those that could not, since their workers run as many as they may.
    pub(super) fn waiting_for_their_worker(&self, workers: &HashMap<&'static str, Known>) -> Vec<String> {
        let full = self.0.iter().filter(|task| is_full(workers, task));
        full.map(|task| task.name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn is_full(workers: &HashMap<&'static str, Known>, task: &Task) -> bool {
    workers.get(task.name.as_str()).is_some_and(Known::is_full)
}
