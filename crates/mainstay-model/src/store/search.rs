//! Full-text search: conditions, and what makes them fast.
//!
//! PostgreSQL has a GIN index over an expression, SQLite an FTS5 table that triggers keep, so that raw
//! SQL is followed too. Neither adds a column to the model's table.

mod postgres;
mod sqlite;

use mainstay_kernel::Dialect;

use super::introspect::Table;
use super::sql::Builder;
use crate::search::Searched;
use crate::{Schema, Subject};

/// Writes that a search finds the row of the table that is called `alias` here.
pub(super) fn condition(sql: &mut Builder, schema: &Schema, alias: &str, searched: &Searched) {
    match sql.dialect {
        Dialect::Postgres => postgres::condition(sql, schema, searched),
        Dialect::Sqlite if is_of_columns(searched) => sqlite::condition(sql, schema, alias, searched),
        Dialect::Sqlite => sqlite::judged(sql, schema, searched),
    }
}

/// Whether the row is searched as it is, and not as it will be.
fn is_of_columns(searched: &Searched) -> bool {
    searched.fields.iter().all(|it| matches!(it, Subject::Column(_)))
}

/// What a table lacks of what its searches need; an older definition is replaced.
pub(crate) fn missing(dialect: Dialect, schema: &Schema, table: &Table) -> Vec<String> {
    match dialect {
        _ if schema.search.is_empty() => Vec::new(),
        Dialect::Postgres => postgres::missing(schema, table),
        Dialect::Sqlite => sqlite::missing(schema, table),
    }
}
