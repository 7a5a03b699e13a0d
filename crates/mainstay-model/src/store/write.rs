use mainstay_kernel::{Dialect, Statement, Timestamp, Value};

use super::condition;
use super::sql::Builder;
use crate::{Part, Predicate, Schema};

/// Inserts a whole row, if the condition, which speaks of no column, holds in that instant. The row's
/// values are the first that the statement binds.
pub(crate) fn insert(dialect: Dialect, schema: &Schema, row: Vec<Value>, condition: &Predicate) -> Statement {
    let mut sql = Builder::new(dialect);
    let is_free = *condition == Predicate::Always;
    sql.text("INSERT INTO ").name(schema.table).text(" (").columns(schema);
    sql.text(if is_free { ") VALUES (" } else { ") SELECT " });
    sql.list(row, |sql, value| {
        sql.bind(value);
    });
    if is_free {
        sql.text(")");
    } else {
        sql.text(" WHERE ");
        condition::write(&mut sql, schema, condition);
    }
    sql.build()
}

/// Sets these columns, and no others, of the rows for which the predicate holds; counts the version
/// up and gives the rows back.
pub(crate) fn update(
    dialect: Dialect,
    schema: &Schema,
    changes: &[(usize, Value)],
    predicate: &Predicate,
    now: Timestamp,
) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("UPDATE ").name(schema.table).text(" SET ");
    sql.list(changes, |sql, (column, value)| {
        sql.name(schema.column(*column).name).text(" = ").bind(value.clone());
    });
    touch(&mut sql, schema, now);
    sql.text(" WHERE ");
    condition::write(&mut sql, schema, predicate);
    sql.text(" RETURNING ").columns(schema);
    sql.build()
}

/// Sets what every update sets, behind the columns that it is about.
pub(super) fn touch(sql: &mut Builder, schema: &Schema, now: Timestamp) {
    if let Some(column) = schema.part(Part::Version) {
        let name = schema.column(column).name;
        sql.text(", ").name(name).text(" = ").name(name).text(" + 1");
    }
    if let Some(column) = schema.part(Part::UpdatedAt) {
        sql.text(", ").name(schema.column(column).name).text(" = ").bind(Value::Timestamp(now));
    }
}

/// Deletes the rows for which the predicate holds.
pub(crate) fn delete(dialect: Dialect, schema: &Schema, predicate: &Predicate) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("DELETE FROM ").name(schema.table).text(" WHERE ");
    condition::write(&mut sql, schema, predicate);
    sql.build()
}
