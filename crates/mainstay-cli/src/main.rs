//! The `mainstay` command: `mainstay new NAME`, `mainstay add model|endpoint|hook|middleware|command|migration`.

mod add;
mod name;
mod new;
mod project;
mod template;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory as _, Parser, Subcommand};

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
    let read = Arguments::try_parse().unwrap_or_else(|error| with_nearest(error).exit());
    let done = match read.command {
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

/// The error with the command that was meant, or all that there are, where clap finds none alike.
fn with_nearest(mut error: clap::Error) -> clap::Error {
    let has_tip = error.get(ContextKind::SuggestedSubcommand).is_some();
    let word = match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(word)) if !has_tip => word.clone(),
        Some(_) | None => return error,
    };
    let commands = Arguments::command();
    let typed: Vec<_> = std::env::args().skip(1).take_while(|it| *it != word).collect();
    let parent = typed.iter().fold(&commands, |parent, it| parent.find_subcommand(it).unwrap_or(parent));
    let names: Vec<_> = parent.get_subcommands().map(clap::Command::get_name).collect();
    let tip = name::nearest(&word, &names);
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    error
}
