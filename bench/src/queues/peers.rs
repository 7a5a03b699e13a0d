//! The others: programs for Node, with their packages from npm.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::rounds::Sample;
use crate::{Options, folder, root};

/// The folder that holds them.
pub(super) struct Peers(PathBuf);

impl Peers {
    /// Installs them into `target/bench/queues`, once for each set of versions.
    pub(super) fn fetch() -> Result<Self> {
        let (from, to) = (root().join("bench/references/queues"), folder()?.join("queues"));
        fs::create_dir_all(&to)?;
        let installed = to.join("installed.json");
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
        let asked = fs::read(to.join("package.json"))?;
        if fs::read(&installed).ok().as_ref() != Some(&asked) {
            let npm = Command::new("npm")
                .args(["install", "--silent", "--no-audit", "--no-fund", "--no-package-lock"])
                .current_dir(&to)
                .status()
                .context("npm is needed")?;
            if !npm.success() {
                bail!("npm could not install the other queues: {npm}");
            }
            fs::write(installed, asked)?;
        }
        Ok(Self(to))
    }

    /// Fills the queue at `place` and drains it.
    pub(super) fn measure(
        &self,
        program: &str,
        place: &str,
        mode: &str,
        jobs: u32,
        options: &Options,
    ) -> Result<Sample> {
        let mut node = Command::new("node");
        node.arg(self.0.join(format!("{program}.js"))).args([place, mode, &jobs.to_string()]);
        let output = node.arg(options.time().as_secs_f64().to_string()).output()?;
        let said = String::from_utf8(output.stdout)?;
        let rate = said.lines().last().and_then(|it| it.parse().ok());
        let rate = rate.with_context(|| {
            format!("{program} failed: {said}{}", String::from_utf8_lossy(&output.stderr))
        })?;
        Ok(Sample { rate, cpu_micros: None })
    }

    /// Which versions they are.
    pub(super) fn versions(&self) -> Result<String> {
        let package: serde_json::Value = serde_json::from_slice(&fs::read(self.0.join("package.json"))?)?;
        let versions = package["dependencies"].as_object().context("it names no packages")?;
        Ok(versions
            .iter()
            .map(|(name, it)| format!("{name} {}", it.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(", "))
    }
}
