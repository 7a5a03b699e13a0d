use std::time::Duration;

use mainstay_kernel::{Place, Rate};

use crate::Retry;
use crate::operation::{Middleware, MiddlewareEntry};

/// What an application says of a queue: `App::queue("mail", |queue| queue.concurrency(4))`.
#[derive(Clone, Debug)]
pub struct QueueSpec {
    /// Its name.
    pub name: &'static str,
    /// How many of its tasks one process runs at the same time.
    pub concurrency: u32,
    /// How many tasks of one key one process runs at the same time. With one they run in the order of their commits.
    pub per_key: u32,
    /// How many turns it has for one of a queue of weight 1, where a process runs as many tasks as it may.
    pub weight: u32,
    /// How many of its tasks begin in a time, in one process.
    pub rate: Option<Rate>,
    /// When those of its tasks are tried again whose worker says nothing of it.
    pub retry: Option<Retry>,
    /// What is around its operations, the outermost first.
    pub middleware: Vec<MiddlewareEntry>,
    /// Where this is said.
    pub place: Place,
}

impl QueueSpec {
    /// How many tasks of a queue that says nothing of it run at the same time in one process.
    pub const CONCURRENCY: u32 = 16;

    /// A queue of which nothing is said yet.
    pub const fn new(name: &'static str, place: Place) -> Self {
        Self {
            name,
            concurrency: Self::CONCURRENCY,
            per_key: 1,
            weight: 1,
            rate: None,
            retry: None,
            middleware: Vec::new(),
            place,
        }
    }

    /// One process runs so many of its tasks at the same time, at least one.
    #[must_use]
    pub fn concurrency(mut self, most: u32) -> Self {
        self.concurrency = most.max(1);
        self
    }

    /// Up to so many tasks of one key run at the same time, at least one: with more than one they are not in order.
    #[must_use]
    pub fn per_key(mut self, most: u32) -> Self {
        self.per_key = most.max(1);
        self
    }

    /// It has so many turns for one of a queue of weight 1, where the process runs as many tasks as
    /// `WORKER_CONCURRENCY` allows.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight.max(1);
        self
    }

    /// One process begins at most so many of its tasks within this time: that many at once, and then evenly.
    #[must_use]
    pub const fn rate(mut self, most: u32, per: Duration) -> Self {
        self.rate = Some(Rate::new(most, per));
        self
    }

    /// Its tasks are tried again so, where their worker or operation says nothing of it. Crons are not tried again.
    #[must_use]
    pub const fn retry(mut self, retry: Retry) -> Self {
        self.retry = Some(retry);
        self
    }

    /// Puts a middleware around its operations, within that of the application. The one added first is outermost.
    #[must_use]
    pub fn middleware<M: Middleware>(mut self, middleware: M) -> Self {
        let _ = middleware;
        self.middleware.push(MiddlewareEntry::of::<M>());
        self
    }
}
