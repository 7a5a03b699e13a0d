use std::time::Duration;

use mainstay::kernel::work::{Dead, Listed, TaskFilter};
use mainstay::kernel::{Db, Timestamp};
use mainstay::queue::{Engine, Job};

/// The work that an application left behind: nothing of it runs by itself in a test.
pub struct Tasks<'a> {
    db: &'a Db,
    engine: &'a Engine,
}

/// One task that was left behind, with its input as its worker will have it.
#[derive(Clone, Debug)]
pub struct Left<T> {
    /// The input.
    pub input: T,
    /// The rest of it.
    pub task: Listed,
}

impl<'a> Tasks<'a> {
    pub(crate) fn new(db: &'a Db, engine: &'a Engine) -> Self {
        Self { db, engine }
    }

    /// Every task that waits, the oldest first.
    ///
    /// # Panics
    /// When the database is away; so do all of these.
    pub async fn waiting(&self) -> Vec<Listed> {
        self.db.tasks(&TaskFilter::default(), 1000).await.expect("the tasks that wait")
    }

    /// The tasks that wait for this worker or operation.
    ///
    /// # Panics
    /// When the input of one of them does not fit.
    pub async fn of<J: Job>(&self, _: J) -> Vec<Left<J::Input>> {
        let name = Some(J::JOB.name.to_owned());
        let tasks = self.db.tasks(&TaskFilter { name, ..TaskFilter::default() }, 1000).await;
        let left = |task: Listed| {
            let input = serde_json::from_str(&task.body).unwrap_or_else(|error| {
                panic!("the input of `{}` does not fit: {error}: {}", task.name, task.body)
            });
            Left { input, task }
        };
        tasks.expect("the tasks that wait").into_iter().map(left).collect()
    }

    /// The one task that waits for this worker or operation.
    ///
    /// # Panics
    /// When there is none, or more than one: it says what waits instead.
    pub async fn expect_one<J: Job>(&self, job: J) -> Left<J::Input> {
        let mut left = self.of(job).await;
        let one = left.pop().filter(|_| left.is_empty());
        match one {
            Some(one) => one,
            None => panic!("expected one task for `{}`, found: {}", J::JOB.name, self.told().await),
        }
    }

    /// That nothing waits.
    ///
    /// # Panics
    /// When something does: it says what.
    pub async fn expect_none(&self) {
        let told = self.told().await;
        assert!(told == "none", "expected no task, found: {told}");
    }

    /// Runs what is due, and what follows from it; how many tasks ran. Retries wait for their time:
    /// [`TestApp::advance`](crate::TestApp::advance) moves the clock.
    ///
    /// # Panics
    /// When the database is away.
    pub async fn run(&self) -> usize {
        self.engine.step().await.expect("tasks are run")
    }

    /// What is tried no more, the latest first.
    ///
    /// # Panics
    /// When the database is away.
    pub async fn dead(&self) -> Vec<Dead> {
        self.db.dead(&TaskFilter::default(), 1000).await.expect("the dead letters")
    }

    async fn told(&self) -> String {
        let waiting = self.waiting().await;
        let lines = waiting.iter().map(|it| format!("{} ({}) {}", it.name, it.state, it.body));
        let all = lines.collect::<Vec<_>>().join("; ");
        if all.is_empty() { "none".to_owned() } else { all }
    }
}

impl<T> Left<T> {
    /// How long until it is due, by the clock `now`.
    pub fn waits(&self, now: Timestamp) -> Duration {
        let due = self.task.due_at.unwrap_or(now);
        Duration::from_micros(u64::try_from(due.as_micros() - now.as_micros()).unwrap_or(0))
    }
}
