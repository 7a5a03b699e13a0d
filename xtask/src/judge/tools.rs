//! The judges themselves, installed below the folder of built files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

/// A virtual environment with packages from PyPI.
pub(super) struct Python(PathBuf);

/// A folder with packages from npm, and programs that use them.
pub(super) struct Node(PathBuf);

impl Python {
    /// Installs what is missing below `folder`, and what another version of this list installed.
    pub(super) fn install(folder: &Path, packages: &[&str]) -> Result<Self> {
        let this = Self(folder.join("venv"));
        let (stamp, wanted) = (this.0.join("installed"), packages.join("\n"));
        if fs::read_to_string(&stamp).is_ok_and(|it| it == wanted) {
            return Ok(this);
        }
        needed("python3", "apt-get install python3-venv")?;
        println!("judge: installing {} with pip", packages.join(", "));
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&this.0))
            .context("python3 has no venv: `apt-get install python3-venv`")?;
        let mut pip = this.program("pip");
        process::run(pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages))?;
        fs::write(stamp, wanted)?;
        Ok(this)
    }

    /// A program of the virtual environment.
    pub(super) fn program(&self, program: &str) -> Command {
        Command::new(self.0.join("bin").join(program))
    }
}

impl Node {
    /// Copies `files` from `source`, one of them a `package.json`, and installs its packages where they are missing or others.
    pub(super) fn install(folder: PathBuf, source: &Path, files: &[&str]) -> Result<Self> {
        fs::create_dir_all(&folder)?;
        for file in files {
            fs::copy(source.join(file), folder.join(file))?;
        }
        let this = Self(folder);
        let (stamp, wanted) = (this.0.join("installed"), fs::read_to_string(source.join("package.json"))?);
        if fs::read_to_string(&stamp).is_ok_and(|it| it == wanted) {
            return Ok(this);
        }
        needed("npm", "apt-get install nodejs npm")?;
        println!("judge: installing packages with npm in {}", this.0.display());
        let words = ["install", "--ignore-scripts", "--no-audit", "--no-fund"];
        process::output(this.program("npm").args(words))?;
        fs::write(stamp, wanted)?;
        Ok(this)
    }

    /// A program of the packages, in their folder.
    pub(super) fn packaged(&self, program: &str) -> Command {
        let mut command = Command::new(self.0.join("node_modules/.bin").join(program));
        command.current_dir(&self.0);
        command
    }

    /// Any program, in the packages' folder.
    pub(super) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0);
        command
    }
}

fn needed(program: &str, how: &str) -> Result<()> {
    if process::find(program).is_none() {
        bail!("the judges need `{program}`, which is not here: `{how}`");
    }
    Ok(())
}
