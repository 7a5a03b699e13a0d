//! P8: draining beside a transaction that stays open, for which PostgreSQL keeps every task that has ended.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use mainstay::queue::{Engine, Job, JobName, Run, Work, Worker, WorkerEntry, WorkerSpec, worked};
use mainstay_kernel::{Db, DbOptions, Place, Statement, StoreUrl};
use tokio::runtime::Runtime;

use crate::database::Database;
use crate::{Options, table};

/// How many tasks are put in and taken out at a time.
const CHUNK: u64 = 20_000;

/// How many figures are printed of each.
const PARTS: usize = 6;

/// How long the side without an open transaction took, and the one with it.
type Pair = (Duration, Duration);

/// How many are done.
static DONE: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Copy)]
#[allow(non_camel_case_types)]
struct nothing;

impl Job for nothing {
    type Input = ();
    const JOB: JobName = JobName { queue: WorkerSpec::QUEUE, name: "nothing", version: 1 };
}

impl Worker for nothing {
    const SPEC: WorkerSpec = WorkerSpec::new("nothing", Place::at(file!(), line!()));
    const RUN: Run = Run::Free(|_| {
        Box::pin(async {
            DONE.fetch_add(1, Ordering::Relaxed);
            worked(&())
        })
    });
}

/// A database of its own, whose tasks are run.
struct Side {
    database: Database,
    db: Db,
    engine: Engine,
}

impl Side {
    fn start(runtime: &Runtime) -> Result<Self> {
        let database = Database::create()?;
        let url = StoreUrl::Postgres(database.url.clone());
        let (db, engine) = runtime.block_on(async {
            let db = Db::open(DbOptions::new(url)).await?;
            let work = Work { workers: vec![WorkerEntry::of::<nothing>()], ..Work::default() };
            let engine = Engine::new(&db, work)?;
            engine.start().await?;
            Ok::<_, anyhow::Error>((db, engine))
        })?;
        Ok(Self { database, db, engine })
    }

    /// How long it takes to drain as many as are put in.
    fn drain(&self, runtime: &Runtime) -> Result<Duration> {
        let before = DONE.load(Ordering::Relaxed);
        let fill = Statement::new(format!(
            "INSERT INTO mainstay_task (id, queue, name, priority, body, meta, created_at) \
             SELECT gen_random_uuid(), 'default', 'nothing', 100, 'null', '{{}}', now() FROM generate_series(1, {CHUNK})"
        ));
        runtime.block_on(self.db.write(async move |tx| tx.execute(&fill).await))?;
        let done = || DONE.load(Ordering::Relaxed) - before;
        // The first of them wait for somebody to look.
        while done() < CHUNK / 10 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let (began, first) = (Instant::now(), done());
        while done() < CHUNK {
            std::thread::sleep(Duration::from_millis(1));
        }
        #[expect(clippy::cast_precision_loss, reason = "a count of jobs is far below 2^52")]
        let part = CHUNK as f64 / (CHUNK - first) as f64;
        Ok(began.elapsed().mul_f64(part))
    }

    fn stop(self, runtime: &Runtime) {
        runtime.block_on(async {
            self.engine.stop(Duration::from_secs(10)).await;
            self.db.stop(Duration::from_secs(10)).await;
        });
    }
}

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = Runtime::new()?;
    let (free, held) = (Side::start(&runtime)?, Side::start(&runtime)?);
    for side in [&free, &held] {
        side.drain(&runtime)?;
    }
    held.database.run("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()")?;
    let (began, mut times) = (Instant::now(), Vec::new());
    while began.elapsed() < options.time() || times.len() < PARTS {
        times.push((free.drain(&runtime)?, held.drain(&runtime)?));
    }
    let part = times.len().div_ceil(PARTS);
    let mut ended = 0;
    let rows: Vec<_> = times
        .chunks(part)
        .map(|part| {
            ended += part.len() as u64;
            row(ended, part)
        })
        .collect();
    let heads = ["kept by the open transaction", "jobs a second without one", "beside it", "ratio"];
    table::print("P8: draining beside a transaction that stays open, PostgreSQL", &heads, &rows);
    table::note("Medians of chunks that took turns; target: at least 0.9.");
    free.stop(&runtime);
    held.stop(&runtime);
    Ok(())
}

fn row(ended: u64, part: &[Pair]) -> Vec<String> {
    #[expect(clippy::cast_precision_loss, reason = "a count of jobs is far below 2^52")]
    let rate = |times: Vec<Duration>| CHUNK as f64 / middle(times).as_secs_f64();
    let free = rate(part.iter().map(|it| it.0).collect());
    let held = rate(part.iter().map(|it| it.1).collect());
    vec![
        format!("{}k tasks", ended * CHUNK / 1000),
        format!("{free:.0}"),
        format!("{held:.0}"),
        format!("{:.2}", held / free),
    ]
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
