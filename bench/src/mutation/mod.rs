//! P5: a mutation with one task on PostgreSQL, in-process: look the result up, update a row, insert a task, insert
//! the result, commit, SERIALIZABLE throughout.

mod by_hand;
mod ours;

use std::borrow::Cow;

use anyhow::Result;
use mainstay_kernel::work::{NewTask, TaskId};
use tokio::runtime::Runtime;

use crate::database::Database;
use crate::reference::Reference;
use crate::rounds::{Contender, take_turns};
use crate::{Options, table};

/// Rows that are updated.
const ACCOUNTS: u32 = 1000;
const SCHEMA: &str = "CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL); \
     INSERT INTO account SELECT number, 0 FROM generate_series(1, 1000) AS number";
const UPDATE: &str = "UPDATE account SET balance = balance + 1 WHERE id = $1";
pub(crate) const NAME: &str = "send_receipt";
pub(crate) const BODY: &str = r#"{"to":"somebody@example.org"}"#;

/// Connections that write, of each contender.
const CONNECTIONS: usize = 16;

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let reference = Reference::build()?;
    let databases = [prepared()?, prepared()?, prepared()?];
    let [for_us, for_hand, for_sqlx] = &databases;
    let runtime = Runtime::new()?;
    let mut rows = Vec::new();
    for &callers in &options.clients {
        let series = take_turns(
            options,
            vec![
                Contender::new("mainstay", || runtime.block_on(ours::measure(&for_us.url, options, callers))),
                Contender::new("by hand, pipelined", || {
                    runtime.block_on(by_hand::measure(&for_hand.url, options, callers))
                }),
                Contender::new("sqlx", || reference.measure("postgres", &for_sqlx.url, options, callers)),
            ],
        )?;
        let [ours, hand, sqlx] = &series[..] else { continue };
        rows.push(vec![
            callers.to_string(),
            ours.to_string(),
            hand.to_string(),
            ours.over(hand).to_string(),
            "≥ 0.85".to_owned(),
            sqlx.to_string(),
            ours.over(sqlx).to_string(),
            "≥ 1.4".to_owned(),
        ]);
    }
    let heads = ["callers", "Mainstay", "by hand, pipelined", "ratio", "target", "sqlx", "ratio", "target"];
    table::print("P5: mutation with a task on PostgreSQL, in-process (a second)", &heads, &rows);
    table::note(format!(
        "{}; SERIALIZABLE, the same tables and {CONNECTIONS} connections for all; sqlx: {}, one await for each statement.",
        for_us.settings()?,
        reference.versions()?
    ));
    Ok(())
}

/// A database with the framework's tables and the accounts.
fn prepared() -> Result<Database> {
    let database = Database::create()?;
    Runtime::new()?.block_on(async {
        let db = ours::open(&database.url).await?;
        db.stop(std::time::Duration::from_secs(10)).await;
        Ok::<_, anyhow::Error>(())
    })?;
    database.run(SCHEMA)?;
    Ok(database)
}

fn account() -> i32 {
    fastrand::i32(1..=ACCOUNTS.cast_signed())
}

/// What is left behind.
pub(crate) fn task() -> NewTask {
    NewTask {
        id: TaskId::new(),
        queue: Cow::Borrowed("mail"),
        name: Cow::Borrowed(NAME),
        key: None,
        priority: 100,
        body: BODY.to_owned(),
        meta: "{}".to_owned(),
        due: None,
    }
}
