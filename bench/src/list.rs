//! P3: the first 25 rows of 100 000, on PostgreSQL, beside the same by hand, and what `total` costs.

use anyhow::Result;

use crate::pair::Pair;
use crate::rounds::{Contender, take_turns};
use crate::{Options, request, table};

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let pair = Pair::start()?;
    let (plain, total) = (request::get("/v1/posts?limit=25&count=none"), request::get("/v1/posts?limit=25"));
    let mut rows = Vec::new();
    for &clients in &options.clients {
        let series = take_turns(
            options,
            vec![
                Contender::new("mainstay", || pair.ours.measure(options, clients, &plain)),
                Contender::new("by hand", || pair.by_hand.measure(options, clients, &plain)),
                Contender::new("mainstay, total", || pair.ours.measure(options, clients, &total)),
            ],
        )?;
        let [ours, by_hand, counted] = &series[..] else { continue };
        rows.push(vec![
            clients.to_string(),
            ours.to_string(),
            by_hand.to_string(),
            ours.over(by_hand).to_string(),
            "≥ 0.85".to_owned(),
            counted.to_string(),
            counted.over(ours).to_string(),
            "≥ 0.5".to_owned(),
        ]);
    }
    let heads = [
        "clients",
        "`count=none`",
        "by hand",
        "ratio",
        "target",
        "default `total`",
        "÷ `count=none`",
        "target",
    ];
    table::print("P3: list 25 of 100k, PostgreSQL (answers a second · server time for each)", &heads, &rows);
    table::note(pair.database.settings()?);
    table::note("Nobody writes meanwhile, so a total holds until the next commit.");
    Ok(())
}
