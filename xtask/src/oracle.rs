//! `cargo xtask oracle`: histories of live queries for as long as there is time, once the bugs that are put in were found.

use anyhow::{Context as _, Result};

use crate::process;
use crate::services::{self, Service};
use crate::tools::{self, Tool};

/// Plays histories for this long, on both stores at the same time.
pub(crate) fn run(seconds: u64) -> Result<()> {
    play("each_seeded_bug_of_live_queries_is_found", 0)
        .context("the oracle did not find a bug that was put in")?;
    play("whoever_follows_has_what_the_list_gives", seconds)
}

fn play(test: &str, seconds: u64) -> Result<()> {
    let endpoints = services::ensure(&[Service::Postgres])?;
    tools::ensure(Tool::Nextest)?;
    let mut nextest = process::cargo();
    nextest.args(["nextest", "run", "--package", "mainstay-live", "--features", "seeded-bugs"]);
    nextest.args(["--profile", "long", "--test-threads", "2", test]);
    nextest.envs(services::test_environment(&endpoints));
    if seconds > 0 {
        nextest.env("MAINSTAY_HISTORY_SECONDS", seconds.to_string());
    }
    process::run(&mut nextest)
}
