//! P13: how much longer a request takes when its table, or the kept answers, are a hundred times as many.

mod world;

use anyhow::Result;

use self::world::{Engine, World};
use crate::rounds::{Contender, Series, take_turns};
use crate::{Options, request, table};

/// Rows in the table of posts, from the first to a hundred times as many.
const SIZES: [u32; 3] = [10_000, 100_000, 1_000_000];
/// What names them in a table.
const NAMES: [&str; 3] = ["10k", "100k", "1M"];

/// One client: what grows is the time that it waits.
const CLIENTS: usize = 1;

type Request<'a> = Box<dyn Fn(&mut Vec<u8>) + 'a>;

/// One kind of request, and how it is asked of a world.
struct Job {
    name: &'static str,
    ask: for<'a> fn(&'a World) -> Request<'a>,
}

const JOBS: [Job; 8] = [
    Job { name: "get by id", ask: |it| Box::new(request::get_one("/v1/posts", &it.ids)) },
    Job { name: "list 25", ask: |_| Box::new(request::get("/v1/posts?limit=25&count=none")) },
    Job { name: "list 25, default total", ask: |_| Box::new(request::get("/v1/posts?limit=25")) },
    Job { name: "list 25, filtered and sorted", ask: |_| Box::new(request::get(world::SORTED)) },
    Job { name: "list 25, from a cursor in the middle", ask: |it| Box::new(request::get(&it.middle)) },
    Job { name: "create", ask: |_| Box::new(request::post("/v1/posts")) },
    Job { name: "update", ask: |it| Box::new(request::change("PUT", "/v1/posts", &it.ids, views)) },
    Job { name: "patch", ask: |it| Box::new(request::change("PATCH", "/v1/posts", &it.ids, views_patch)) },
];

/// Under a key: the answer is looked up and kept among those that are there.
const KEYED: Job =
    Job { name: "update with a key", ask: |it| Box::new(request::put_keyed("/v1/posts", &it.ids)) };

fn views() -> String {
    format!(r#"{{"views":{}}}"#, fastrand::u32(..1_000_000))
}

fn views_patch() -> String {
    format!(r#"[{{"op":"replace","path":"/views","value":{}}}]"#, fastrand::u32(..1_000_000))
}

/// Prints the tables.
pub(crate) fn run(options: &Options) -> Result<()> {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let worlds = SIZES.map(|rows| World::start(engine, rows, SIZES[0]));
        let [small, middle, large] = worlds;
        let worlds = [small?, middle?, large?];
        let mut rows = Vec::new();
        for job in &JOBS {
            rows.push(measure(options, job, &worlds)?);
        }
        let heads = ["request", NAMES[0], NAMES[1], NAMES[2], "time at 1M ÷ at 10k", "target"];
        table::print(
            &format!("P13: rows in the table, {engine} (answers a second · server time for each)"),
            &heads,
            &rows,
        );
        table::note(worlds[2].settings()?);
        drop(worlds);

        let worlds = [World::start(engine, SIZES[0], SIZES[0])?, World::start(engine, SIZES[0], SIZES[2])?];
        let heads = ["request", NAMES[0], NAMES[2], "time at 1M ÷ at 10k", "target"];
        table::print(
            &format!("P13: kept answers, {engine} (answers a second · server time for each)"),
            &heads,
            &[measure(options, &KEYED, &worlds)?],
        );
    }
    Ok(())
}

/// One row of the table: the same request of each world in turns.
fn measure(options: &Options, job: &Job, worlds: &[World]) -> Result<Vec<String>> {
    let contenders = worlds.iter().map(|world| {
        let ask = (job.ask)(world);
        Contender::new(job.name, move || world.server.measure(options, CLIENTS, &ask))
    });
    let series = take_turns(options, contenders.collect())?;
    let mut row = vec![job.name.to_owned()];
    row.extend(series.iter().map(Series::to_string));
    if let (Some(first), Some(last)) = (series.first(), series.last()) {
        // How much longer one takes is how many fewer are answered.
        row.push(first.over(last).to_string());
    }
    row.push("≤ 1.3".to_owned());
    Ok(row)
}
