use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{Semaphore, oneshot};

use super::readers::Readers;
use super::session::Most;
use crate::{Error, ErrorKind, Result, Row, Statement};

/// How many scans may wait for each thread; more wait outside.
const QUEUED_PER_THREAD: usize = 64;

/// The threads that read what may take long. Their own, because the runtime's blocking pool takes
/// four times as much of the processor for a short read.
pub(super) struct Scans {
    queue: Arc<Queue>,
    room: Semaphore,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

#[derive(Default)]
struct Queue {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Job>,
    is_closed: bool,
}

/// Something to be read on a thread of its own.
type Job = Box<dyn FnOnce(&Readers) + Send>;

impl Scans {
    pub(super) fn start(readers: &Arc<Readers>, threads: usize) -> Result<Self> {
        let threads = threads.clamp(1, 256);
        let queue = Arc::new(Queue::default());
        let start = |index| {
            let (queue, readers) = (Arc::clone(&queue), Arc::clone(readers));
            let named = thread::Builder::new().name(format!("sqlite-reader-{index}"));
            named.spawn(move || queue.work(&readers))
        };
        let started: Result<Vec<_>, _> = (0..threads).map(start).collect();
        let started = started.map_err(|error| Error::internal("no thread to read with").caused_by(error))?;
        let room = Semaphore::new(threads * QUEUED_PER_THREAD);
        Ok(Self { queue, room, threads: Mutex::new(started) })
    }

    /// Reads on one of the threads.
    pub(super) async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        let statement = statement.clone();
        self.run(move |readers| readers.read(&statement, Most::All)).await?
    }

    /// Runs `read` on one of the threads.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Readers) -> T + Send + 'static,
    ) -> Result<T> {
        let draining = || Error::new(ErrorKind::Draining);
        let _room = self.room.acquire().await.map_err(|_| draining())?;
        let (tell, told) = oneshot::channel::<T>();
        let job: Job = Box::new(move |readers| {
            if !tell.is_closed() {
                // Whoever asked may have left.
                let _ = tell.send(read(readers));
            }
        });
        if !self.queue.push(job) {
            return Err(draining());
        }
        told.await.map_err(|_| Error::internal("a reader panicked"))
    }

    /// Refuses more and waits for what is under way.
    pub(super) async fn close(&self) {
        self.queue.close();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let joined = tokio::task::spawn_blocking(|| threads.into_iter().try_for_each(JoinHandle::join));
        // A thread that panicked has told whoever waited for it.
        let _ = joined.await;
    }
}

impl Drop for Scans {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Queue {
    /// Whether the job will be done.
    fn push(&self, job: Job) -> bool {
        let mut jobs = self.jobs();
        if jobs.is_closed {
            return false;
        }
        jobs.waiting.push_back(job);
        drop(jobs);
        self.changed.notify_one();
        true
    }

    fn close(&self) {
        self.jobs().is_closed = true;
        self.changed.notify_all();
    }

    /// One thread's life: until closed, and what waits then is still done.
    fn work(&self, readers: &Readers) {
        while let Some(job) = self.next() {
            // Whoever waits for one that panicked is told by the channel.
            let _ = catch_unwind(AssertUnwindSafe(|| job(readers)));
        }
    }

    fn next(&self) -> Option<Job> {
        let mut jobs = self.jobs();
        loop {
            match jobs.waiting.pop_front() {
                Some(job) => return Some(job),
                None if jobs.is_closed => return None,
                None => jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
