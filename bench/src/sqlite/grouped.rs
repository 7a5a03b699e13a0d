//! The mutation as a closure that runs on a writer thread, grouped with others into one commit: the
//! fastest way there is, because nothing waits between its statements.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use rusqlite::{Connection, params};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{BODY, ENQUEUE, NAME, SCHEMA, UPDATE, account, in_folder};
use crate::Options;
use crate::callers::count;
use crate::rounds::Sample;

const MOST_MEMBERS: usize = 64;
const MOST_TIME: Duration = Duration::from_millis(2);
const RESULT: &str =
    "CREATE TABLE result (id TEXT PRIMARY KEY NOT NULL, path TEXT NOT NULL, input BLOB NOT NULL,
    status INTEGER NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL, created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL) STRICT;
    CREATE INDEX result_expires_at ON result (expires_at);";
const LOOK_UP: &str = "SELECT 1 FROM result WHERE id = ?1";
const KEEP: &str = "INSERT INTO result VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

type Work = Box<dyn FnOnce(&Connection) -> rusqlite::Result<()> + Send>;

struct Job {
    work: Work,
    done: oneshot::Sender<rusqlite::Result<()>>,
}

/// So many callers at once.
pub(super) fn measure(options: &Options, callers: usize) -> Result<Sample> {
    in_folder(async |file| {
        let connection = open(file)?;
        let (jobs, queue) = channel();
        let writer = std::thread::spawn(move || write(&connection, &queue));
        let sample = count(options, callers, move || mutate(jobs.clone())).await?;
        // The senders are gone, so it ends.
        writer.join().expect("the writer thread does not panic")?;
        Ok(sample)
    })
}

fn open(file: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000;
         PRAGMA wal_autocheckpoint = 4000; PRAGMA mmap_size = 268435456;",
    )?;
    connection.execute_batch(SCHEMA)?;
    connection.execute_batch(RESULT)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

async fn mutate(jobs: Sender<Job>) -> Result<()> {
    let (done, waiting) = oneshot::channel();
    if jobs.send(Job { work: Box::new(transfer), done }).is_err() {
        bail!("the writer thread has ended");
    }
    Ok(waiting.await??)
}

fn transfer(connection: &Connection) -> rusqlite::Result<()> {
    let id = Uuid::new_v4().to_string();
    if connection.prepare_cached(LOOK_UP)?.exists([&id])? {
        return Ok(());
    }
    connection.prepare_cached(UPDATE)?.execute([account()])?;
    connection.prepare_cached(ENQUEUE)?.execute(params![Uuid::now_v7().to_string(), NAME, BODY])?;
    let now = 1_790_000_000_000_000_i64;
    connection.prepare_cached(KEEP)?.execute(params![
        id,
        "POST /v1/transfers",
        [7_u8; 32],
        200,
        "[]",
        b"null",
        now,
        now + 1
    ])?;
    Ok(())
}

/// Runs jobs in groups: each in a savepoint, all in one commit, told of it afterwards.
fn write(connection: &Connection, queue: &Receiver<Job>) -> rusqlite::Result<()> {
    let command = |text: &str| connection.prepare_cached(text)?.execute([]).map(drop);
    while let Ok(first) = queue.recv() {
        let opened = Instant::now();
        command("BEGIN IMMEDIATE")?;
        let (mut told, mut next) = (Vec::new(), Some(first));
        while let Some(job) = next {
            command("SAVEPOINT member")?;
            let result = (job.work)(connection);
            if result.is_err() {
                command("ROLLBACK TO member")?;
            }
            command("RELEASE member")?;
            told.push((job.done, result));
            let is_full = told.len() >= MOST_MEMBERS || opened.elapsed() >= MOST_TIME;
            next = if is_full { None } else { queue.try_recv().ok() };
        }
        command("COMMIT")?;
        for (done, result) in told {
            // Who left is not told.
            let _ = done.send(result);
        }
    }
    Ok(())
}
