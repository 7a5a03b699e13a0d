//! Mainstay on PostgreSQL and the server written by hand, on one database.

use anyhow::Result;
use tempfile::TempDir;

use crate::database::Database;
use crate::scratch;
use crate::server::Server;
use crate::subject::{self, AccessLog, IDS, ROWS};

/// Both servers and what they share. Dropped in this order: the database last.
pub(crate) struct Pair {
    /// Mainstay.
    pub(crate) ours: Server,
    /// Without it.
    pub(crate) by_hand: Server,
    /// Ids of rows that both can read.
    pub(crate) ids: Vec<String>,
    _root: TempDir,
    /// Their database.
    pub(crate) database: Database,
}

impl Pair {
    /// Fills a database and starts both on it. The one by hand inserts into a table with the same
    /// columns and indexes that records no changes.
    pub(crate) fn start() -> Result<Self> {
        let (database, root) = (Database::create()?, scratch()?);
        let url = Some(database.url.as_str());
        subject::seed(root.path(), url, ROWS)?;
        database.run("CREATE TABLE plain_posts (LIKE posts INCLUDING ALL)")?;
        database.run("VACUUM (ANALYZE)")?;
        database.run("CHECKPOINT")?;
        let ids = database.texts(&format!("SELECT id::text FROM posts ORDER BY random() LIMIT {IDS}"))?;
        let ours = subject::mainstay(root.path(), url, AccessLog::On)?;
        let by_hand = subject::hand_written(url)?;
        Ok(Self { ours, by_hand, ids, _root: root, database })
    }
}
