//! `examples/blog` as a process.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::root;
use crate::server::Server;

/// Starts it by this command, on a SQLite file in `folder`.
pub(crate) fn start(command: &mut Command, folder: &Path) -> Result<Server> {
    for variable in ["DATABASE_URL", "DATABASE_READ_URL", "NATS_URL", "REDIS_URL"] {
        command.env_remove(variable);
    }
    command.env("MAINSTAY_ROOT", folder).env("MAINSTAY_ENV", "development").env("PORT", "0");
    Server::start("blog", command)
}

/// `cargo` with these words, in the workspace.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let mut cargo = Command::new("cargo");
    cargo.args(words).current_dir(root());
    cargo
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command.status()?;
    if status.success() { Ok(()) } else { bail!("{command:?} failed: {status}") }
}
