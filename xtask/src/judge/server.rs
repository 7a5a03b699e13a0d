//! An application, running for the judges on a store of its own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::store::Store;
use crate::process;

/// A server that is ready; it ends with this value.
pub(super) struct Server {
    child: Child,
    program: &'static str,
    address: String,
    root: PathBuf,
    store: &'static str,
}

impl Server {
    /// Starts it in an empty folder below `folder` and waits until it is ready.
    pub(super) fn start(
        program: &'static str,
        store: &Store,
        folder: &Path,
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let root = folder.join(store.name());
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(&root)?;
        let mut command = command(program, &root);
        command.envs(variables.iter().copied()).envs(store.url().map(|url| ("DATABASE_URL", url)));
        let path = root.join(format!("{program}.log"));
        let mut child = command.arg("serve").stdout(Stdio::piped()).stderr(File::create(&path)?).spawn()?;
        let output = child.stdout.take().context("its output is piped")?;
        let mut server = Self { child, program, address: String::new(), root, store: store.name() };
        let told = BufReader::new(output).lines().map_while(Result::ok);
        let ready = told.filter_map(|it| it.strip_prefix("API server running on ").map(str::to_owned)).next();
        server.address = ready.with_context(|| format!("{program} did not start: {}", path.display()))?;
        Ok(server)
    }

    /// Such as `http://127.0.0.1:4711`.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn store(&self) -> &'static str {
        self.store
    }

    /// What it says of its API.
    pub(super) fn document(&self) -> Result<String> {
        process::output(command(self.program, &self.root).arg("openapi"))
    }

    /// A person's token.
    pub(super) fn token(&self) -> Result<String> {
        let mut command = command(self.program, &self.root);
        let token = process::output(command.args(["token", "--sub", "judge", "--name", "Judge"]))?;
        ensure!(!token.trim().is_empty(), "{} printed no token", self.program);
        Ok(token.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Best effort: it may have ended by itself, and then the judges have said so.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The application's program, with nothing of the developer's configuration.
fn command(program: &str, root: &Path) -> Command {
    let secret = "a secret that only the judges' server has";
    let mut command = Command::new(process::target().join("debug").join(program));
    command.env_clear().env("MAINSTAY_ROOT", root).env("PORT", "0").env("LOG", "warn").stdin(Stdio::null());
    command.env("AUTH_JWT_SECRET", secret).env("AUTH_SECRET", secret.chars().rev().collect::<String>());
    command
}
