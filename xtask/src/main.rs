//! The workspace's own commands: `cargo xtask test | check | judge | oracle | docs | book | services | bench | chaos | fuzz | soak |
//! ci`.
#![allow(clippy::disallowed_methods, reason = "a command-line tool waits for processes by the real clock")]

mod book;
mod chaos;
mod check;
#[cfg(test)]
#[path = "../../fuzz/driver.rs"]
mod driver;
mod judge;
mod metadata;
mod oracle;
mod process;
mod services;
mod shape;
mod suite;
mod table;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The workspace's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the tests, on SQLite and on PostgreSQL; starts the services they need.
    Test {
        /// Filters and options for `cargo nextest run`; with any, documentation tests are left out.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        filters: Vec<String>,
    },
    /// Formatting, lints, documentation, features one by one, dependencies, shape.
    Check {
        /// Only these steps.
        steps: Vec<check::Step>,
    },
    /// Finds or starts PostgreSQL, Redis and NATS, and installs the tools that checks need.
    Services {
        #[command(subcommand)]
        command: Option<ServicesCommand>,
        /// Start private services even where others answer.
        #[arg(long)]
        private: bool,
    },
    /// Runs one benchmark: `cargo run --profile bench -p bench -- NAME …`.
    Bench {
        /// The benchmark's name and its options.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Breaks processes, connections and disks under load, and checks what is left: `--ci`, `--bugs`, or
    /// `[--seconds N] [--seed S] [--store sqlite|postgres] [--fault NAME]`.
    Chaos {
        /// What is to be tried.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Feeds random input to the target `fuzz_NAME`.
    Fuzz {
        /// The target, without `fuzz_`.
        name: String,
        /// For how long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Runs the tests named `soak_NAME` for longer than `test` does.
    Soak {
        /// The test, without `soak_`, such as `kill`; or `chaos`, for as long on each deployment.
        name: String,
        /// For how long.
        #[arg(long, default_value_t = 600)]
        seconds: u64,
    },
    /// Outside judges hold the blog against its OpenAPI document and the sign-up flow against what is said of NATS, on
    /// both stores.
    Judge {
        /// Only these parts.
        parts: Vec<judge::Part>,
    },
    /// Plays random histories and holds live queries against the lists that they follow, on both stores; first it finds the
    /// bugs that are put in.
    Oracle {
        /// For how long, when the bugs were found.
        #[arg(long, default_value_t = 300)]
        seconds: u64,
    },
    /// Writes `llms.txt` and `llms-full.txt` from the pages of the book.
    Docs,
    /// Builds the book from its pages, with mdbook, into `target/book`.
    Book,
    /// What continuous integration runs, with the time of each stage.
    Ci,
}

#[derive(Debug, Subcommand)]
enum ServicesCommand {
    /// Ends the services that this command started.
    Stop,
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Test { filters } => suite::test(&filters),
        Command::Check { steps } => check::run(&steps),
        Command::Services { command: Some(ServicesCommand::Stop), .. } => services::stop(),
        Command::Services { command: None, private } => services::start(private.into()),
        Command::Bench { arguments } => suite::bench(&arguments),
        Command::Chaos { arguments } => chaos::run(&arguments),
        Command::Fuzz { name, seconds } => suite::fuzz(&name, seconds),
        Command::Soak { name, seconds } if name == "chaos" => {
            chaos::run(&["--seconds".to_owned(), seconds.to_string()])
        }
        Command::Soak { name, seconds } => suite::soak(&name, seconds),
        Command::Judge { parts } => judge::run(&parts),
        Command::Oracle { seconds } => oracle::run(seconds),
        Command::Docs => book::write(),
        Command::Book => book::build(),
        Command::Ci => suite::ci(),
    }
}
