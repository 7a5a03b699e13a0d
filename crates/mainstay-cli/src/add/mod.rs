//! `mainstay add`: one file for one part, where discovery finds it.

mod endpoint;
mod field;
mod model;
mod work;

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;

use crate::name::{Name, nearest};
use crate::project::Project;
use crate::template::fill;

/// What can be added.
#[derive(Debug, Subcommand)]
pub(crate) enum Part {
    /// A model: `mainstay add model comment body:text post:Post`
    Model {
        /// Its name
        name: String,
        /// `name:type`, where the type is text, int, float, bool, time, date, json or another model; `?` may be missing
        fields: Vec<String>,
    },
    /// An endpoint: `mainstay add endpoint post '/posts/{id}/publish'`
    Endpoint {
        /// get, post, put, patch or delete
        method: String,
        /// Below `/v1`; a parameter is `{id}` or `[id]`
        path: String,
    },
    /// A hook, which runs when a row is written: `mainstay add hook notify Comment after create`
    Hook {
        /// Its name
        name: String,
        /// Whose rows
        model: String,
        /// before, after, or spawn: in a task of its own
        #[arg(default_value = "after")]
        when: String,
        /// save, create, update, patch or remove
        #[arg(default_value = "save")]
        event: String,
    },
    /// A middleware around every route, or those below a path: `mainstay add middleware audit --below /admin`
    Middleware {
        /// Its name
        name: String,
        /// The path of the endpoints that it is around
        #[arg(long)]
        below: Option<String>,
    },
    /// A command of the application's command line
    Command {
        /// Its name
        name: String,
    },
    /// A worker, which runs tasks: `mainstay add worker send_welcome`
    Worker {
        /// Its name
        name: String,
    },
    /// A cron: `mainstay add cron clean_up '0 3 * * *'`
    Cron {
        /// Its name
        name: String,
        /// When: five fields, `@daily` and its like, or `rate(10 minutes)`
        #[arg(default_value = "@daily")]
        when: String,
    },
    /// An operation that writes: `mainstay add mutation create_user --path users.create`
    Mutation {
        /// Its name
        name: String,
        /// What it is called by: words with dots between them; else its name
        #[arg(long)]
        path: Option<String>,
    },
    /// An operation that reads: `mainstay add query count_users`
    Query {
        /// Its name
        name: String,
        /// What it is called by: words with dots between them; else its name
        #[arg(long)]
        path: Option<String>,
    },
    /// A migration in SQL, as `cargo run -- migrate make` does
    Migration {
        /// What it does, in a few words
        #[arg(required = true)]
        name: Vec<String>,
    },
}

/// Adds the part to the application that the current folder belongs to; what to say about it.
pub(crate) fn add(part: Part) -> Result<String> {
    let project = Project::here()?;
    match part {
        Part::Model { name, fields } => model::add(&project, &name, &fields),
        Part::Endpoint { method, path } => endpoint::add(&project, &method, &path),
        Part::Hook { name, model, when, event } => hook(&project, &name, &model, [&when, &event]),
        Part::Middleware { name, below } => middleware(&project, &name, below.as_deref()),
        Part::Command { name } => command(&project, &name),
        Part::Worker { name } => work::worker(&project, &name),
        Part::Cron { name, when } => work::cron(&project, &name, &when),
        Part::Mutation { name, path } => work::mutation(&project, &name, path.as_deref()),
        Part::Query { name, path } => work::query(&project, &name, path.as_deref()),
        Part::Migration { name } => migration(&project, &name),
    }
}

fn hook(project: &Project, name: &str, model: &str, [when, event]: [&str; 2]) -> Result<String> {
    const WHEN: [&str; 3] = ["before", "after", "spawn"];
    const EVENTS: [&str; 5] = ["save", "create", "update", "patch", "remove"];
    for (word, words) in [(when, &WHEN[..]), (event, &EVENTS[..])] {
        if !words.contains(&word) {
            bail!("unknown word `{word}`, {}", nearest(word, words));
        }
    }
    let (name, model) = (Name::read(name)?, Name::read(model)?);
    model::must_be_there(project, &model)?;
    let values = [
        ("name", name.snake()),
        ("words", &name.words()),
        ("Model", &model.camel()),
        ("when", when),
        ("event", event),
    ];
    let (template, runs) = match when {
        "spawn" => {
            (include_str!("../../templates/add/spawn_hook.rs.in"), "in a task, once the row is committed")
        }
        _ => (include_str!("../../templates/add/hook.rs.in"), "in the transaction that writes the row"),
    };
    let path = format!("src/hooks/{}.rs", name.snake());
    project.write(&path, &fill(template, &values))?;
    Ok(wrote(&path, &format!("what it does; it runs {runs} (`cargo run -- routes --hooks`)")))
}

fn middleware(project: &Project, name: &str, below: Option<&str>) -> Result<String> {
    let name = Name::read(name)?;
    let folder = match below {
        None => "src/middleware".to_owned(),
        Some(path) => endpoint::folder(path)?,
    };
    let text = fill(include_str!("../../templates/add/middleware.rs.in"), &[("name", name.snake())]);
    let path = format!("{folder}/{}.rs", name.snake());
    project.write(&path, &text)?;
    Ok(wrote(&path, "what it does before and after the rest"))
}

fn command(project: &Project, name: &str) -> Result<String> {
    let name = Name::read(name)?;
    let values = [("name", name.snake()), ("Name", &name.camel()), ("command", &name.kebab())];
    let text = fill(include_str!("../../templates/add/command.rs.in"), &values);
    let path = format!("src/commands/{}.rs", name.snake());
    project.write(&path, &text)?;
    Ok(wrote(&path, &format!("what it does; `cargo run -- {}` runs it", name.kebab())))
}

fn migration(project: &Project, words: &[String]) -> Result<String> {
    let mut make = Command::new("cargo");
    make.current_dir(project.root()).args(["run", "--quiet", "--", "migrate", "make"]).args(words);
    let done = make.status().context("cargo cannot be run")?;
    if !done.success() {
        bail!("`cargo run -- migrate make` failed: mend what it says above, and add the migration again");
    }
    Ok("next: write its SQL, then `cargo run -- migrate up`".to_owned())
}

/// What is said of a file that was written.
fn wrote(path: &str, next: &str) -> String {
    format!("wrote {path}\nnext: say in it {next}")
}
