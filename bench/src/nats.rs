//! Tasks and calls over NATS, beside the same within one process.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::future::join_all;
use mainstay::kernel::{Boxed, Caller};
use mainstay::prelude::*;
use mainstay::queue::operation::Client as Within;
use mainstay::queue::{Duty, Engine, OperationEntry, Operations, Shares, Work, WorkerEntry};
use mainstay_client::{Client, Operation};
use mainstay_kernel::{Clock, DbOptions, StoreUrl};
use mainstay_nats::{Authenticate, Ingress, Nats, NatsOptions, Pointers};
use tokio::runtime::Runtime;

use crate::database::Database;
use crate::{Options, table};

/// Transactions at the same time, each of which leaves a task.
const COMMITTERS: usize = 16;

/// Processes that run them over NATS.
const NODES: usize = 3;

/// Who commits and who runs.
enum Nodes {
    /// One process does both.
    One,
    /// Each does both; what has no room at one runs at another.
    Three(String),
    /// One process commits and runs nothing.
    Behind(String),
}

static DONE: AtomicUsize = AtomicUsize::new(0);

#[worker(queue = "notes")]
async fn note(_: &mut Tx, number: usize) -> Result<(), WorkError> {
    std::hint::black_box(number);
    DONE.fetch_add(1, Ordering::Relaxed);
    Ok(())
}

#[mutation(queue = "bench", path = "bench.touch")]
async fn touch(tx: &mut Tx) -> mainstay::Result<i64> {
    Ok(tx.sql("SELECT 1::bigint").one().await?.unwrap_or_default())
}

const TOUCH: Operation<(), i64> = Operation::new("bench", "bench.touch");

/// Prints both tables.
pub(crate) fn run(options: &Options) -> Result<()> {
    let runtime = Runtime::new()?;
    let (mut rates, mut latencies) = (Vec::new(), Vec::new());
    for round in 0..=options.rounds {
        let (one, three, behind) = (Database::create()?, Database::create()?, Database::create()?);
        let rate = runtime.block_on(tasks(&one.url, options.time(), Nodes::One))?;
        let over = runtime.block_on(tasks(&three.url, options.time(), Nodes::Three(prefix(round))))?;
        let all_over =
            runtime.block_on(tasks(&behind.url, options.time(), Nodes::Behind(prefix(round + 2000))))?;
        let waits = runtime.block_on(calls(&one.url, options.time(), prefix(round + 1000)))?;
        if round > 0 {
            rates.push([rate, over, all_over]);
            latencies.push(waits);
        }
    }
    let middle = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or_default()
    };
    let row = |what: &str, of: usize| {
        let mut ratios: Vec<f64> = rates.iter().map(|it| it[of] / it[0]).collect();
        ratios.sort_by(f64::total_cmp);
        vec![
            what.to_owned(),
            format!("{:.0}/s", middle(rates.iter().map(|it| it[of]).collect())),
            format!("{:.2} ({:.2}–{:.2})", middle(ratios.clone()), ratios[0], ratios[ratios.len() - 1]),
        ]
    };
    table::print(
        "Tasks of transactions, committed and run, PostgreSQL; target of three over NATS ≥ 0.8",
        &["", "tasks", "of one process"],
        &[
            row("one process, without NATS", 0),
            row("three processes over NATS, each of which commits and runs", 1),
            row("three that run over NATS, and one that commits alone: each task goes over NATS", 2),
        ],
    );
    let millis =
        |at: fn(&(f64, f64)) -> f64| format!("{:.2} ms", middle(latencies.iter().map(at).collect()) * 1e3);
    table::print(
        "A mutation, one caller, p50",
        &["from within", "over NATS", "added", "target"],
        &[vec![millis(|it| it.0), millis(|it| it.1), millis(|it| it.1 - it.0), "≤ 1 ms".to_owned()]],
    );
    table::note(
        "NATS with JetStream on the same machine, requests kept in a file; PostgreSQL as it is installed.",
    );
    Ok(())
}

fn prefix(round: usize) -> String {
    format!("bench-{}-{round}", std::process::id())
}

fn broker() -> String {
    env::var("TEST_NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".to_owned())
}

async fn connect(prefix: &str) -> Result<Nats> {
    let options =
        NatsOptions { servers: vec![broker()], prefix: prefix.to_owned(), ..NatsOptions::default() };
    Ok(Nats::connect(options).await?)
}

