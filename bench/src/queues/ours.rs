//! Ours, in this process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use mainstay::queue::{Engine, Job, JobName, Run, Work, Worker, WorkerEntry, WorkerSpec, worked};
use mainstay_kernel::{Db, DbOptions, Place, Statement, StoreUrl, Tx};
use tokio::runtime::Runtime;

use super::BACKLOG;
use crate::database::Database;
use crate::rounds::Sample;
use crate::{Options, scratch};

/// How a job is run.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// In a transaction, which ends it.
    InTx,
    /// In a transaction that writes a row and ends it.
    Writing,
    /// Without one; the ends of several are written together.
    Free,
}

/// How many are done.
static DONE: AtomicU64 = AtomicU64::new(0);

macro_rules! nothing {
    ($name:ident, $run:expr) => {
        #[derive(Clone, Copy)]
        #[allow(non_camel_case_types)]
        struct $name;

        impl Job for $name {
            type Input = ();
            const JOB: JobName = JobName { queue: WorkerSpec::QUEUE, name: "nothing", version: 1 };
        }

        impl Worker for $name {
            const SPEC: WorkerSpec = WorkerSpec::new("nothing", Place::at(file!(), line!()));
            const RUN: Run = $run;
        }
    };
}

nothing!(in_tx, Run::InTx(|_, _| Box::pin(async { done() })));
nothing!(writing, Run::InTx(|tx, _| Box::pin(async { wrote(tx).await })));
nothing!(free, Run::Free(|_| Box::pin(async { done() })));

async fn wrote(tx: &mut Tx) -> mainstay::queue::Worked {
    tx.sql("INSERT INTO done (n) VALUES (?)").bind(1).execute().await?;
    done()
}

fn done() -> mainstay::queue::Worked {
    DONE.fetch_add(1, Ordering::Relaxed);
    worked(&())
}

pub(super) fn postgres(options: &Options, way: Way) -> Result<Sample> {
    let database = Database::create()?;
    let fill = format!(
        "INSERT INTO mainstay_task (id, queue, name, priority, body, meta, created_at) \
         SELECT gen_random_uuid(), 'default', 'nothing', 100, 'null', '{{}}', now() FROM generate_series(1, {BACKLOG})"
    );
    Runtime::new()?.block_on(drain(StoreUrl::Postgres(database.url.clone()), &fill, options, way))
}

pub(super) fn sqlite(options: &Options, way: Way) -> Result<Sample> {
    let folder = scratch()?;
    let fill = format!(
        "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {BACKLOG}) \
         INSERT INTO mainstay_task (id, queue, name, priority, body, meta, created_at) \
         SELECT printf('00000000-0000-7000-8000-%012x', n), 'default', 'nothing', 100, 'null', '{{}}', 0 FROM number"
    );
    let url = StoreUrl::SqliteFile(folder.path().join("bench.db"));
    Runtime::new()?.block_on(drain(url, &fill, options, way))
}

async fn drain(url: StoreUrl, fill: &str, options: &Options, way: Way) -> Result<Sample> {
    let mut settings = DbOptions::new(url);
    settings.write_budget = Duration::from_secs(60);
    let db = Db::open(settings).await?;
    db.migrate(&["CREATE TABLE done (n integer NOT NULL)".to_owned()]).await?;
    let fill = Statement::new(fill.to_owned());
    db.write(async move |tx| tx.execute(&fill).await).await?;
    let worker = match way {
        Way::InTx => WorkerEntry::of::<in_tx>(),
        Way::Writing => WorkerEntry::of::<writing>(),
        Way::Free => WorkerEntry::of::<free>(),
    };
    let engine = Engine::new(&db, Work { workers: vec![worker], ..Work::default() })?;
    DONE.store(0, Ordering::Relaxed);
    engine.start().await?;
    while DONE.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (began, before) = (Instant::now(), DONE.load(Ordering::Relaxed));
    while began.elapsed() < options.time() && DONE.load(Ordering::Relaxed) < BACKLOG.into() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (done, took) = (DONE.load(Ordering::Relaxed) - before, began.elapsed());
    engine.stop(Duration::from_secs(10)).await;
    db.stop(Duration::from_secs(10)).await;
    #[expect(clippy::cast_precision_loss, reason = "a count of jobs is far below 2^52")]
    let rate = done as f64 / took.as_secs_f64();
    Ok(Sample { rate, cpu_micros: None })
}
