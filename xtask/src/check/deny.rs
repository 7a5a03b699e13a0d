//! Dependencies: licences, bans, sources, and known vulnerabilities.

use std::time::Duration;

use anyhow::Result;

use super::Outcome;
use crate::{
    process,
    tools::{self, Tool},
};

/// How long a fetch of the advisory database may take.
const FETCH_LIMIT: Duration = Duration::from_secs(60);

/// `cargo deny check`; advisories only where their database, which lives on a git host, can be fetched.
pub(crate) fn check() -> Result<Outcome> {
    tools::ensure(Tool::Deny)?;
    let deny = ["deny", "check", "--hide-inclusion-graph"];
    process::run(process::cargo().args(deny).args(["bans", "licenses", "sources"]))?;
    if !process::succeeds_within(FETCH_LIMIT, process::cargo().args(["deny", "fetch", "db"])) {
        return Ok(Outcome::PassedExcept("advisories: the RustSec database can't be fetched here".into()));
    }
    process::run(process::cargo().args(deny).args(["--disable-fetch", "advisories"]))?;
    Ok(Outcome::Passed)
}
