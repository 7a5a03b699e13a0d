//! A server on a database of one size.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;
use tempfile::TempDir;

use crate::database::Database;
use crate::server::Server;
use crate::subject::{self, AccessLog, IDS};
use crate::{exchange, scratch};

/// The list that is filtered and sorted: what an index over both columns finds.
pub(super) const SORTED: &str =
    "/v1/posts?where%5Bpublished%5D=true&where%5Bviews%5D%5Bgte%5D=100&sort=-views&limit=25&count=none";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        })
    }
}

/// Where its rows are.
enum Store {
    File(PathBuf),
    Database(Box<Database>),
}

/// Dropped in this order: the database after its server.
pub(super) struct World {
    pub(super) server: Server,
    /// Ids of some of its rows.
    pub(super) ids: Vec<String>,
    /// The list that goes on from the middle of the table.
    pub(super) middle: String,
    store: Store,
    _root: TempDir,
}

impl World {
    /// Fills a database with so many rows and kept answers, and starts a server on it.
    pub(super) fn start(engine: Engine, rows: u32, answers: u32) -> Result<Self> {
        let root = scratch()?;
        let store = match engine {
            Engine::Sqlite => Store::File(root.path().join(".mainstay/bench.db")),
            Engine::Postgres => Store::Database(Box::new(Database::create()?)),
        };
        subject::seed(root.path(), store.url(), rows)?;
        store.keep_answers(answers)?;
        store.settle()?;
        let ids = store.ids()?;
        let server = subject::mainstay(root.path(), store.url(), AccessLog::Off)?;
        let middle = middle(&server, rows)?;
        Ok(Self { server, ids, middle, store, _root: root })
    }

    /// What decides how durable a commit is.
    pub(super) fn settings(&self) -> Result<String> {
        match &self.store {
            Store::File(_) => Ok(format!("SQLite {}, WAL, synchronous=FULL", rusqlite::version())),
            Store::Database(database) => database.settings(),
        }
    }
}

impl Store {
    fn url(&self) -> Option<&str> {
        match self {
            Self::File(_) => None,
            Self::Database(database) => Some(&database.url),
        }
    }

    /// Some kept answers, none of which anybody asks for again.
    fn keep_answers(&self, answers: u32) -> Result<()> {
        match self {
            Self::File(file) => {
                let text = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?1) \
                            INSERT INTO mainstay_result SELECT \
                            substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-' || substr(h, 13, 4) || '-' || \
                            substr(h, 17, 4) || '-' || substr(h, 21), 'PUT /v1/posts', randomblob(32), 200, \
                            '{}', randomblob(200), 0, 9e15 + i FROM (SELECT i, lower(hex(randomblob(16))) AS h FROM n)";
                open(file)?.execute(text, [answers])?;
                Ok(())
            }
            Self::Database(database) => database.run(&format!(
                "INSERT INTO mainstay_result SELECT gen_random_uuid(), 'PUT /v1/posts', \
                 decode(md5(i::text), 'hex'), 200, '{{}}', decode(repeat(md5(i::text), 6), 'hex'), now(), \
                 now() + interval '7 days' + i * interval '1 ms' FROM generate_series(1, {answers}) AS i"
            )),
        }
    }

    /// What would otherwise be done while it is measured.
    fn settle(&self) -> Result<()> {
        match self {
            Self::File(file) => Ok(open(file)?.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?),
            Self::Database(database) => {
                database.run("VACUUM (ANALYZE)")?;
                database.run("CHECKPOINT")
            }
        }
    }

    fn ids(&self) -> Result<Vec<String>> {
        match self {
            Self::File(file) => subject::ids(file),
            Self::Database(database) => {
                database.texts(&format!("SELECT id::text FROM posts ORDER BY random() LIMIT {IDS}"))
            }
        }
    }
}

fn open(file: &Path) -> Result<rusqlite::Connection> {
    rusqlite::Connection::open(file).with_context(|| format!("no database at {}", file.display()))
}

/// A cursor leads on in its order whatever the filter of the list that gave it.
fn middle(server: &Server, rows: u32) -> Result<String> {
    let list = format!("/v1/posts?where%5Bviews%5D%5Blte%5D={}&sort=-views&limit=25&count=none", rows / 2);
    let answer = exchange::ask(server.address, "GET", &list, None, &Value::Null)?;
    let next = answer["result"]["next"].as_str().context("half of the rows is more than a page")?;
    Ok(format!("/v1/posts?sort=-views&limit=25&count=none&cursor={next}"))
}
