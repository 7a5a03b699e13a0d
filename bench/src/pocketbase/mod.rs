//! List, get and create of Mainstay on SQLite beside PocketBase, with the same rows.

mod peer;

use anyhow::Result;

use crate::rounds::{Contender, take_turns};
use crate::server::Server;
use crate::subject::{self, AccessLog, ROWS};
use crate::{Options, request, scratch, table};
use peer::PocketBase;

type Request<'a> = Box<dyn Fn(&mut Vec<u8>) + 'a>;

/// One row of the table: what is asked of the one and of the other.
struct Job<'a> {
    name: &'static str,
    ours: Request<'a>,
    theirs: Request<'a>,
}

/// Prints the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let (root, data) = (scratch()?, scratch()?);
    subject::seed(root.path(), None, ROWS)?;
    let our_ids = subject::ids(&root.path().join(".mainstay/bench.db"))?;
    let ours = subject::mainstay(root.path(), None, AccessLog::On)?;
    let peer = PocketBase::fetch()?;
    let (theirs, their_ids) = peer.start(data.path())?;
    let mut rows = Vec::new();
    for job in jobs(&our_ids, &their_ids) {
        for &clients in &options.clients {
            rows.push(measure(options, &job, clients, &ours, &theirs)?);
        }
    }
    let heads = ["request", "clients", "Mainstay", "PocketBase", "ratio", "target"];
    table::print("Beside PocketBase, 100k rows (answers a second · server time for each)", &heads, &rows);
    table::note(format!(
        "Mainstay: SQLite {}, WAL, synchronous=FULL: a commit is on disk before it is answered. {}",
        rusqlite::version(),
        peer.describe()?
    ));
    table::note(
        "Anybody may read what is published and create, on both. Mainstay writes an access log and a change \
         record for each row. PocketBase counts all rows for `totalItems`, Mainstay up to 10 000.",
    );
    Ok(())
}

fn jobs<'a>(ours: &'a [String], theirs: &'a [String]) -> [Job<'a>; 4] {
    let records = "/api/collections/posts/records";
    [
        Job {
            name: "get by id",
            ours: Box::new(request::get_one("/v1/posts", ours)),
            theirs: Box::new(request::get_one(records, theirs)),
        },
        Job {
            name: "list 25, no total",
            ours: Box::new(request::get("/v1/posts?limit=25&count=none")),
            theirs: Box::new(request::get(&format!("{records}?perPage=25&skipTotal=1"))),
        },
        Job {
            name: "list 25, default",
            ours: Box::new(request::get("/v1/posts?limit=25")),
            theirs: Box::new(request::get(&format!("{records}?perPage=25"))),
        },
        Job {
            name: "create",
            ours: Box::new(request::post("/v1/posts")),
            theirs: Box::new(request::post(records)),
        },
    ]
}

fn measure(
    options: &Options,
    job: &Job<'_>,
    clients: usize,
    ours: &Server,
    theirs: &Server,
) -> Result<Vec<String>> {
    let series = take_turns(
        options,
        vec![
            Contender::new("mainstay", || ours.measure(options, clients, &job.ours)),
            Contender::new("pocketbase", || theirs.measure(options, clients, &job.theirs)),
        ],
    )?;
    Ok(vec![
        job.name.to_owned(),
        clients.to_string(),
        series[0].to_string(),
        series[1].to_string(),
        series[0].over(&series[1]).to_string(),
        "≥ 3".to_owned(),
    ])
}
