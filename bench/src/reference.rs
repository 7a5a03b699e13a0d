//! The mutation with sqlx, statement by statement: `references/sqlx`, a program of its own, because a
//! program can hold only one SQLite and sqlx wants another one.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::rounds::Sample;
use crate::{Options, folder, root};

/// The built program.
pub(crate) struct Reference(PathBuf);

impl Reference {
    /// Builds it under `target/bench`.
    pub(crate) fn build() -> Result<Self> {
        let manifest = root().join("bench/references/sqlx/Cargo.toml");
        let target = folder()?.join("references");
        let mut cargo = Command::new("cargo");
        cargo.args(["build", "--quiet", "--release", "--manifest-path"]).arg(manifest);
        let status = cargo.arg("--target-dir").arg(&target).status()?;
        if !status.success() {
            bail!("the reference on sqlx could not be built: {status}");
        }
        Ok(Self(target.join("release/sqlx-reference")))
    }

    /// So many callers at once, on the database of this kind that is there.
    pub(crate) fn measure(
        &self,
        kind: &str,
        place: &str,
        options: &Options,
        callers: usize,
    ) -> Result<Sample> {
        let rate =
            self.run(&[kind, place, &callers.to_string(), &options.time().as_secs_f64().to_string()])?;
        let rate = rate.parse().with_context(|| format!("`{rate}` is no rate"))?;
        Ok(Sample { rate, cpu_micros: None })
    }

    /// Its versions.
    pub(crate) fn versions(&self) -> Result<String> {
        self.run(&[])
    }

    fn run(&self, words: &[&str]) -> Result<String> {
        let output = Command::new(&self.0).args(words).output()?;
        if !output.status.success() {
            bail!("the reference on sqlx failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}
