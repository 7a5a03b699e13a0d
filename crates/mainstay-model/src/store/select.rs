use mainstay_kernel::{Dialect, Kind, Statement, Value};

use super::condition;
use super::sql::Builder;
use crate::{ColumnDef, Predicate, Schema, Sort};

/// Which rows of a list to read.
pub(crate) struct Slice<'a> {
    pub(crate) predicate: &'a Predicate,
    pub(crate) sorts: &'a [Sort],
    pub(crate) limit: u64,
    pub(crate) offset: u64,
}

/// Whether a list also says which snapshot it was read in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stamped {
    Yes,
    No,
}

/// The one row for which the predicate holds.
pub(crate) fn one(dialect: Dialect, schema: &Schema, predicate: &Predicate) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("SELECT ").columns(schema).text(" FROM ").name(schema.table).text(" WHERE ");
    condition::write(&mut sql, schema, predicate);
    sql.build()
}

/// One row if the condition, which speaks of no column, holds.
pub(crate) fn holds(dialect: Dialect, schema: &Schema, condition: &Predicate) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("SELECT 1 WHERE ");
    condition::write(&mut sql, schema, condition);
    sql.build()
}

/// The row of any model's table with this key, if there is one.
pub(crate) fn key(dialect: Dialect, table: &str, id: &Value) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("SELECT 1 FROM ").name(table).text(" WHERE \"id\" = ").bind(id.clone());
    sql.build()
}

/// A row without columns, if there is one for which the predicate holds.
pub(crate) fn any(dialect: Dialect, schema: &Schema, predicate: &Predicate) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("SELECT 1 FROM ").name(schema.table).text(" WHERE ");
    condition::write(&mut sql, schema, predicate);
    sql.text(" LIMIT 1");
    sql.build()
}

/// A slice of the rows for which the predicate holds. Stamped, its first column after the schema's
/// is the snapshot.
pub(crate) fn slice(dialect: Dialect, schema: &Schema, slice: &Slice<'_>, stamped: Stamped) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("SELECT ").columns(schema);
    if stamped == Stamped::Yes {
        sql.text(", pg_current_snapshot()::text");
    }
    sql.text(" FROM ").name(schema.table).text(" WHERE ");
    condition::write(&mut sql, schema, slice.predicate);
    order(&mut sql, schema, slice.sorts);
    sql.text(" LIMIT ").number(slice.limit);
    if slice.offset > 0 {
        sql.text(" OFFSET ").number(slice.offset);
    }
    sql.build()
}

/// The key of each row, and what each of these predicates is of it.
pub(crate) fn truths(dialect: Dialect, schema: &Schema, predicates: &[Predicate]) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("SELECT ").name(schema.column(schema.id()).name);
    for predicate in predicates {
        sql.text(", ");
        condition::write(&mut sql, schema, predicate);
    }
    sql.text(" FROM ").name(schema.table);
    sql.build()
}

/// How the database would run this statement: a row for each line, its text last.
pub(crate) fn plan(dialect: Dialect, statement: &Statement) -> Statement {
    let explain = match dialect {
        Dialect::Postgres => "EXPLAIN ",
        Dialect::Sqlite => "EXPLAIN QUERY PLAN ",
    };
    Statement::with(format!("{explain}{}", statement.text()), statement.params().to_vec())
}

/// The column of a plan that has its text.
pub(crate) const fn plan_column(dialect: Dialect) -> usize {
    match dialect {
        Dialect::Postgres => 0,
        Dialect::Sqlite => 3,
    }
}

fn order(sql: &mut Builder, schema: &Schema, sorts: &[Sort]) {
    if sorts.is_empty() {
        return;
    }
    sql.text(" ORDER BY ").list(sorts, |sql, sort| {
        let column = schema.column(sort.column);
        rank(sql, column);
        sql.text(if sort.descending { " DESC" } else { " ASC" });
        if column.optional {
            sql.text(" NULLS LAST");
        }
    });
}

/// What a column is sorted by: itself, or the position of its variant, which is the same on both
/// stores and after a variant came between others.
pub(super) fn rank(sql: &mut Builder, column: &ColumnDef) {
    let Kind::Enum(of) = column.kind else {
        sql.name(column.name);
        return;
    };
    sql.text("CASE ").name(column.name);
    for (rank, variant) in (0_u64..).zip(of.variants) {
        sql.text(" WHEN ").literal(variant).text(" THEN ").number(rank);
    }
    sql.text(" ELSE NULL END");
}

/// How many rows match, counting no further than `cap`.
pub(crate) fn count(
    dialect: Dialect,
    schema: &Schema,
    predicate: &Predicate,
    cap: Option<u64>,
    stamped: Stamped,
) -> Statement {
    let mut sql = Builder::new(dialect);
    sql.text("SELECT count(*)");
    if stamped == Stamped::Yes {
        sql.text(", pg_current_snapshot()::text");
    }
    sql.text(if cap.is_some() { " FROM (SELECT 1 FROM " } else { " FROM " });
    sql.name(schema.table).text(" WHERE ");
    condition::write(&mut sql, schema, predicate);
    if let Some(cap) = cap {
        sql.text(" LIMIT ").number(cap).text(") AS matching");
    }
    sql.build()
}
