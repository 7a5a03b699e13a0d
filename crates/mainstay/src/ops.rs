//! The command `ops`: what operations and workers promise, and what became of it since it was written down.
//!
//! It needs neither a database nor the configuration: all of it follows from the program.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use mainstay_kernel::{Error, Result};
use mainstay_queue::evolution::{Difference, Verdict, compare, contract};
use serde_json::Value;

use crate::App;
use crate::listing::json;

/// What `ops` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct OpsArgs {
    #[command(subcommand)]
    pub(crate) command: OpsCommand,
}

/// What `ops` does.
#[derive(Debug, Subcommand)]
pub(crate) enum OpsCommand {
    /// Write what operations and workers read and give, as JSON Schema: keep it beside the program
    Schema,
    /// Tell what changed since, and whether it breaks those who have the version before; fails when something does
    Check {
        /// What `ops schema` wrote then
        #[arg(long, value_name = "FILE")]
        against: PathBuf,
        /// Write JSON, for programs
        #[arg(long)]
        json: bool,
    },
}

impl App {
    /// What its operations and workers promise, with their errors and versions, as JSON Schema: what `ops schema` writes.
    pub fn contract(&self) -> Value {
        let operations: Vec<_> = self.parts().flat_map(|it| it.operations.iter().copied()).collect();
        let workers: Vec<_> = self.parts().flat_map(|it| it.work.workers.iter().copied()).collect();
        let queues: Vec<_> = self.parts().flat_map(|it| it.work.queues.iter().map(|it| it.name)).collect();
        contract(&operations, &workers, &queues)
    }
}

/// Runs it; what it prints.
///
/// # Errors
/// Bad request, when the file cannot be read, or something breaks: after it was printed.
pub(crate) fn run(app: &App, command: &OpsCommand, mut print: impl FnMut(String)) -> Result<()> {
    match command {
        OpsCommand::Schema => {
            print(format!("{:#}", app.contract()));
            Ok(())
        }
        OpsCommand::Check { against, json: as_json } => {
            let all = compare(&read(against)?, &app.contract())
                .map_err(|error| refused(format!("`{}`: {error}", against.display())))?;
            if *as_json {
                print(json(&all));
            } else {
                all.iter().for_each(|it| print(it.to_string()));
            }
            judged(&all, against)
        }
    }
}

fn read(path: &Path) -> Result<Value> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        refused(format!("`{}` cannot be read: {error}; `ops schema` writes one", path.display()))
    })?;
    serde_json::from_str(&text).map_err(|error| {
        refused(format!("`{}` is not JSON: {error}; `ops schema` writes one", path.display()))
    })
}

fn judged(all: &[Difference], against: &Path) -> Result<()> {
    let count = all.iter().filter(|it| it.verdict == Verdict::Breaking).count();
    if count == 0 {
        return Ok(());
    }
    let (changes, break_) = if count == 1 { ("change", "breaks") } else { ("changes", "break") };
    let path = against.display();
    Err(refused(format!("{count} {changes} since `{path}` {break_} those who have that version")))
}

fn refused(message: String) -> Error {
    Error::bad_request("bad_request", message)
}

#[cfg(test)]
mod tests {
    use mainstay_kernel::Tx;

    use super::*;

    mod before {
        use super::*;

        #[crate::worker(crate = "crate", name = "welcome")]
        pub(super) async fn welcome(_tx: &mut Tx, _name: String) {}

        #[crate::mutation(crate = "crate", path = "users.create")]
        pub(super) async fn create(_tx: &mut Tx, _name: String) -> Result<String> {
            Ok(String::new())
        }

        pub(super) fn app() -> App {
            App::new("shop").worker(welcome).operation(create)
        }
    }

    mod after {
        use super::*;

        #[crate::worker(crate = "crate", name = "welcome", queue = "mail", version = 2)]
        pub(super) async fn welcome(_tx: &mut Tx, _name: (String, u32)) {}

        #[crate::mutation(crate = "crate", path = "users.create")]
        pub(super) async fn create(_tx: &mut Tx, _name: Option<String>) -> Result<String> {
            Ok(String::new())
        }

        pub(super) fn app() -> App {
            App::new("shop").worker(welcome).operation(create)
        }
    }

    fn ran(app: &App, command: &OpsCommand) -> (String, Option<String>) {
        let mut printed = Vec::new();
        let outcome = run(app, command, |line| printed.push(line));
        (printed.join("\n"), outcome.err().map(|it| it.to_string()))
    }

    #[test]
    fn what_was_written_down_is_compared_with_what_is() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("schema.json");
        let (written, _) = ran(&before::app(), &OpsCommand::Schema);
        std::fs::write(&file, &written).unwrap();
        let check = |json| OpsCommand::Check { against: file.clone(), json };
        assert_eq!(ran(&before::app(), &check(false)), (String::new(), None));
        let (told, refusal) = ran(&after::app(), &check(false));
        let lines: Vec<_> = told.lines().map(|it| it.split_once(':').unwrap().0).collect();
        assert_eq!(
            lines,
            [
                "breaking   worker `welcome` `input` was a string, and is an array",
                "safe       operation `users.create` `input` can be `null` now",
                "safe       worker `welcome` `version` went from 1 to 2",
                "safe       worker `welcome` `queue` went from \"default\" to \"mail\"",
            ]
        );
        let said = format!("1 change since `{}` breaks those who have that version", file.display());
        assert_eq!(refusal.as_deref(), Some(said.as_str()));
        let (told, _) = ran(&after::app(), &check(true));
        let first = &serde_json::from_str::<Value>(&told).unwrap()[0];
        assert_eq!((&first["verdict"], &first["path"]), (&"breaking".into(), &"input".into()));
    }

    #[test]
    fn what_is_no_such_file_says_how_one_is_made() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("schema.json");
        let check =
            || ran(&before::app(), &OpsCommand::Check { against: file.clone(), json: false }).1.unwrap();
        assert!(
            check().contains("cannot be read") && check().ends_with("`ops schema` writes one"),
            "{}",
            check()
        );
        std::fs::write(&file, "{").unwrap();
        assert!(
            check().contains("is not JSON") && check().ends_with("`ops schema` writes one"),
            "{}",
            check()
        );
        std::fs::write(&file, "{}").unwrap();
        assert!(
            check().ends_with("there is no `operations` in it: expected what `ops schema` writes"),
            "{}",
            check()
        );
    }

    #[test]
    fn what_is_written_down_says_nothing_of_the_order_in_which_parts_were_added() {
        let one = App::new("shop").worker(before::welcome).operation(before::create).queue("mail", |it| it);
        let other = App::new("shop").queue("mail", |it| it).operation(before::create).worker(before::welcome);
        assert_eq!(ran(&one, &OpsCommand::Schema), ran(&other, &OpsCommand::Schema));
    }
}
