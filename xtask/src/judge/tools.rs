//! The judges themselves, installed below the folder of built files.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;

const PYTHON: [&str; 3] = ["schemathesis==4.32.5", "openapi-spec-validator==0.9.0", "psycopg[binary]==3.*"];
const CLIENT: [&str; 3] = ["package.json", "tsconfig.json", "main.ts"];

/// Programs in Python and in Node.
pub(super) struct Tools {
    venv: PathBuf,
    client: PathBuf,
}

impl Tools {
    /// Installs what is missing, and what another version of this file installed.
    pub(super) fn install(folder: &Path) -> Result<Self> {
        let tools = Self { venv: folder.join("venv"), client: folder.join("client") };
        tools.install_python()?;
        tools.install_node()?;
        Ok(tools)
    }

    fn install_python(&self) -> Result<()> {
        let stamp = self.venv.join("installed");
        let wanted = PYTHON.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|it| it == wanted) {
            return Ok(());
        }
        needed("python3", "apt-get install python3-venv")?;
        println!("judge: installing {} with pip", PYTHON.join(", "));
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&self.venv))
            .context("python3 has no venv: `apt-get install python3-venv`")?;
        process::run(
            self.python("pip").args(["install", "--quiet", "--disable-pip-version-check"]).args(PYTHON),
        )?;
        Ok(fs::write(stamp, wanted)?)
    }

    fn install_node(&self) -> Result<()> {
        fs::create_dir_all(&self.client)?;
        let source = process::root().join("xtask/src/judge/client");
        for file in CLIENT {
            fs::copy(source.join(file), self.client.join(file))?;
        }
        let (stamp, wanted) =
            (self.client.join("installed"), fs::read_to_string(source.join("package.json"))?);
        if fs::read_to_string(&stamp).is_ok_and(|it| it == wanted) {
            return Ok(());
        }
        needed("npm", "apt-get install nodejs npm")?;
        println!("judge: installing the client's packages with npm");
        process::output(self.program("npm").args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]))?;
        Ok(fs::write(stamp, wanted)?)
    }

    /// A program of the virtual environment.
    pub(super) fn python(&self, program: &str) -> Command {
        Command::new(self.venv.join("bin").join(program))
    }

    /// A program of the client's packages, in the client's folder.
    pub(super) fn node(&self, program: &str) -> Command {
        let mut command = Command::new(self.client.join("node_modules/.bin").join(program));
        command.current_dir(&self.client);
        command
    }

    /// Any program, in the client's folder.
    pub(super) fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.client);
        command
    }
}

fn needed(program: &str, how: &str) -> Result<()> {
    if process::find(program).is_none() {
        bail!("the judges need `{program}`, which is not here: `{how}`");
    }
    Ok(())
}
