use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use mainstay_kernel::work::{NewTask, TaskId};
use mainstay_kernel::{Caller, Db, Error, Result, Timestamp, write_tx};

use super::{CronEntry, Missed, Overlap, QUEUE, Schedule};
use crate::meta::Meta;

/// How many missed runs are made up for at most.
const MOST_MISSED: usize = 100;

/// How many missed runs are counted for at most: a month of seconds.
const MOST_COUNTED: usize = 3_000_000;

/// The crons of a process and when each is due next.
pub(crate) struct Ticker {
    crons: Vec<(CronEntry, Schedule)>,
    next: Mutex<Vec<Option<Timestamp>>>,
}

impl Ticker {
    /// Reads the expressions.
    ///
    /// # Errors
    /// Internal, when one is none: it names the cron, the expression and the place.
    pub(crate) fn new(crons: Vec<CronEntry>) -> Result<Self> {
        let read = |entry: CronEntry| {
            let schedule = Schedule::read(entry.cron.expression, entry.cron.timezone).map_err(|fault| {
                let spec = entry.worker.spec;
                Error::internal(format!(
                    "the cron `{}` ({}) cannot be read: \"{}\": {fault}",
                    spec.name, spec.place, entry.cron.expression
                ))
            })?;
            Ok((entry, schedule))
        };
        let crons = crons.into_iter().map(read).collect::<Result<Vec<_>>>()?;
        let next = Mutex::new(vec![None; crons.len()]);
        Ok(Self { crons, next })
    }

    /// What is due when a process starts, and what was missed.
    pub(crate) async fn start(&self, db: &Db) -> Result<()> {
        let now = db.clock().now();
        for (index, (entry, schedule)) in self.crons.iter().enumerate() {
            if schedule.is_at_start() {
                run(db, *entry, now).await?;
                continue;
            }
            for due in missed(db, *entry, schedule, now).await? {
                run(db, *entry, due).await?;
            }
            self.set_next(index, schedule.after(now));
        }
        Ok(())
    }

    /// When the next one is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner).iter().flatten().min().copied()
    }

    /// Runs what is due.
    pub(crate) async fn tick(&self, db: &Db) -> Result<()> {
        let now = db.clock().now();
        for (index, (entry, schedule)) in self.crons.iter().enumerate() {
            while let Some(due) = self.due(index).filter(|due| *due <= now) {
                run(db, *entry, due).await?;
                self.set_next(index, schedule.after(due));
            }
        }
        Ok(())
    }

    fn due(&self, index: usize) -> Option<Timestamp> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)[index]
    }

    fn set_next(&self, index: usize, next: Option<Timestamp>) {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)[index] = next;
    }
}

/// The times since the last run that nobody was there for. A cron that never ran has missed nothing.
async fn missed(db: &Db, entry: CronEntry, schedule: &Schedule, now: Timestamp) -> Result<Vec<Timestamp>> {
    let Some(last) = db.last_tick(entry.worker.spec.name).await? else { return Ok(Vec::new()) };
    let passed = std::iter::successors(schedule.after(last), |due| schedule.after(*due));
    let passed = passed.take_while(|due| *due <= now).take(MOST_COUNTED);
    match entry.cron.missed {
        Missed::RunAll => {
            let mut latest = VecDeque::with_capacity(MOST_MISSED);
            for due in passed {
                if latest.len() == MOST_MISSED {
                    latest.pop_front();
                }
                latest.push_back(due);
            }
            Ok(latest.into())
        }
        Missed::RunOnce => Ok(passed.last().into_iter().collect()),
        Missed::Skip => Ok(Vec::new()),
    }
}

/// Runs a cron for the time at which it was due, unless another process did.
async fn run(db: &Db, entry: CronEntry, due: Timestamp) -> Result<()> {
    let name = entry.worker.spec.name;
    if entry.cron.overlap == Overlap::Skip && db.pending(QUEUE, name).await? > 0 {
        tracing::info!(cron = name, due = %due, "left out: the run before goes on");
        return write_tx!(db, |tx| { tx.tick(name, due).await.map(drop) }).await;
    }
    write_tx!(db, |tx| {
        if tx.tick(name, due).await? {
            tx.put(task(entry, name)?);
        }
        Ok(())
    })
    .await
}

fn task(entry: CronEntry, name: &'static str) -> Result<NewTask> {
    Ok(NewTask {
        id: TaskId::new(),
        queue: QUEUE.into(),
        name: name.into(),
        key: (entry.cron.overlap == Overlap::Queue).then(|| name.to_owned()),
        priority: 100,
        body: "null".to_owned(),
        meta: Meta::of(&Caller::System).write()?,
        due: None,
    })
}