/// How many tasks a second are committed and run.
async fn tasks(url: &str, time: Duration, nodes: Nodes) -> Result<f64> {
    let open = async || Db::open(DbOptions::new(StoreUrl::Postgres(url.to_owned()))).await;
    let work =
        |duty, shares| Work { workers: vec![WorkerEntry::of::<note>()], duty, shares, ..Work::default() };
    let (running, prefix, front) = match &nodes {
        Nodes::One => (1, None, false),
        Nodes::Three(prefix) => (NODES, Some(prefix), false),
        Nodes::Behind(prefix) => (NODES, Some(prefix), true),
    };
    let shares = async || -> Result<Shares> {
        let Some(prefix) = prefix else { return Ok(Shares::default()) };
        Ok(Shares::by(Pointers::new(connect(prefix).await?)))
    };
    let mut engines = Vec::new();
    for place in 0..running + usize::from(front) {
        let duty = if front && place == 0 { Duty::Nothing } else { Duty::Tasks };
        let db = open().await?;
        engines.push((Engine::new(&db, work(duty, shares().await?))?, db));
    }
    let committers = if front { 1 } else { running };
    for (engine, _) in &engines {
        engine.start().await?;
    }
    DONE.store(0, Ordering::Relaxed);
    let begun = Instant::now();
    let committing = (0..COMMITTERS).map(|number| {
        let db = engines[number % committers].1.clone();
        tokio::spawn(async move {
            let mut count = 0;
            while begun.elapsed() < time {
                db.write(async move |tx: &mut Tx| tx.enqueue(note, count).await.map(drop)).await?;
                count += 1;
            }
            Ok::<_, mainstay_kernel::Error>(count)
        })
    });
    let mut committed = 0;
    for count in join_all(committing).await {
        committed += count??;
    }
    while DONE.load(Ordering::Relaxed) < committed {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = committed as f64 / begun.elapsed().as_secs_f64();
    for (engine, db) in engines {
        engine.stop(Duration::from_secs(5)).await;
        db.stop(Duration::from_secs(5)).await;
    }
    forget(prefix.map(String::as_str)).await?;
    Ok(rate)
}

/// How long one call takes from within, and how long over NATS: seconds, p50.
async fn calls(url: &str, time: Duration, prefix: String) -> Result<(f64, f64)> {
    let db = Db::open(DbOptions::new(StoreUrl::Postgres(url.to_owned()))).await?;
    let operations = Operations::new([(OperationEntry::of::<touch>(), Vec::new())], &Clock::system())?;
    db.extend(operations.clone())?;
    let anybody: Authenticate = Arc::new(|_| -> Boxed<'static, mainstay::Result<Caller>> {
        Box::pin(async { Ok(Caller::Anonymous) })
    });
    let ingress = Ingress::new(connect(&prefix).await?, &db, operations, anybody)?;
    ingress.start(|_| 16).await?;
    let client = Client::connect(broker()).await?.prefix(&prefix);
    let within = Within::new(&db).acting_for(Caller::Anonymous);
    let (mut here, mut over) = (Vec::new(), Vec::new());
    let end = Instant::now() + time;
    while Instant::now() < end {
        let id = uuid::Uuid::now_v7();
        let begun = Instant::now();
        within.call(touch, ()).request_id(id).await?;
        here.push(begun.elapsed());
        let begun = Instant::now();
        client.call(TOUCH, &()).await?;
        over.push(begun.elapsed());
    }
    ingress.stop(Duration::from_secs(5)).await;
    db.stop(Duration::from_secs(5)).await;
    forget(Some(&prefix)).await?;
    let middle = |mut all: Vec<Duration>| {
        all.sort();
        all.get(all.len() / 2).context("nothing was called").map(Duration::as_secs_f64)
    };
    Ok((middle(here)?, middle(over)?))
}

/// The product deletes no stream.
async fn forget(prefix: Option<&str>) -> Result<()> {
    use futures_util::StreamExt as _;
    let Some(prefix) = prefix else { return Ok(()) };
    let jetstream = async_nats::jetstream::new(async_nats::connect(broker()).await?);
    let mut names = jetstream.stream_names();
    while let Some(Ok(name)) = names.next().await {
        if name.starts_with(prefix) {
            jetstream.delete_stream(&name).await?;
        }
    }
    Ok(())
}
