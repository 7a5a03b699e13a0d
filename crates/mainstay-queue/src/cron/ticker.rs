use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use mainstay_kernel::work::{NewTask, TaskId};
use mainstay_kernel::{Caller, Db, Error, Failpoint, Result, Timestamp, write_tx};

use super::{CronEntry, Missed, Overlap, QUEUE, Schedule};
use crate::meta::Meta;

/// How many missed runs are made up for at most.
const MOST_MISSED: usize = 100;

/// How many missed runs are counted for at most: a month of seconds.
const MOST_COUNTED: usize = 3_000_000;

/// How late a run may be that is not made up for when it was missed.
const LATE: Duration = Duration::from_secs(60);

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

    /// Runs what is due; one that fails is due still, and keeps no other back.
    pub(crate) async fn tick(&self, db: &Db) -> Result<()> {
        let now = db.clock().now();
        let mut ticked = Ok(());
        for (index, (entry, schedule)) in self.crons.iter().enumerate() {
            let Some(due) = self.due(index).filter(|due| *due <= now) else { continue };
            match catch_up(db, *entry, schedule, due, now).await {
                Ok(()) => self.set_next(index, schedule.after(now)),
                Err(error) => ticked = ticked.and(Err(error)),
            }
        }
        ticked
    }

    fn due(&self, index: usize) -> Option<Timestamp> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)[index]
    }

    fn set_next(&self, index: usize, next: Option<Timestamp>) {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)[index] = next;
    }
}

/// Runs what has become due since: more than one time only where the process was held up, as a machine that slept.
async fn catch_up(
    db: &Db,
    entry: CronEntry,
    schedule: &Schedule,
    due: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let mut times = latest(schedule, Some(due), now, MOST_MISSED);
    match entry.cron.missed {
        Missed::RunAll => {}
        Missed::RunOnce => times = times.split_off(times.len().saturating_sub(1)),
        Missed::Skip => {
            times = times.split_off(times.len().saturating_sub(1));
            times.retain(|due| *due > now.minus(LATE));
        }
    }
    for due in times {
        run(db, entry, due).await?;
    }
    Ok(())
}

/// The times since the last run that nobody was there for. A cron that never ran has missed nothing.
async fn missed(
    db: &Db,
    entry: CronEntry,
    schedule: &Schedule,
    now: Timestamp,
) -> Result<VecDeque<Timestamp>> {
    let Some(last) = db.last_tick(entry.worker.spec.name).await? else { return Ok(VecDeque::new()) };
    let most = match entry.cron.missed {
        Missed::RunAll => MOST_MISSED,
        Missed::RunOnce => 1,
        Missed::Skip => return Ok(VecDeque::new()),
    };
    Ok(latest(schedule, schedule.after(last), now, most))
}

/// The latest times from `first` until now, as many as that at most.
fn latest(schedule: &Schedule, first: Option<Timestamp>, now: Timestamp, most: usize) -> VecDeque<Timestamp> {
    let mut latest = VecDeque::new();
    let passed = std::iter::successors(first, |due| schedule.after(*due)).take_while(|due| *due <= now);
    for due in passed.take(MOST_COUNTED) {
        if latest.len() == most {
            latest.pop_front();
        }
        latest.push_back(due);
    }
    latest
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
        Failpoint::TickWritten.reach();
        Ok(())
    })
    .await?;
    Failpoint::Ticked.reach();
    Ok(())
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
