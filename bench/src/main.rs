//! What Mainstay is measured against: `cargo xtask bench NAME` prints one table in Markdown.
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark waits by the real clock, and its references own their tasks"
)]

mod answer;
mod app;
mod callers;
mod callgrind;
mod create;
mod database;
mod edge;
mod edit;
mod example;
mod exchange;
mod get;
mod growth;
mod hand_written;
mod held;
mod instructions;
mod list;
mod live_index;
mod load;
mod machine;
mod models;
mod mutation;
mod nats;
mod pair;
mod pocketbase;
mod queues;
mod reference;
mod request;
mod retries;
mod rounds;
mod server;
mod size;
mod sqlite;
mod subject;
mod table;
mod wait;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use tempfile::TempDir;

/// Benchmarks of Mainstay.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
struct Arguments {
    #[command(subcommand)]
    table: Table,
    #[command(flatten)]
    options: Options,
}

/// How to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Rounds that count; one more warms up.
    #[arg(long, global = true, default_value_t = 5)]
    rounds: usize,
    /// Seconds for each contender in each round.
    #[arg(long, global = true, default_value_t = 2.0)]
    seconds: f64,
    /// Clients at the same time.
    #[arg(long, global = true, value_delimiter = ',', default_values_t = [16, 64])]
    clients: Vec<usize>,
}

#[derive(Clone, Copy, Debug, Subcommand)]
enum Table {
    /// P1: hello through our edge, beside bare axum
    Edge,
    /// P1, P2 and P4 in instructions of the server, by crate, under valgrind's callgrind
    Instructions,
    /// P2: get by id on PostgreSQL, beside the same by hand
    Get,
    /// P3: list on PostgreSQL, beside the same by hand, without and with the total
    List,
    /// P4: create on PostgreSQL with its change record, beside a single INSERT by hand
    Create,
    /// P7: transactions of unrelated requests that are run again
    Retries,
    /// P5: a mutation with a task on PostgreSQL, beside the same by hand and with sqlx
    Mutation,
    /// P8: draining a backlog and adding to it, beside graphile-worker, pg-boss and BullMQ
    Queues,
    /// P8: draining beside a transaction that stays open on PostgreSQL, for so many seconds
    Held,
    /// P9: from the commit to the start of the task
    Wait,
    /// Tasks and calls over NATS, beside the same within one process
    Nats,
    /// P6: a mutation on SQLite, beside closures on a writer thread and sqlx
    Sqlite,
    /// P10: a change beside 1k and 100k subscriptions that it does not concern
    LiveIndex,
    /// P13: each kind of request on 10k, 100k and 1M rows, and on as many kept answers
    Growth,
    /// P12: memory, binary and start of examples/blog
    Size,
    /// Get, list and create beside PocketBase
    Pocketbase,
    /// Editing a handler of examples/blog and running it again
    Edit,
    /// What 50 models add to a debug build, clean and after an edit
    Models,
}

impl Options {
    fn time(&self) -> Duration {
        Duration::from_secs_f64(self.seconds)
    }
}

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    match words.first().map(String::as_str) {
        // The servers that are measured are this program again.
        Some("serve" | "seed") => app::run(),
        Some("hand-written") => end(hand_written::serve(words.get(1).map(String::as_str))),
        Some(_) | None => end(run(&Arguments::parse())),
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let options = &arguments.options;
    println!("{}", machine::describe());
    println!(
        "{} rounds of {} s for each, in turns; medians, and (least–most)",
        options.rounds, options.seconds
    );
    match arguments.table {
        Table::Edge => edge::run(options),
        Table::Mutation => mutation::run(options),
        Table::Queues => queues::run(options),
        Table::Held => held::run(options),
        Table::Wait => wait::run(options),
        Table::Nats => nats::run(options),
        Table::Instructions => instructions::run(),
        Table::Get => get::run(options),
        Table::List => list::run(options),
        Table::Create => create::run(options),
        Table::Retries => retries::run(options),
        Table::Sqlite => sqlite::run(options),
        Table::LiveIndex => live_index::run(options),
        Table::Growth => growth::run(options),
        Table::Size => size::run(options),
        Table::Pocketbase => pocketbase::run(options),
        Table::Edit => edit::run(options),
        Table::Models => models::run(options),
    }
}

fn end(result: Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Where benchmarks keep what they fetch and log: `target/bench`.
pub(crate) fn folder() -> Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    let folder = root().join(target).join("bench");
    std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    Ok(folder)
}

/// A folder for one benchmark, on the disk of the workspace, removed at its end.
pub(crate) fn scratch() -> Result<TempDir> {
    Ok(TempDir::new_in(folder()?)?)
}

/// The folder of the workspace.
pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().map_or(manifest.clone(), PathBuf::from)
}
