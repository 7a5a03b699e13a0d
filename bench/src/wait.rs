//! P9: how long a task waits from the commit that left it to its start, at a thousand a second.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Result;
use mainstay::queue::{
    Engine, Job, JobName, Run, Scheduler as _, Work, Worker, WorkerEntry, WorkerSpec, worked,
};
use mainstay_kernel::{Db, DbOptions, Place, StoreUrl};
use tokio::runtime::Runtime;

use crate::database::Database;
use crate::{Options, scratch, table};

/// Tasks in a second.
const RATE: u32 = 1000;

/// When each task started.
static STARTS: Mutex<Vec<Option<Instant>>> = Mutex::new(Vec::new());

#[derive(Clone, Copy)]
#[allow(non_camel_case_types)]
struct note;

impl Job for note {
    type Input = usize;
    const JOB: JobName = JobName { queue: WorkerSpec::QUEUE, name: "note", version: 1 };
}

impl Worker for note {
    const SPEC: WorkerSpec = WorkerSpec::new("note", Place::at(file!(), line!()));
    const RUN: Run = Run::InTx(|_, cx| {
        Box::pin(async move {
            let now = Instant::now();
            let number: usize = cx.input()?;
            started(number, now);
            worked(&())
        })
    });
}

/// The task of this number starts.
fn started(number: usize, now: Instant) {
    let mut starts = STARTS.lock().expect("nobody panics");
    if starts.len() <= number {
        starts.resize(number + 1, None);
    }
    starts[number] = Some(now);
}

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = Runtime::new()?;
    let mut rows = Vec::new();
    for round in 0..=options.rounds {
        let (database, folder) = (Database::create()?, scratch()?);
        for (name, url) in [
            ("PostgreSQL", StoreUrl::Postgres(database.url.clone())),
            ("SQLite", StoreUrl::SqliteFile(folder.path().join("bench.db"))),
        ] {
            let waits = runtime.block_on(measure(url, options.time()))?;
            if round > 0 {
                rows.push((name, waits));
            }
        }
    }
    let mut lines = Vec::new();
    for store in ["PostgreSQL", "SQLite"] {
        let mut waits: Vec<Duration> =
            rows.iter().filter(|it| it.0 == store).flat_map(|it| it.1.clone()).collect();
        waits.sort();
        lines.push(vec![
            store.to_owned(),
            waits.len().to_string(),
            millis(&waits, 50),
            "≤ 2 ms".to_owned(),
            millis(&waits, 99),
            "≤ 10 ms".to_owned(),
        ]);
    }
    table::print(
        "P9: from the commit to the start of its task, at 1 000 a second",
        &["store", "tasks", "p50", "target", "p99", "target"],
        &lines,
    );
    table::note(
        "One transaction and one task each; the task runs in a transaction of its own. Measured from when the commit's \
         outcome is known; one that started before that waited 0.",
    );
    Ok(())
}

async fn measure(url: StoreUrl, time: Duration) -> Result<Vec<Duration>> {
    let db = Db::open(DbOptions::new(url)).await?;
    let engine = Engine::new(&db, Work { workers: vec![WorkerEntry::of::<note>()], ..Work::default() })?;
    STARTS.lock().expect("nobody panics").clear();
    engine.start().await?;
    let count = (time.as_secs_f64() * f64::from(RATE)) as usize;
    let began = Instant::now();
    let mut writes = Vec::with_capacity(count);
    for number in 0..count {
        let due = began + Duration::from_secs_f64(number as f64 / f64::from(RATE));
        tokio::time::sleep_until(due.into()).await;
        let db = db.clone();
        writes.push(tokio::spawn(async move {
            db.write(async move |tx| tx.enqueue(note, number).await.map(drop)).await?;
            Ok::<_, mainstay_kernel::Error>(Instant::now())
        }));
    }
    let mut committed = Vec::with_capacity(count);
    for write in writes {
        committed.push(write.await??);
    }
    while STARTS.lock().expect("nobody panics").iter().flatten().count() < count {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    engine.stop(Duration::from_secs(10)).await;
    db.stop(Duration::from_secs(10)).await;
    let starts = std::mem::take(&mut *STARTS.lock().expect("nobody panics"));
    Ok(starts
        .into_iter()
        .flatten()
        .zip(committed)
        .map(|(start, commit)| start.saturating_duration_since(commit))
        .collect())
}

fn millis(sorted: &[Duration], percent: usize) -> String {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or_else(String::new, |it| format!("{:.2} ms", it.as_secs_f64() * 1000.0))
}
