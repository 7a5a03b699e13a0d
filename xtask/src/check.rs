//! `cargo xtask check`: everything that is not a test, step by step, with a summary.

mod crates;
mod deny;
mod features;

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{metadata, process, shape, table, tools::Tool};

/// One step of the check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Step {
    /// Formatting.
    Fmt,
    /// Sizes, names, edges between crates, places of SQL.
    Shape,
    /// How many crates the facade's default features need.
    Crates,
    /// Lints of all targets; a warning is an error.
    Clippy,
    /// The documentation builds; a warning is an error.
    Docs,
    /// Each feature of each crate compiles alone.
    Features,
    /// Licences, bans, sources and, where the database can be fetched, advisories.
    Deny,
    /// Unused dependencies, where cargo-machete is installed.
    Machete,
}

/// How a step ended.
#[derive(Debug)]
enum Outcome {
    Passed,
    /// It passed without a part of itself.
    PassedExcept(String),
    Skipped(String),
    Failed(String),
}

/// Runs these steps, or all of them; a failure does not hide the next step.
pub(crate) fn run(steps: &[Step]) -> Result<()> {
    let steps = if steps.is_empty() { Step::value_variants() } else { steps };
    let mut results = Vec::new();
    for &step in steps {
        println!("\n── {}", name(step));
        let start = Instant::now();
        let outcome = perform(step).unwrap_or_else(|error| Outcome::Failed(format!("{error:#}")));
        if let Outcome::Failed(reason) = &outcome {
            println!("{reason}");
        }
        println!("── {}: {}", name(step), table::seconds(start.elapsed()));
        results.push((step, outcome, start.elapsed()));
    }
    summarise(&results)
}

fn perform(step: Step) -> Result<Outcome> {
    match step {
        Step::Fmt => process::run(process::cargo().args(["fmt", "--all", "--check"]))?,
        Step::Shape => shape::check()?,
        Step::Crates => crates::check()?,
        Step::Clippy => process::run(process::cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ]))?,
        Step::Docs => process::run(process::cargo().env("RUSTDOCFLAGS", "-D warnings").args([
            "doc",
            "--workspace",
            "--no-deps",
        ]))?,
        Step::Features => features::check(&metadata::read()?)?,
        Step::Deny => return deny::check(),
        Step::Machete if Tool::Machete.is_installed() => process::run(process::cargo().arg("machete"))?,
        Step::Machete => {
            return Ok(Outcome::Skipped("`cargo install --locked cargo-machete` adds it".into()));
        }
    }
    Ok(Outcome::Passed)
}

fn summarise(results: &[(Step, Outcome, Duration)]) -> Result<()> {
    let row = |(step, outcome, duration): &(Step, Outcome, Duration)| {
        let words = match outcome {
            Outcome::Passed => "ok".to_owned(),
            Outcome::PassedExcept(reason) => format!("ok, except {reason}"),
            Outcome::Skipped(reason) => format!("skipped: {reason}"),
            Outcome::Failed(reason) => format!("FAILED: {}", reason.lines().next().unwrap_or_default()),
        };
        vec![name(*step), table::seconds(*duration), words]
    };
    println!("\n{}", table::render(&results.iter().map(row).collect::<Vec<_>>()));
    let failed: Vec<String> = results
        .iter()
        .filter(|(_, outcome, _)| matches!(outcome, Outcome::Failed(_)))
        .map(|(step, ..)| name(*step))
        .collect();
    if !failed.is_empty() {
        bail!("check failed: {}", failed.join(", "));
    }
    Ok(())
}

fn name(step: Step) -> String {
    step.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_check_and_is_named() {
        let results = [
            (Step::Fmt, Outcome::Passed, Duration::ZERO),
            (Step::Deny, Outcome::Failed("a licence".into()), Duration::ZERO),
            (Step::Machete, Outcome::Skipped("not installed".into()), Duration::ZERO),
        ];
        assert_eq!(summarise(&results).unwrap_err().to_string(), "check failed: deny");
        assert!(summarise(&results[..1]).is_ok());
    }
}
