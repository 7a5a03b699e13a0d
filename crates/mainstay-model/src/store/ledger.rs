//! The table that holds which written migrations were applied.

use mainstay_kernel::{Dialect, Error, Reader, Result, Timestamp, Tx};

use crate::migration::LedgerName;

/// What is recorded of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) name: String,
    pub(crate) checksum: String,
    pub(crate) state: Recorded,
    pub(crate) at: Timestamp,
}

/// How far it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    Applied,
    NotNeeded,
    /// Begun outside of a transaction.
    Applying,
    /// Its reverting was.
    Reverting,
}

impl Recorded {
    const ALL: [Self; 4] = [Self::Applied, Self::NotNeeded, Self::Applying, Self::Reverting];

    fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::NotNeeded => "not_needed",
            Self::Applying => "applying",
            Self::Reverting => "reverting",
        }
    }
}

/// Makes the table where it is missing.
pub(crate) async fn create(tx: &mut Tx, table: &LedgerName) -> Result<()> {
    let (name, rest) = match tx.dialect() {
        Dialect::Postgres => ("text COLLATE \"C\" PRIMARY KEY", "at timestamptz NOT NULL)"),
        Dialect::Sqlite => ("TEXT PRIMARY KEY NOT NULL", "at INTEGER NOT NULL) STRICT"),
    };
    let text = format!(
        "CREATE TABLE IF NOT EXISTS \"{}\" (name {name}, checksum text NOT NULL, state text NOT NULL, {rest}",
        table.as_str()
    );
    tx.sql(&text).execute().await.map(drop)
}

/// All records, by name; none where the table is missing.
pub(crate) async fn read(reader: &Reader, table: &LedgerName) -> Result<Vec<Record>> {
    let tables = match reader.dialect() {
        Dialect::Postgres => {
            "SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relname = ?"
        }
        Dialect::Sqlite => "SELECT count(*) FROM sqlite_master WHERE name = ?",
    };
    if reader.sql(tables).bind(table.as_str()).one::<i64>().await? != Some(1) {
        return Ok(Vec::new());
    }
    let text = format!("SELECT name, checksum, state, at FROM \"{}\" ORDER BY name", table.as_str());
    let rows = reader.sql(&text).all::<(String, String, String, Timestamp)>().await?;
    rows.into_iter().map(record).collect()
}

fn record((name, checksum, word, at): (String, String, String, Timestamp)) -> Result<Record> {
    match Recorded::ALL.into_iter().find(|it| it.word() == word) {
        Some(state) => Ok(Record { name, checksum, state, at }),
        None => Err(Error::internal(format!(
            "the record of migration `{name}` says `{word}`: a newer program may have written it"
        ))),
    }
}

/// Records a migration that has no record yet.
pub(crate) async fn insert(
    tx: &mut Tx,
    table: &LedgerName,
    name: &str,
    checksum: &str,
    state: Recorded,
) -> Result<()> {
    let text = format!("INSERT INTO \"{}\" (name, checksum, state, at) VALUES (?, ?, ?, ?)", table.as_str());
    let now = tx.now();
    tx.sql(&text).bind(name).bind(checksum).bind(state.word()).bind(now).execute().await.map(drop)
}

/// Says how far a migration came that has a record.
pub(crate) async fn set(tx: &mut Tx, table: &LedgerName, name: &str, state: Recorded) -> Result<()> {
    let text = format!("UPDATE \"{}\" SET state = ? WHERE name = ?", table.as_str());
    tx.sql(&text).bind(state.word()).bind(name).execute().await.map(drop)
}

/// Forgets a migration; whether it had a record.
pub(crate) async fn forget(tx: &mut Tx, table: &LedgerName, name: &str) -> Result<bool> {
    let text = format!("DELETE FROM \"{}\" WHERE name = ?", table.as_str());
    Ok(tx.sql(&text).bind(name).execute().await? == 1)
}
