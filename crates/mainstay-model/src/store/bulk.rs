//! Statements that write many rows, or a row that may be there.

use mainstay_kernel::{Dialect, Statement, Timestamp, Value};

use super::sql::Builder;
use super::write::touch;
use super::{condition, ddl};
use crate::bulk::Edit;
use crate::{Index, Part, Predicate, Record, Schema};

/// How many rows one statement inserts at most: a power of two, within the store's bound on values.
pub(crate) fn most_rows(dialect: Dialect, schema: &Schema) -> usize {
    const MOST: usize = 512;
    let values = match dialect {
        Dialect::Postgres => 65_535,
        Dialect::Sqlite => 32_766,
    };
    let fit = (values / schema.columns.len().max(1)).clamp(1, MOST);
    1 << fit.ilog2()
}

/// Inserts whole rows.
pub(crate) fn insert(dialect: Dialect, schema: &Schema, records: &[Record]) -> Statement {
    let mut sql = Builder::new(dialect);
    into(&mut sql, schema);
    sql.list(records, row);
    sql.build()
}

/// Changes these columns of the rows for which the predicate holds, and counts their versions up.
pub(crate) fn update(
    dialect: Dialect,
    schema: &Schema,
    changes: &[(usize, Edit)],
    predicate: &Predicate,
    now: Timestamp,
) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("UPDATE ").name(schema.table).text(" SET ");
    sql.list(changes, |sql, (column, change)| {
        let name = schema.column(*column).name;
        sql.name(name).text(" = ");
        match change {
            Edit::Set(value) => sql.bind(value.clone()),
            Edit::Add(more) => sql.name(name).text(" + ").bind(more.clone()),
        };
    });
    touch(&mut sql, schema, now);
    sql.text(" WHERE ");
    condition::write(&mut sql, schema, predicate);
    sql.build()
}

/// Inserts a whole row, or overwrites what is the application's own of the row that agrees with it in the
/// target columns; gives the row back.
pub(crate) fn upsert(
    dialect: Dialect,
    schema: &Schema,
    record: &Record,
    target: &[usize],
    index: Option<&Index>,
) -> Statement {
    let mut sql = Builder::new(dialect);
    into(&mut sql, schema);
    row(&mut sql, record);
    sql.text(" ON CONFLICT (").list(target, |sql, &column| {
        sql.name(schema.column(column).name);
    });
    let overwritten = schema.columns.iter().filter(|it| match it.part {
        Part::Plain | Part::Overflow | Part::UpdatedAt | Part::Version => true,
        Part::Id | Part::CreatedAt => false,
    });
    sql.text(")");
    if let Some(index) = index.filter(|it| !it.only.is_empty()) {
        sql.text(" WHERE ").text(&ddl::condition(schema, index));
    }
    sql.text(" DO UPDATE SET ").list(overwritten, |sql, column| {
        sql.name(column.name).text(" = ");
        match column.part {
            Part::Version => sql.name(schema.table).text(".").name(column.name).text(" + 1"),
            Part::Plain | Part::Overflow | Part::UpdatedAt | Part::Id | Part::CreatedAt => {
                sql.text("excluded.").name(column.name)
            }
        };
    });
    sql.text(" RETURNING ").columns(schema);
    sql.build()
}

fn into(sql: &mut Builder, schema: &Schema) {
    sql.text("INSERT INTO ").name(schema.table).text(" (").columns(schema).text(") VALUES ");
}

fn row(sql: &mut Builder, record: &Record) {
    sql.text("(").list(&record.0, |sql, value: &Value| {
        sql.bind(value.clone());
    });
    sql.text(")");
}
