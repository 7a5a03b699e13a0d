use std::time::Duration;

use mainstay_kernel::Timestamp;
use mainstay_kernel::work::{Depth, Task};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::attempt::Ended;
use crate::failure::Verdict;

/// Upper bounds in seconds: from what runs at once to what waits for hours.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0];

/// What is counted of tasks.
pub(super) struct Metrics {
    ended: Family<EndedLabels, Counter>,
    waited: Family<QueueLabels, Histogram>,
    ran: Family<TaskLabels, Histogram>,
    tasks: Family<StateLabels, Gauge>,
    oldest: Family<QueueLabels, Gauge>,
    pointed: Family<PointedLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct QueueLabels {
    queue: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PointedLabels {
    queue: String,
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StateLabels {
    queue: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabels {
    queue: String,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndedLabels {
    queue: String,
    name: String,
    outcome: &'static str,
}

impl Metrics {
    pub(super) fn new() -> Self {
        Self {
            ended: Family::default(),
            waited: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            ran: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            tasks: Family::default(),
            oldest: Family::default(),
            pointed: Family::default(),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("task_attempts", "Attempts of tasks that ended, by outcome", self.ended.clone());
        registry.register(
            "task_wait_duration_seconds",
            "Time from a task's transaction to the start of its first attempt",
            self.waited.clone(),
        );
        registry.register(
            "task_run_duration_seconds",
            "Time that an attempt of a task ran",
            self.ran.clone(),
        );
        registry.register("queue_tasks", "Tasks in a queue, by state", self.tasks.clone());
        registry.register(
            "queue_oldest_age_seconds",
            "Age of the task of a queue that has waited longest",
            self.oldest.clone(),
        );
        registry.register(
            "task_pointers",
            "Pointers to tasks that arrived, by outcome",
            self.pointed.clone(),
        );
    }

    /// A pointer of this queue arrived.
    pub(super) fn pointed(&self, queue: &str, outcome: &'static str) {
        self.pointed.get_or_create(&PointedLabels { queue: queue.to_owned(), outcome }).inc();
    }

    /// An attempt begins.
    pub(super) fn begins(&self, task: &Task, now: Timestamp) {
        if task.attempt == 1 {
            let waited = now.since(task.created_at).as_secs_f64();
            self.waited.get_or_create(&QueueLabels { queue: task.queue.clone() }).observe(waited);
        }
    }

    /// An attempt ended.
    pub(super) fn ended(&self, task: &Task, ended: &Ended, ran: Duration) {
        let (queue, name) = (task.queue.clone(), task.name.clone());
        let outcome = match ended {
            Ended::Committed | Ended::Worked(_) => "done",
            Ended::Failed(Verdict::Again | Verdict::After(_), _) => "failed",
            Ended::Failed(Verdict::Never, _) => "failed_for_good",
            Ended::Failed(Verdict::Snooze(_), _) => "snoozed",
            Ended::Lost => "lost",
        };
        self.ran
            .get_or_create(&TaskLabels { queue: queue.clone(), name: name.clone() })
            .observe(ran.as_secs_f64());
        self.ended.get_or_create(&EndedLabels { queue, name, outcome }).inc();
    }

    /// How much waits in the queues now.
    pub(super) fn wait(&self, depths: &[Depth], now: Timestamp) {
        for depth in depths {
            let Depth { queue, ready, running, parked, scheduled, dead, oldest, .. } = depth;
            for (state, count) in [
                ("ready", ready),
                ("running", running),
                ("parked", parked),
                ("scheduled", scheduled),
                ("dead", dead),
            ] {
                let gauge = self.tasks.get_or_create(&StateLabels { queue: queue.clone(), state });
                gauge.set(i64::try_from(*count).unwrap_or(i64::MAX));
            }
            let age = oldest.map_or(0, |oldest| now.since(oldest).as_secs());
            let gauge = self.oldest.get_or_create(&QueueLabels { queue: queue.clone() });
            gauge.set(i64::try_from(age).unwrap_or(i64::MAX));
        }
    }
}
