//! P4: creating a row of a live model, beside a single INSERT by hand.

use anyhow::Result;

use crate::pair::Pair;
use crate::rounds::{Contender, take_turns};
use crate::{Options, request, table};

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let pair = Pair::start()?;
    let post = request::post("/v1/posts");
    let mut rows = Vec::new();
    for &clients in &options.clients {
        let series = take_turns(
            options,
            vec![
                Contender::new("mainstay", || pair.ours.measure(options, clients, &post)),
                Contender::new("by hand", || pair.by_hand.measure(options, clients, &post)),
            ],
        )?;
        let [ours, by_hand] = &series[..] else { continue };
        rows.push(vec![
            clients.to_string(),
            ours.to_string(),
            by_hand.to_string(),
            ours.over(by_hand).to_string(),
            "≥ 0.70".to_owned(),
        ]);
    }
    let heads = ["clients", "Mainstay, with change record", "by hand, without", "ratio", "target"];
    table::print("P4: create, PostgreSQL (answers a second · server time for each)", &heads, &rows);
    table::note(pair.database.settings()?);
    table::note("By hand: one prepared INSERT over a pool of 16, into a table without trigger.");
    Ok(())
}
