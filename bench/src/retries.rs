//! P7: how many transactions of unrelated requests are run again, because PostgreSQL saw a conflict
//! that is none (40001).

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::pair::Pair;
use crate::rounds::median;
use crate::{Options, request, table};

/// What the database counted.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ended {
    committed: u64,
    rolled_back: u64,
}

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let pair = Pair::start()?;
    let put = request::put_keyed("/v1/posts", &pair.ids);
    let mut rows = Vec::new();
    for &clients in &options.clients {
        let mut shares = Vec::new();
        let mut rates = Vec::new();
        for round in 0..=options.rounds {
            let before = ended(&pair)?;
            let sample = pair.ours.measure(options, clients, &put)?;
            let after = ended(&pair)?;
            let rolled_back = after.rolled_back - before.rolled_back;
            let all = after.committed - before.committed + rolled_back;
            eprintln!("  round {round}: {:.0}/s, {rolled_back} of {all} rolled back", sample.rate);
            if round > 0 {
                #[expect(clippy::cast_precision_loss, reason = "counts of transactions are far below 2^52")]
                shares.push(rolled_back as f64 / all.max(1) as f64);
                rates.push(sample.rate);
            }
        }
        let most = shares.iter().copied().fold(0.0, f64::max);
        rows.push(vec![
            clients.to_string(),
            format!("{:.0}/s", median(rates.into_iter())),
            format!("{:.3} % (at most {:.3} %)", 100.0 * median(shares.into_iter()), 100.0 * most),
            "< 0.5 %".to_owned(),
        ]);
    }
    let heads = ["clients", "requests", "transactions rolled back", "target"];
    table::print("P7: PUT of one of 20 000 rows, each under its own key, PostgreSQL", &heads, &rows);
    table::note(pair.database.settings()?);
    table::note("Counted by `pg_stat_database`: commits and rollbacks of the benchmark's own database.");
    Ok(())
}

/// The counts once they stand still: backends report them with a delay.
fn ended(pair: &Pair) -> Result<Ended> {
    let mut last = read(pair)?;
    for _ in 0..20 {
        sleep(Duration::from_millis(700));
        let now = read(pair)?;
        // Reading is a commit itself.
        if now.rolled_back == last.rolled_back && now.committed - last.committed <= 1 {
            return Ok(now);
        }
        last = now;
    }
    Ok(last)
}

fn read(pair: &Pair) -> Result<Ended> {
    let query = "SELECT xact_commit::text || ' ' || xact_rollback FROM pg_stat_database \
                 WHERE datname = current_database()";
    let text = pair.database.texts(query)?.concat();
    let (committed, rolled_back) = text.split_once(' ').context("pg_stat_database has no such row")?;
    Ok(Ended { committed: committed.parse()?, rolled_back: rolled_back.parse()? })
}
