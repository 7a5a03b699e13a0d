//! P1: a small JSON answer through our edge, beside bare axum.

use anyhow::Result;

use crate::rounds::{Contender, take_turns};
use crate::subject::{self, AccessLog};
use crate::{Options, request, scratch, table};

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (with_log, without) = (scratch()?, scratch()?);
    let logging = subject::mainstay(with_log.path(), None, AccessLog::On)?;
    let quiet = subject::mainstay(without.path(), None, AccessLog::Off)?;
    let bare = subject::hand_written(None)?;
    let hello = request::get("/v1/hello");
    let mut rows = Vec::new();
    for &clients in &options.clients {
        let series = take_turns(
            options,
            vec![
                Contender::new("mainstay", || logging.measure(options, clients, &hello)),
                Contender::new("mainstay, log off", || quiet.measure(options, clients, &hello)),
                Contender::new("axum", || bare.measure(options, clients, &hello)),
            ],
        )?;
        let [ours, silent, theirs] = &series[..] else { continue };
        rows.push(vec![
            clients.to_string(),
            ours.to_string(),
            silent.to_string(),
            theirs.to_string(),
            ours.over(theirs).to_string(),
            silent.over(theirs).to_string(),
            "≥ 0.90".to_owned(),
        ]);
    }
    let heads =
        ["clients", "Mainstay", "without access log", "axum", "ratio", "ratio without access log", "target"];
    table::print("P1: hello in JSON (answers a second · server time for each)", &heads, &rows);
    table::note("axum: `axum::serve`, a router, no layers. Neither touches its database.");
    Ok(())
}
