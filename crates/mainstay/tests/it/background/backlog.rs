//! A queue that is drained for long while a transaction stays open.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use mainstay::kernel::{Db, Dialect, Place};
use mainstay::queue::{Engine, Job, JobName, Run, Work, Worker, WorkerEntry, WorkerSpec, worked};
use mainstay_test::TestApp;
use tokio::sync::oneshot::{self, error::TryRecvError};

use super::app::app;

/// How many have run.
static RAN: AtomicU64 = AtomicU64::new(0);

/// Runs nothing.
#[derive(Clone, Copy)]
#[allow(non_camel_case_types)]
struct nothing;

impl Job for nothing {
    type Input = ();
    const JOB: JobName = JobName { queue: "held", name: "nothing", version: 1 };
}

impl Worker for nothing {
    const SPEC: WorkerSpec =
        WorkerSpec { queue: "held", ..WorkerSpec::new("nothing", Place::at(file!(), line!())) };
    const RUN: Run = Run::Free(|_| {
        Box::pin(async {
            RAN.fetch_add(1, Ordering::Relaxed);
            worked(&())
        })
    });
}

/// Puts so many tasks in at once.
async fn fill(db: &Db, count: u64) {
    let rows = match db.dialect() {
        Dialect::Postgres => format!(
            "SELECT gen_random_uuid(), 'held', 'nothing', 100, 'null', '{{}}', now() FROM generate_series(1, {count})"
        ),
        Dialect::Sqlite => format!(
            "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {count}) \
             SELECT printf('%08x-0000-7000-8000-%012x', abs(random() % 4294967296), n), 'held', 'nothing', 100, 'null', '{{}}', 0 \
             FROM number"
        ),
    };
    let insert =
        format!("INSERT INTO mainstay_task (id, queue, name, priority, body, meta, created_at) {rows}");
    db.migrate(&[insert]).await.expect("a backlog");
}

#[expect(clippy::disallowed_methods, reason = "tasks run in their own time")]
async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}

/// What was put in, and how fast it is taken out.
struct Drain<'a> {
    db: &'a Db,
    filled: u64,
    window: Duration,
}

impl Drain<'_> {
    /// How many ran a second in each of so many windows, without one in which they ran out.
    async fn rates(&mut self, windows: u32) -> Vec<f64> {
        let mut rates = Vec::new();
        for _ in 0..windows {
            let chunk = 20_000;
            while self.filled < RAN.load(Ordering::Relaxed) + 2 * chunk {
                fill(self.db, chunk).await;
                self.filled += chunk;
            }
            let (began, before) = (Instant::now(), RAN.load(Ordering::Relaxed));
            wait(self.window).await;
            let ran = RAN.load(Ordering::Relaxed) - before;
            if self.filled > before + ran {
                #[expect(clippy::cast_precision_loss, reason = "a count of tasks is far below 2^52")]
                rates.push(ran as f64 / began.elapsed().as_secs_f64());
            }
        }
        rates
    }
}

fn middle(rates: &[f64]) -> f64 {
    let mut rates = rates.to_vec();
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

#[mainstay::test(app = app)]
async fn soak_a_transaction_that_stays_open_does_not_slow_a_queue(app: TestApp) {
    let seconds = std::env::var("MAINSTAY_SOAK_SECONDS").ok().and_then(|it| it.parse::<u32>().ok());
    let window = Duration::from_millis(if seconds.is_some() { 1000 } else { 200 });
    let (db, windows) = (app.db(), seconds.unwrap_or(4).max(4));
    let engine = Engine::new(db, Work { workers: vec![WorkerEntry::of::<nothing>()], ..Work::default() });
    let engine = engine.unwrap();
    let mut drain = Drain { db, filled: RAN.load(Ordering::Relaxed), window };
    engine.start().await.unwrap();
    drain.rates(windows.min(5)).await;
    let before = middle(&drain.rates(windows.min(30)).await);
    let (done, mut is_done) = oneshot::channel::<()>();
    let open = db.snapshot(move |reader, _| {
        Box::pin(async move {
            // Idle it would be ended after five seconds.
            while is_done.try_recv() == Err(TryRecvError::Empty) {
                reader.sql("SELECT 1").one::<i64>().await?;
                wait(Duration::from_millis(100)).await;
            }
            Ok(())
        })
    });
    let drained = async {
        let rates = drain.rates(windows).await;
        drop(done);
        rates
    };
    let (closed, rates) = tokio::join!(open, drained);
    closed.unwrap();
    let last = rates.len().min(30);
    let after = middle(&rates[rates.len() - last..]);
    println!(
        "{before:.0} a second before, {after:.0} at the end of {windows} windows: {:.2}",
        after / before
    );
    while RAN.load(Ordering::Relaxed) < drain.filled {
        wait(Duration::from_millis(10)).await;
    }
    assert!(engine.stop(Duration::from_secs(10)).await);
    assert_eq!(RAN.load(Ordering::Relaxed), drain.filled, "each ran once");
    if seconds.is_some() {
        assert!(after >= 0.9 * before, "{after:.0} a second after {before:.0}");
    }
}
