//! The servers that are compared, each a process of this same program.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::server::Server;

/// Rows in the table of posts.
pub(crate) const ROWS: u32 = 100_000;
/// Ids that are asked for.
pub(crate) const IDS: u32 = 20_000;

/// Whether the application writes a line for every request, as it does unless told otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessLog {
    On,
    Off,
}

/// Starts Mainstay's server on the database at `url`, in `root`.
pub(crate) fn mainstay(root: &Path, url: Option<&str>, log: AccessLog) -> Result<Server> {
    Server::start("mainstay", &mut serve(root, url, log)?)
}

/// Starts the server that is written by hand.
pub(crate) fn hand_written(url: Option<&str>) -> Result<Server> {
    Server::start("hand-written", &mut serve_by_hand(url)?)
}

/// Mainstay's server, to be started.
pub(crate) fn serve(root: &Path, url: Option<&str>, log: AccessLog) -> Result<Command> {
    let mut command = application(root, url)?;
    command.arg("serve").env(
        "LOG",
        match log {
            AccessLog::On => "info",
            AccessLog::Off => "warn",
        },
    );
    Ok(command)
}

/// The server that is written by hand, to be started.
pub(crate) fn serve_by_hand(url: Option<&str>) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg("hand-written").args(url);
    Ok(command)
}

/// Makes the tables and fills them with so many rows.
pub(crate) fn seed(root: &Path, url: Option<&str>, rows: u32) -> Result<()> {
    eprintln!("  writing {rows} rows");
    let mut command = application(root, url)?;
    let status = command.args(["seed", "--posts", &rows.to_string()]).status()?;
    if status.success() { Ok(()) } else { bail!("`seed` failed: {status}") }
}

fn application(root: &Path, url: Option<&str>) -> Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    for variable in ["DATABASE_URL", "DATABASE_READ_URL", "NATS_URL", "REDIS_URL"] {
        command.env_remove(variable);
    }
    command.env("MAINSTAY_ROOT", root).env("PORT", "0").env("MAINSTAY_ENV", "development").current_dir(root);
    command.envs(url.map(|url| ("DATABASE_URL", url)));
    Ok(command)
}

/// Ids of some of the rows in a file of SQLite's that no server has open.
pub(crate) fn ids(file: &Path) -> Result<Vec<String>> {
    let connection = rusqlite::Connection::open(file)?;
    let mut query = connection.prepare("SELECT id FROM posts ORDER BY random() LIMIT ?1")?;
    let ids = query.query_map([IDS], |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}
