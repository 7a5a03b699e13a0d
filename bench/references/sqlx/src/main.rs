//! The mutation of benchmarks P5 and P6 as one writes it with sqlx: a transaction, one statement after the other.
//! `sqlx-reference sqlite FILE CALLERS SECONDS` and `sqlx-reference postgres URL CALLERS SECONDS` print mutations a
//! second; without words, versions.

mod postgres;
mod sqlite;

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sqlx::SqlitePool;

#[tokio::main]
async fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let [kind, place, callers, seconds] = &words[..] else { return versions().await };
    let (callers, seconds) = (callers.parse()?, Duration::from_secs_f64(seconds.parse()?));
    let rate = match kind.as_str() {
        "sqlite" => {
            let pool = sqlite::open(place).await?;
            count(callers, seconds, move || sqlite::mutate(pool.clone())).await?
        }
        "postgres" => {
            let pool = postgres::open(place).await?;
            count(callers, seconds, move || postgres::mutate(pool.clone())).await?
        }
        other => bail!("`{other}` is neither `sqlite` nor `postgres`"),
    };
    println!("{rate:.1}");
    Ok(())
}

/// How many are done in a second.
async fn count<F: Future<Output = sqlx::Result<()>> + Send>(
    callers: usize,
    time: Duration,
    mutate: impl Fn() -> F + Send + Sync + 'static,
) -> Result<f64> {
    let (mutate, done) = (Arc::new(mutate), Arc::new(AtomicU64::new(0)));
    let begun = Instant::now();
    let end = begun + time;
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (mutate, done) = (Arc::clone(&mutate), Arc::clone(&done));
            tokio::spawn(async move {
                while Instant::now() < end {
                    mutate().await?;
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, sqlx::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(done.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64())
}

async fn versions() -> Result<()> {
    let pool = SqlitePool::connect("sqlite::memory:").await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&pool).await?;
    let lock = include_str!("../Cargo.lock");
    let sqlx = lock.split("name = \"sqlx\"\nversion = \"").nth(1).and_then(|it| it.split('"').next());
    println!("{} (its SQLite {version})", sqlx.context("the lock file does not name sqlx")?);
    Ok(())
}
