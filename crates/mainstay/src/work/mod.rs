//! The commands about what runs beside requests: `queue`, `job`, `dead`, `cron`, `outbox` and `db`.
//!
//! They exit with 0 when they did what they say, with 1 when they could not, and with 2 when their words are wrong.

mod cron;
mod dead;
mod job;
mod queue;
mod table;
#[cfg(test)]
mod tests;

use mainstay_kernel::{Db, Error, ErrorKind, Result};
use mainstay_queue::Work;
use serde::Serialize;

use crate::arguments::parse;
use crate::command::Output;

use self::cron::CronArgs;
use self::dead::DeadArgs;
use self::job::JobArgs;
use self::queue::{DbArgs, OutboxArgs, QueueArgs};

/// The commands' names, and what they are for.
pub(crate) const COMMANDS: [(&str, &str); 6] = [
    ("queue", "List, inspect, pause, resume and drain queues"),
    ("job", "List, show, trigger, cancel and retry tasks"),
    ("dead", "List, show, replay and discard tasks that are tried no more"),
    ("cron", "List crons, run one, show when one is due"),
    ("outbox", "Count what was committed and is not done"),
    ("db", "Print the SQL of the framework's own tables"),
];

/// What these commands are about.
#[derive(Clone)]
pub(crate) struct Background {
    pub(crate) db: Db,
    pub(crate) work: Work,
}

/// Reads a command's words and runs it.
macro_rules! commands {
    ($($name:literal => $args:ty, $run:ident;)*) => {
        impl Background {
            /// Runs one of [`COMMANDS`].
            pub(crate) async fn run(&self, name: &str, args: &[String], output: &Output) -> Result<()> {
                match name {
                    $($name => match parse::<$args>($name, args, output)? {
                        Some(args) => self.$run(args, output).await,
                        None => Ok(()),
                    },)*
                    name => Err(wrong(format!("there is no command `{name}`"))),
                }
            }
        }
    };
}

commands! {
    "queue" => QueueArgs, queue;
    "job" => JobArgs, job;
    "dead" => DeadArgs, dead;
    "cron" => CronArgs, cron;
    "outbox" => OutboxArgs, outbox;
    "db" => DbArgs, database;
}

/// What every command that shows something takes.
#[derive(Clone, Copy, Debug, clap::Args)]
struct Shown {
    /// Write JSON, for programs
    #[arg(long)]
    json: bool,
}

impl Shown {
    /// Writes the entries as JSON, or as the table that `lines` makes of them.
    fn show<T: Serialize>(self, entries: &[T], output: &Output, lines: impl FnOnce(&[T]) -> Vec<String>) {
        if self.json {
            output.line(crate::listing::json(entries));
        } else {
            lines(entries).iter().for_each(|line| output.line(line));
        }
    }
}

fn missing(what: &str, id: &str) -> Error {
    Error::new(ErrorKind::NotFound(what.to_owned(), format!("there is no {what} `{id}`")))
}

fn wrong(message: impl Into<String>) -> Error {
    Error::bad_request("bad_request", message)
}
