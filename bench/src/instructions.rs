//! What a request costs the server in instructions: P1, P2 and P4 without the noise of a machine.

use anyhow::Result;

use crate::callgrind::{self, Cost};
use crate::database::Database;
use crate::subject::{self, AccessLog};
use crate::{request, scratch, table};

/// Crates that cost less are shown together.
const SHOWN: u64 = 300;

/// Rows in the table: the plan of a look-up by key is the same from few on.
const ROWS: u32 = 2000;

/// Prints the tables.
pub(crate) fn run() -> Result<()> {
    hello()?;
    let (database, root) = (Database::create()?, scratch()?);
    let url = Some(database.url.as_str());
    subject::seed(root.path(), url, ROWS)?;
    database.run("CREATE TABLE plain_posts (LIKE posts INCLUDING ALL)")?;
    database.run("VACUUM (ANALYZE)")?;
    let ids = database.texts("SELECT id::text FROM posts ORDER BY id LIMIT 1")?;
    let ours = subject::serve(root.path(), url, AccessLog::On)?;
    let by_hand = subject::serve_by_hand(url)?;
    let (get, post) = (request::get(&format!("/v1/posts/{}", ids[0])), request::post("/v1/posts"));
    compare(
        "Get by id, PostgreSQL",
        [
            ("mainstay", callgrind::count("mainstay-get", &ours, &get)?),
            ("by hand", callgrind::count("by-hand-get", &by_hand, &get)?),
        ],
    );
    compare(
        "Create, PostgreSQL",
        [
            ("mainstay", callgrind::count("mainstay-create", &ours, &post)?),
            ("by hand", callgrind::count("by-hand-create", &by_hand, &post)?),
        ],
    );
    Ok(())
}

fn hello() -> Result<()> {
    let root = scratch()?;
    let hello = request::get("/v1/hello");
    let logging = subject::serve(root.path(), None, AccessLog::On)?;
    let quiet = subject::serve(root.path(), None, AccessLog::Off)?;
    compare(
        "Hello",
        [
            ("mainstay", callgrind::count("mainstay-hello", &logging, &hello)?),
            ("mainstay, log off", callgrind::count("mainstay-quiet", &quiet, &hello)?),
            ("axum", callgrind::count("axum-hello", &subject::serve_by_hand(None)?, &hello)?),
        ],
    );
    Ok(())
}

/// A column for each server and a line for each crate.
fn compare<const N: usize>(title: &str, costs: [(&str, Cost); N]) {
    let heads: Vec<_> = std::iter::once("crate").chain(costs.iter().map(|(name, _)| *name)).collect();
    let line = |name: &str, cell: &dyn Fn(&Cost) -> String| {
        std::iter::once(name.to_owned()).chain(costs.iter().map(|(_, cost)| cell(cost))).collect::<Vec<_>>()
    };
    let mut lines = vec![
        line("all", &|cost| cost.instructions.to_string()),
        line("allocations", &|cost| format!("{:.1}", cost.allocations)),
    ];
    let of = |cost: &Cost, name: &str| cost.crates.get(name).copied().unwrap_or(0);
    let most = |name: &str| costs.iter().map(|(_, cost)| of(cost, name)).max().unwrap_or(0);
    let mut names: Vec<_> = costs.iter().flat_map(|(_, cost)| cost.crates.keys()).collect();
    names.sort();
    names.dedup();
    names.sort_by_key(|name| std::cmp::Reverse(most(name)));
    let (shown, small): (Vec<_>, Vec<_>) = names.into_iter().partition(|name| most(name) >= SHOWN);
    lines.extend(shown.iter().map(|name| line(name, &|cost| of(cost, name).to_string())));
    lines.push(line("others", &|cost| small.iter().map(|name| of(cost, name)).sum::<u64>().to_string()));
    table::print(&format!("{title}: instructions of the server for one request"), &heads, &lines);
}
