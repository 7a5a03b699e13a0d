//! What must hold when processes, connections and disks fail: `cargo xtask chaos`.
#![allow(clippy::disallowed_methods, reason = "a trial waits by the real clock")]

mod app;
mod arguments;
mod broker;
mod bugs;
mod check;
mod client;
mod deployment;
mod disk;
mod fault;
mod fleet;
mod history;
mod log;
mod matrix;
mod node;
mod server;
mod store;
mod trial;
mod wire;
mod world;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    // The processes that are broken are this program again.
    if std::env::args().nth(1).as_deref() == Some("serve") {
        return app::run();
    }
    match arguments::Arguments::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}
