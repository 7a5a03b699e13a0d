//! The `mainstay` command: `mainstay new NAME`, `mainstay add model|endpoint|hook|middleware|command|migration`.

mod add;
mod name;
mod new;
mod project;
mod template;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Begins applications and adds parts to them.
#[derive(Debug, Parser)]
#[command(name = "mainstay", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Begin an application in a folder of its name: a model, an endpoint, a test
    New {
        /// Its name, such as `shop`
        name: String,
        /// Where the framework's sources are, which the application depends on
        #[arg(long)]
        framework: Option<PathBuf>,
    },
    /// Add a part to the application in this folder
    Add {
        #[command(subcommand)]
        part: add::Part,
    },
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::New { name, framework } => new::new(&name, framework),
        Command::Add { part } => add::add(part),
    };
    match done {
        Ok(said) => {
            println!("{}", said.trim_end());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
