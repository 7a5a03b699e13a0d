//! P2: one row by its key, on PostgreSQL, beside the same by hand.

use anyhow::Result;

use crate::pair::Pair;
use crate::rounds::{Contender, take_turns};
use crate::{Options, request, table};

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let pair = Pair::start()?;
    let one = request::get_one("/v1/posts", &pair.ids);
    let mut rows = Vec::new();
    for &clients in &options.clients {
        let series = take_turns(
            options,
            vec![
                Contender::new("mainstay", || pair.ours.measure(options, clients, &one)),
                Contender::new("by hand", || pair.by_hand.measure(options, clients, &one)),
            ],
        )?;
        let [ours, by_hand] = &series[..] else { continue };
        rows.push(vec![
            clients.to_string(),
            ours.to_string(),
            by_hand.to_string(),
            ours.over(by_hand).to_string(),
            "≥ 0.85".to_owned(),
        ]);
    }
    let heads = ["clients", "Mainstay", "by hand", "ratio", "target"];
    table::print("P2: get by id, PostgreSQL (answers a second · server time for each)", &heads, &rows);
    table::note(pair.database.settings()?);
    table::note("By hand: axum, tokio-postgres, 4 shared connections, prepared. The access log is on.");
    Ok(())
}
