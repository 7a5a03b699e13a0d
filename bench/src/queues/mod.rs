//! P8: how fast a backlog is drained, beside graphile-worker, pg-boss and BullMQ.

mod ours;
mod peers;
mod redis;

use anyhow::Result;

use self::ours::Way;
use self::peers::Peers;
use self::redis::{Fsync, Redis};
use crate::database::Database;
use crate::rounds::{Contender, Sample, Series, take_turns};
use crate::{Options, table};

/// How many jobs wait at the beginning.
const BACKLOG: u32 = 40_000;

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let peers = Peers::fetch()?;
    let contenders = vec![
        Contender::new("Mainstay, PostgreSQL, a transaction each", || ours::postgres(options, Way::InTx)),
        Contender::new("Mainstay, PostgreSQL, a transaction each that writes a row", || {
            ours::postgres(options, Way::Writing)
        }),
        Contender::new("Mainstay, PostgreSQL, ended in groups", || ours::postgres(options, Way::Free)),
        Contender::new("Mainstay, SQLite, a transaction each", || ours::sqlite(options, Way::InTx)),
        Contender::new("Mainstay, SQLite, ended in groups", || ours::sqlite(options, Way::Free)),
        Contender::new("graphile-worker, default", || postgres(&peers, "graphile", "default", options)),
        Contender::new("graphile-worker, tuned", || postgres(&peers, "graphile", "tuned", options)),
        Contender::new("pg-boss, default", || postgres(&peers, "pgboss", "default", options)),
        Contender::new("pg-boss, batches of 1000", || postgres(&peers, "pgboss", "tuned", options)),
        Contender::new("BullMQ, default, fsync always", || redis(&peers, Fsync::Always, "default", options)),
        Contender::new("BullMQ, 100 at once, fsync always", || {
            redis(&peers, Fsync::Always, "tuned", options)
        }),
        Contender::new("BullMQ, 100 at once, fsync each second", || {
            redis(&peers, Fsync::EachSecond, "tuned", options)
        }),
    ];
    let names: Vec<&str> = contenders.iter().map(|it| it.name).collect();
    let series = take_turns(options, contenders)?;
    let rows: Vec<_> = names.iter().zip(&series).map(|(name, it)| row(name, it, &series)).collect();
    let heads =
        ["draining", "jobs a second", "Mainstay, a transaction each ÷ it", "Mainstay, in groups ÷ it"];
    table::print("P8: draining a backlog of 40 000 jobs that do nothing", &heads, &rows);
    table::note(
        "Targets: a transaction each ≥ 5k/s, and more than pg-boss and BullMQ with fsync always; in groups more than \
         graphile-worker, tuned. The ratios are of Mainstay on PostgreSQL, with the defaults of its queue (16 at once).",
    );
    table::note(format!("{}; {}", Database::create()?.settings()?, peers.versions()?));
    Ok(())
}

fn row(name: &str, of: &Series, all: &[Series]) -> Vec<String> {
    vec![name.to_owned(), of.to_string(), all[0].over(of).to_string(), all[2].over(of).to_string()]
}

fn postgres(peers: &Peers, program: &str, mode: &str, options: &Options) -> Result<Sample> {
    let database = Database::create()?;
    peers.measure(program, &database.url, mode, BACKLOG, options)
}

fn redis(peers: &Peers, fsync: Fsync, mode: &str, options: &Options) -> Result<Sample> {
    let redis = Redis::start(fsync)?;
    peers.measure("bullmq", &redis.port().to_string(), mode, BACKLOG, options)
}
