use std::sync::atomic::{AtomicBool, Ordering};

use mainstay_kernel::{Db, Error, Tx};

use super::{Mirror, Tail, is_postgres, live, stranger};
use crate::stores::{Given, on_both};

/// How many write at the same time, and how many transactions each.
const WRITERS: u64 = 4;
const TRANSACTIONS: u64 = 40;

/// Ids that they fight over.
const IDS: i64 = 12;

/// A statement on one row, or on some.
fn statement(dice: &mut fastrand::Rng) -> String {
    let (id, title) = (dice.i64(0..IDS), dice.u32(..));
    match dice.u8(0..7) {
        0 | 1 => format!("INSERT INTO notes (id, title) VALUES ({id}, 't{title}') ON CONFLICT DO NOTHING"),
        2 => format!(
            "INSERT INTO notes (id, title) VALUES ({id}, 't{title}') ON CONFLICT (id) DO UPDATE SET title = excluded.title"
        ),
        3 | 4 => format!("UPDATE notes SET title = 't{title}' WHERE id = {id}"),
        5 => format!("UPDATE notes SET title = title || 'x' WHERE id IN ({id}, {id} + 1)"),
        _ => format!("DELETE FROM notes WHERE id = {id}"),
    }
}

/// Random transactions, a third of which are undone.
async fn burst(db: &Db, seed: u64) {
    let mut dice = fastrand::Rng::with_seed(seed);
    for _ in 0..TRANSACTIONS {
        let statements: Vec<_> = (0..dice.usize(1..5)).map(|_| statement(&mut dice)).collect();
        let undone = dice.u8(0..3) == 0;
        // Conflicts that stay after ten runs leave nothing, like every failure.
        let _ = db
            .write(async |tx: &mut Tx| {
                for statement in &statements {
                    tx.sql(statement).execute().await?;
                    tokio::task::yield_now().await;
                }
                if undone { Err(Error::internal("on purpose")) } else { Ok(()) }
            })
            .await;
    }
}

/// The same past the framework, with savepoints: what fails is undone up to the last of them.
async fn foreign_burst(client: tokio_postgres::Client, seed: u64) {
    let mut dice = fastrand::Rng::with_seed(seed);
    // Where it may: it is for whoever would wait a second to find out that they wait for each other.
    let _ = client.batch_execute("SET deadlock_timeout = '20ms'").await;
    for _ in 0..TRANSACTIONS {
        client.batch_execute("BEGIN").await.unwrap();
        for _ in 0..dice.usize(1..5) {
            client.batch_execute("SAVEPOINT one").await.unwrap();
            let ran = client.batch_execute(&statement(&mut dice)).await;
            let gone = ran.is_err() || dice.u8(0..4) == 0;
            // A deadlock has ended the savepoint's transaction too.
            let end = if gone { "ROLLBACK TO one" } else { "RELEASE one" };
            if client.batch_execute(end).await.is_err() {
                break;
            }
        }
        let end = if dice.u8(0..3) == 0 { "ROLLBACK" } else { "COMMIT" };
        client.batch_execute(end).await.unwrap();
    }
}

on_both! {
    async fn a_burst_of_random_transactions_is_told_as_it_was_committed(given: Given) {
        let seed = std::env::var("SEED").ok().and_then(|it| it.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
        eprintln!("SEED={seed}");
        let db = &given.db;
        live(db).await;
        let mut tail = Tail::of(db).await;
        let (mut mirror, over) = (Mirror::default(), AtomicBool::new(false));
        let mut strangers = Vec::new();
        if is_postgres(&given) {
            for number in 0..2 {
                strangers.push(foreign_burst(stranger(&given).await, seed.wrapping_add(100 + number)));
            }
        }
        let writers = (0..WRITERS).map(|number| burst(db, seed.wrapping_add(number)));
        let writing = async {
            futures_util::join!(futures_util::future::join_all(writers), futures_util::future::join_all(strangers));
            over.store(true, Ordering::SeqCst);
        };
        let reading = async {
            let mut deltas = 0;
            loop {
                let last = over.load(Ordering::SeqCst);
                let changes = tail.next().await;
                deltas += usize::from(!changes.is_empty());
                mirror.apply(&changes);
                if last {
                    return deltas;
                }
            }
        };
        let (deltas, ()) = futures_util::join!(reading, writing);
        assert!(deltas > 2, "{deltas} deltas say little");
        assert_eq!(mirror, Mirror::committed(db).await);
    }
}
