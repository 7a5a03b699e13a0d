//! A PostgreSQL database for one benchmark, dropped with it.

use std::env;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context as _, Result};
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls};

/// Tells the databases of one process apart.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The database and a connection to it.
pub(crate) struct Database {
    runtime: Runtime,
    server: String,
    name: String,
    /// Where it is.
    pub(crate) url: String,
    client: Client,
}

impl Database {
    /// Makes it anew on the server of `TEST_DATABASE_URL`, or of this machine.
    pub(crate) fn create() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let server = env::var("TEST_DATABASE_URL")
            .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".to_owned());
        let (rest, _) = server.rsplit_once('/').context("expected postgres://user@host/database")?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("mainstay_bench_{}_{number}", std::process::id());
        let url = format!("{rest}/{name}");
        execute(&runtime, &server, &format!("CREATE DATABASE {name}"))?;
        let client = runtime.block_on(connect(&url))?;
        Ok(Self { runtime, server, name, url, client })
    }

    /// Runs statements without values.
    pub(crate) fn run(&self, text: &str) -> Result<()> {
        Ok(self.runtime.block_on(self.client.batch_execute(text))?)
    }

    /// The first column of every row, as text.
    pub(crate) fn texts(&self, query: &str) -> Result<Vec<String>> {
        let rows = self.runtime.block_on(self.client.query(query, &[]))?;
        rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
    }

    /// Its version and what decides how durable a commit is.
    pub(crate) fn settings(&self) -> Result<String> {
        let of = |name: &str| Ok::<_, anyhow::Error>(self.texts(&format!("SHOW {name}"))?.concat());
        Ok(format!(
            "PostgreSQL {} (fsync={}, synchronous_commit={}, shared_buffers={})",
            of("server_version")?,
            of("fsync")?,
            of("synchronous_commit")?,
            of("shared_buffers")?
        ))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Err(error) = execute(&self.runtime, &self.server, &drop) {
            eprintln!("the database {} could not be dropped: {error:#}", self.name);
        }
    }
}

fn execute(runtime: &Runtime, url: &str, text: &str) -> Result<()> {
    runtime.block_on(async { Ok(connect(url).await?.batch_execute(text).await?) })
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) =
        tokio_postgres::connect(url, NoTls).await.with_context(|| format!("no database at {url}"))?;
    tokio::spawn(connection);
    Ok(client)
}
