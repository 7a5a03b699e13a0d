use std::sync::Arc;

use mainstay_kernel::{Dialect, Reader, Result, Statement};
use moka::sync::Cache;

use crate::store::select::{self, Stamped};
use crate::{Predicate, Schema};

/// How far a list counts unless it is asked for more.
pub const CAP: u64 = 10_000;

/// Counts that still hold.
///
/// A count stays true as long as the database shows the same rows: on SQLite until this process
/// commits, on PostgreSQL as long as `pg_current_snapshot()` is the same. A list reads the stamp
/// together with its rows, so that a total is never older than they are.
#[derive(Clone, Debug)]
pub struct Totals(Cache<Question, Counted>);

type Question = Arc<str>;

#[derive(Clone, Debug)]
struct Counted {
    stamp: Stamp,
    total: u64,
}

/// What the database showed when something was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stamp {
    Commit(u64),
    Snapshot(String),
}

impl Default for Totals {
    fn default() -> Self {
        Self(Cache::new(1000))
    }
}

impl Totals {
    /// How many rows match, counting no further than one beyond the cap. `stamp` is that of the
    /// rows the total stands beside, where they were read first.
    pub(crate) async fn count(
        &self,
        reader: &Reader,
        schema: &Schema,
        predicate: &Predicate,
        stamp: Option<Stamp>,
    ) -> Result<u64> {
        let stamped = stamped(reader.dialect());
        let statement = select::count(reader.dialect(), schema, predicate, Some(CAP + 1), stamped);
        let key = key(&statement);
        if let Some(counted) = self.0.get(&key)
            && Some(&counted.stamp) == stamp.as_ref()
        {
            return Ok(counted.total);
        }
        let before = commit(reader);
        let rows = reader.rows(&statement).await?;
        let Some(row) = rows.first() else { return Ok(0) };
        let total = u64::try_from(row.at::<i64>(0)?).unwrap_or(0);
        let stamp = match stamped {
            Stamped::Yes => Some(Stamp::Snapshot(row.at(1)?)),
            Stamped::No => before,
        };
        if let Some(stamp) = stamp {
            self.0.insert(key, Counted { stamp, total });
        }
        Ok(total)
    }
}

/// Whether the store tells in which snapshot it read.
pub(crate) fn stamped(dialect: Dialect) -> Stamped {
    match dialect {
        Dialect::Postgres => Stamped::Yes,
        Dialect::Sqlite => Stamped::No,
    }
}

/// The stamp of what is read from now on, where one process owns the database.
pub(crate) fn commit(reader: &Reader) -> Option<Stamp> {
    reader.stamp().map(Stamp::Commit)
}

/// The statement with its values: the same question, word for word.
fn key(statement: &Statement) -> Question {
    format!("{}{:?}", statement.text(), statement.params()).into()
}
