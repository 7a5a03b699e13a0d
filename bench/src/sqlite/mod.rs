//! P6: a mutation on SQLite, in-process: look the result up, update a row, insert a task, insert the
//! result, commit; `synchronous=FULL` throughout.

mod grouped;
mod ours;

use std::path::Path;

use anyhow::Result;
use tokio::runtime::Runtime;

use crate::mutation::{BODY, NAME};
use crate::reference::Reference;
use crate::rounds::{Contender, Sample, take_turns};
use crate::{Options, scratch, table};

/// Rows that are updated.
const ACCOUNTS: u32 = 1000;
const SCHEMA: &str = "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL) STRICT;
    CREATE TABLE task (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL) STRICT;
    WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 1000)
    INSERT INTO account SELECT n, 0 FROM number;";
const UPDATE: &str = "UPDATE account SET balance = balance + 1 WHERE id = ?1";
const ENQUEUE: &str = "INSERT INTO task (id, name, body) VALUES (?1, ?2, ?3)";

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let reference = Reference::build()?;
    let mut rows = Vec::new();
    for &callers in &options.clients {
        let series = take_turns(
            options,
            vec![
                Contender::new("mainstay", || ours::measure(options, callers)),
                Contender::new("closures on a writer thread", || grouped::measure(options, callers)),
                Contender::new("sqlx", || {
                    let folder = scratch()?;
                    reference.measure(
                        "sqlite",
                        &folder.path().join("bench.db").to_string_lossy(),
                        options,
                        callers,
                    )
                }),
            ],
        )?;
        let [ours, grouped, sqlx] = &series[..] else { continue };
        rows.push(vec![
            callers.to_string(),
            ours.to_string(),
            grouped.to_string(),
            ours.over(grouped).to_string(),
            if callers < 64 { "≥ 0.80" } else { "≥ 0.85" }.to_owned(),
            sqlx.to_string(),
            ours.over(sqlx).to_string(),
            "≥ 4".to_owned(),
        ]);
    }
    let heads =
        ["callers", "Mainstay", "closures on a writer thread", "ratio", "target", "sqlx", "ratio", "target"];
    table::print("P6: mutation on SQLite, in-process (a second)", &heads, &rows);
    table::note(format!(
        "WAL, synchronous=FULL, wal_autocheckpoint=4000 for all; a file on disk, new for each measurement. Mainstay and the writer thread: \
         SQLite {}; sqlx: {}, one connection, BEGIN IMMEDIATE.",
        rusqlite::version(),
        reference.versions()?
    ));
    Ok(())
}

/// Runs a measurement in a folder of its own.
fn in_folder(measure: impl AsyncFnOnce(&Path) -> Result<Sample>) -> Result<Sample> {
    let folder = scratch()?;
    let runtime = Runtime::new()?;
    runtime.block_on(measure(&folder.path().join("bench.db")))
}

fn account() -> u32 {
    fastrand::u32(1..=ACCOUNTS)
}
