//! The blog, running for the judges on a store of its own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::tools::Tools;
use crate::process;
use crate::services::{self, Service};

/// Runs statements: the address of the server, then each of them.
const STATEMENTS: &str = "import psycopg, sys
with psycopg.connect(sys.argv[1], autocommit=True) as server:
    for statement in sys.argv[2:]:
        server.execute(statement)";

/// Where the blog keeps its rows.
pub(super) enum Store {
    /// A new file.
    Sqlite,
    /// A new schema of the PostgreSQL that tests use.
    Postgres(Schema),
}

/// A schema, which ends with this value.
pub(super) struct Schema {
    server: String,
    name: String,
    python: PathBuf,
}

impl Store {
    /// One of each.
    pub(super) fn all(tools: &Tools) -> Result<[Self; 2]> {
        let found = services::test_environment(&services::ensure(&[Service::Postgres])?);
        let server = found.into_iter().find(|(name, _)| *name == "TEST_DATABASE_URL").map(|(_, url)| url);
        let server = server.context("no PostgreSQL to judge on")?;
        let python = tools.python("python").get_program().into();
        let schema = Schema { server, name: format!("judge_{}", std::process::id()), python };
        schema.execute(&format!("create schema {}", schema.name))?;
        Ok([Self::Sqlite, Self::Postgres(schema)])
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres(_) => "postgres",
        }
    }
}

impl Schema {
    fn url(&self) -> String {
        let Self { server, name, .. } = self;
        let between = if server.contains('?') { '&' } else { '?' };
        format!("{server}{between}options=-c%20search_path%3D{name}")
    }

    fn execute(&self, statement: &str) -> Result<()> {
        process::output(Command::new(&self.python).args(["-c", STATEMENTS, &self.server, statement]))
            .map(drop)
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        if let Err(error) = self.execute(&format!("drop schema {} cascade", self.name)) {
            eprintln!("judge: the schema {} is left behind: {error:#}", self.name);
        }
    }
}

/// A blog that serves; it ends with this value.
pub(super) struct Blog {
    server: Child,
    address: String,
    root: PathBuf,
    store: &'static str,
}

impl Blog {
    /// Starts it in an empty folder and waits until it is ready.
    pub(super) fn start(store: &Store, folder: &Path) -> Result<Self> {
        let root = folder.join(store.name());
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        fs::create_dir_all(&root)?;
        let mut command = command(&root);
        if let Store::Postgres(schema) = store {
            command.env("DATABASE_URL", schema.url());
        }
        let log = File::create(root.join("blog.log"))?;
        let mut server = command.arg("serve").stdout(Stdio::piped()).stderr(log).spawn()?;
        let output = server.stdout.take().context("its output is piped")?;
        let mut blog = Self { server, address: String::new(), root, store: store.name() };
        let told = BufReader::new(output).lines().map_while(Result::ok);
        let ready = told.filter_map(|it| it.strip_prefix("API server running on ").map(str::to_owned)).next();
        blog.address = ready
            .with_context(|| format!("the blog did not start: {}", blog.root.join("blog.log").display()))?;
        Ok(blog)
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
        process::output(command(&self.root).arg("openapi"))
    }

    /// A person's token.
    pub(super) fn token(&self) -> Result<String> {
        let token =
            process::output(command(&self.root).args(["token", "--sub", "judge", "--name", "Judge"]))?;
        ensure!(!token.trim().is_empty(), "the blog printed no token");
        Ok(token.trim().to_owned())
    }
}

impl Drop for Blog {
    fn drop(&mut self) {
        // Best effort: it may have ended by itself, and then the judges have said so.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The blog's program, with nothing of the developer's configuration.
fn command(root: &Path) -> Command {
    let secret = "a secret that only the judges' blog has";
    let mut command = Command::new(process::target().join("debug/blog"));
    command.env_clear().env("MAINSTAY_ROOT", root).env("PORT", "0").env("LOG", "warn").stdin(Stdio::null());
    command.env("AUTH_JWT_SECRET", secret).env("AUTH_SECRET", secret.chars().rev().collect::<String>());
    command
}
