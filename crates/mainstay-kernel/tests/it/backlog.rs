//! What a long queue costs those that put tasks in and take them out.

use std::time::{Duration, Instant};

use mainstay_kernel::work::{NewTask, TaskId, Trail};
use mainstay_kernel::{Db, Dialect, Tx};
use uuid::Uuid;

use crate::stores::{Given, on_both};

/// How many tasks are taken out at once.
const BATCH: u32 = 64;

fn task() -> NewTask {
    NewTask {
        id: TaskId::new(),
        queue: "jobs".into(),
        name: "it".into(),
        key: None,
        priority: 100,
        body: "null".to_owned(),
        meta: "{}".to_owned(),
        due: None,
    }
}

/// Puts so many tasks in, as if by as many transactions before.
async fn fill(db: &Db, count: u32) {
    let rows = match db.dialect() {
        Dialect::Postgres => format!(
            "SELECT gen_random_uuid(), 'jobs', 'it', 100, 'null', '{{}}', now() FROM generate_series(1, {count})"
        ),
        Dialect::Sqlite => format!(
            "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {count}) \
             SELECT printf('%08x-0000-7000-8000-%012x', abs(random() % 4294967296), n), 'jobs', 'it', 100, 'null', '{{}}', 0 FROM number"
        ),
    };
    let insert =
        format!("INSERT INTO mainstay_task (id, queue, name, priority, body, meta, created_at) {rows}");
    // A test's own statement may take as long as it likes: as a migration it has no time budget.
    db.migrate(&[insert]).await.expect("a backlog");
    if db.dialect() == Dialect::Postgres {
        db.migrate(&["ANALYZE mainstay_task".to_owned()]).await.expect("statistics");
    }
}

/// The middle of how long it took to take a batch out and to end it, and to put one in.
async fn times(db: &Db, node: Uuid) -> [Duration; 2] {
    let (mut drained, mut enqueued, mut trail) = (Vec::new(), Vec::new(), Trail::of("jobs"));
    for _ in 0..60 {
        let began = Instant::now();
        let tasks = db.claim(node, &mut trail, BATCH, &[]).await.expect("a claim");
        assert_eq!(tasks.len(), BATCH as usize);
        let fences: Vec<_> = tasks.iter().map(mainstay_kernel::work::Task::fence).collect();
        db.complete(node, &fences).await.expect("their end");
        drained.push(began.elapsed());
        let began = Instant::now();
        db.write(async |tx: &mut Tx| Ok(tx.put(task()))).await.expect("a task");
        enqueued.push(began.elapsed());
    }
    [drained, enqueued].map(|mut all| {
        all.sort();
        all[all.len() / 2]
    })
}

on_both! {
    async fn soak_a_backlog_makes_neither_end_of_a_queue_slow(given: Given) {
        let is_soak = std::env::var_os("MAINSTAY_SOAK_SECONDS").is_some();
        // What differs less than this is noise; beside other tests everything is.
        let (many, most) = if is_soak { (1_000_000, 1.3) } else { (50_000, 10.0) };
        let (db, node) = (&given.db, Uuid::now_v7());
        db.enlist(node, "it", Duration::from_secs(600)).await.unwrap();
        fill(db, 8_000).await;
        times(db, node).await;
        let short = times(db, node).await;
        fill(db, many).await;
        times(db, node).await;
        let long = times(db, node).await;
        for (what, short, long) in [("draining", short[0], long[0]), ("enqueueing", short[1], long[1])] {
            let ratio = long.as_secs_f64() / short.as_secs_f64();
            println!("{what}: {short:?} with 8000 waiting, {long:?} with {many} more: {ratio:.2}");
            assert!(ratio <= most, "{what} took {ratio:.2} times as long");
        }
    }
}
