use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::tools::Python;
use crate::process;
use crate::services::{self, Service};

/// Runs statements: the address of the server, then each of them.
const STATEMENTS: &str = "import psycopg, sys
with psycopg.connect(sys.argv[1], autocommit=True) as server:
    for statement in sys.argv[2:]:
        server.execute(statement)";

/// Where an application keeps its rows.
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
    /// What `python` needs for them.
    pub(super) const DRIVER: &str = "psycopg[binary]==3.*";

    /// One of each.
    pub(super) fn all(python: &Python) -> Result<[Self; 2]> {
        let server = address(Service::Postgres, "TEST_DATABASE_URL")?;
        let python = python.program("python").get_program().into();
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

    /// What `DATABASE_URL` has to be; nothing where the application's own choice is right.
    pub(super) fn url(&self) -> Option<String> {
        match self {
            Self::Sqlite => None,
            Self::Postgres(Schema { server, name, .. }) => {
                let between = if server.contains('?') { '&' } else { '?' };
                Some(format!("{server}{between}options=-c%20search_path%3D{name}"))
            }
        }
    }
}

/// Where this service was found or started.
pub(super) fn address(service: Service, variable: &str) -> Result<String> {
    let found = services::test_environment(&services::ensure(&[service])?);
    let url = found.into_iter().find(|(name, _)| *name == variable).map(|(_, url)| url);
    url.with_context(|| format!("nothing to judge on: `cargo xtask services` says no {variable}"))
}

impl Schema {
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
