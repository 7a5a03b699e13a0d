//! The broker stands still while much is committed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use async_nats::jetstream;
use futures_util::future::try_join_all;
use mainstay::kernel::Db;
use mainstay::prelude::*;
use mainstay::queue::{Duty, Engine, Shares, Work, WorkerEntry};
use mainstay_nats::{Nats, NatsOptions, Outgoing, Pointers};
use mainstay_test::TestApp;

use super::app::{Greeting, app, greet};
use super::broker::{Environment, other};
use super::server::Server;

/// How many tasks, and how many messages, in `cargo xtask soak` and in `cargo xtask test`.
const MANY: usize = 100_000;
const FEW: usize = 2_000;

/// How many of each one transaction leaves, and how many transactions run at the same time.
const TOGETHER: usize = 50;
const WRITERS: usize = 8;

/// By how much a process may grow that has no room for any of it.
const GROWTH_KIB: u64 = 64 * 1024;

/// How often to look whether all is delivered.
const LOOK: Duration = Duration::from_millis(200);

/// How long everything may take to be delivered then.
const PATIENCE: Duration = Duration::from_secs(1200);

/// What this process has in memory in KiB: `VmRSS` now, `VmHWM` at most so far.
fn memory(what: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux says so");
    let line = status.lines().find_map(|it| it.strip_prefix(what)?.strip_prefix(':')).expect("a line");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

async fn connect(server: &Server, environment: &Environment) -> Nats {
    let (servers, prefix) = (vec![server.url()], environment.0.clone());
    Nats::connect(NatsOptions { servers, prefix, ..NatsOptions::default() }).await.expect("a NATS server")
}

/// Commits so many tasks and messages.
async fn commit(db: &Db, many: usize) {
    let transactions = many / TOGETHER;
    let writing = (0..WRITERS).map(async |writer| {
        for number in (writer..transactions).step_by(WRITERS) {
            let inputs: Vec<_> = (0..TOGETHER).map(|it| format!("{number}-{it}")).collect();
            write_tx!(db, |tx| {
                tx.enqueue_all(greet, inputs.clone()).await?;
                for input in &inputs {
                    tx.publish("orders.paid", input).await?;
                }
                Ok(())
            })
            .await?;
        }
        Ok::<_, Error>(())
    });
    try_join_all(writing).await.expect("commits go on");
}

/// The process runs nothing: its tasks are pointed at, and its messages are sent, elsewhere.
async fn front(db: &Db, nats: &Nats) -> (Engine, Outgoing) {
    let outgoing = Outgoing::attach(nats.clone(), db, "people", vec![]).await.expect("a database");
    let shares = Shares::by(Pointers::new(nats.clone()));
    let mut workers = vec![WorkerEntry::of::<greet>()];
    workers.extend(Outgoing::workers());
    let engine = Engine::new(db, Work { workers, duty: Duty::Nothing, shares, ..Work::default() });
    let engine = engine.expect("it can run");
    engine.start().await.expect("it starts");
    (engine, outgoing)
}

/// Runs all of it, over another connection and another handle of the database; how long that took.
async fn deliver(app: &TestApp, nats: Nats, stream: &mut jetstream::stream::Stream, many: usize) -> Duration {
    let began = Instant::now();
    let db = other(app).await;
    let _outgoing = Outgoing::attach(nats.clone(), &db, "people", vec![]).await.expect("a database");
    let mut workers = vec![WorkerEntry::of::<greet>()];
    workers.extend(Outgoing::workers());
    let work =
        Work { workers, duty: Duty::Tasks, shares: Shares::by(Pointers::new(nats)), ..Work::default() };
    let engine = Engine::new(&db, work).expect("it can run");
    engine.start().await.expect("it starts");
    let all = i64::try_from(many).expect("a few");
    let delivered = async {
        while Greeting::filter(Greeting::OF.ne("")).count(&db.reader()).await.expect("a count") < all
            || stream.info().await.is_ok_and(|it| it.state.messages < many as u64)
        {
            // So that pointers that nobody follows are forgotten.
            app.advance(LOOK);
            let _ = tokio::time::timeout(LOOK, std::future::pending::<()>()).await;
        }
    };
    tokio::time::timeout(PATIENCE, delivered).await.expect("all is delivered");
    engine.stop(Duration::from_secs(10)).await;
    began.elapsed()
}

#[mainstay::test(app = app, postgres)]
async fn soak_a_paused_broker_costs_no_memory_and_loses_nothing(app: TestApp) {
    let many = if std::env::var_os("MAINSTAY_SOAK_SECONDS").is_some() { MANY } else { FEW };
    let Some(server) = Server::start("") else { return };
    let environment = Environment::new();
    let jetstream = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let subjects = vec![format!("{}.orders.>", environment.0)];
    let config = jetstream::stream::Config { name: "orders".to_owned(), subjects, ..Default::default() };
    let mut stream = jetstream.create_stream(config).await.unwrap();
    let nats = connect(&server, &environment).await;
    let (engine, outgoing) = front(app.db(), &nats).await;
    // What everything needs once.
    commit(app.db(), WRITERS * TOGETHER).await;
    let before = memory("VmRSS");
    server.signal("-STOP");
    let began = Instant::now();
    commit(app.db(), many).await;
    let (took, during, most) = (began.elapsed(), memory("VmRSS"), memory("VmHWM"));
    server.signal("-CONT");
    let whole = many + WRITERS * TOGETHER;
    let delivered = deliver(&app, connect(&server, &environment).await, &mut stream, whole).await;
    eprintln!(
        "{many} tasks and as many messages committed in {took:?}; delivered in {delivered:?}; RSS before {before} KiB, \
         after the commits {during} KiB, at most {most} KiB, at the end {} KiB",
        memory("VmRSS")
    );
    assert!(most.saturating_sub(before) < GROWTH_KIB, "it grew from {before} KiB to {most} KiB");
    let greeted: Vec<String> =
        app.db().reader().sql("SELECT of FROM greetings").all().await.expect("the greetings");
    assert_eq!((greeted.len(), stream.info().await.unwrap().state.messages), (whole, whole as u64));
    assert_eq!(greeted.iter().collect::<BTreeSet<_>>().len(), many.max(WRITERS * TOGETHER), "each is there");
    engine.stop(Duration::from_secs(5)).await;
    drop(outgoing);
}
