use mainstay_kernel::{Case, Dialect, Kind, Pattern, Value, Variant};
use serde_json::Value as Json;

use super::sql::Builder;
use crate::{Atom, ColumnDef, Compare};

/// How many rows SQLite is to expect of a truth value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// Nearly all of them.
    Most,
    /// As many as of any other equality: an index has it beside columns that narrow.
    Unsaid,
}

/// Writes what a column must be like as SQL. What SQLite has no operator for, a function of the
/// kernel's connections answers.
pub(super) fn write(sql: &mut Builder, column: &ColumnDef, atom: &Atom, share: Share) {
    match atom {
        Atom::Compare(compare, Value::Enum(operand)) => variants(sql, column.name, *compare, *operand),
        Atom::Compare(Compare::Equal, Value::Bool(operand)) => truth(sql, column.name, *operand, share),
        Atom::Compare(compare, operand) => {
            sql.name(column.name).text(symbol(*compare));
            bind(sql, column.kind, operand.clone());
        }
        Atom::In(values) if values.is_empty() => {
            sql.text("FALSE");
        }
        Atom::In(values) => {
            sql.name(column.name).text(" IN (");
            sql.list(values, |sql, value| bind(sql, column.kind, value.clone())).text(")");
        }
        Atom::IsNull => {
            sql.name(column.name).text(" IS NULL");
        }
        Atom::Like(pattern) => like(sql, column, pattern),
        Atom::Contains(part) => contains(sql, column, part),
        Atom::PathIs(path, value) => path_is(sql, column, path, value),
        Atom::PathIsNull(path) => path_is_null(sql, column, path),
    }
}

/// Without statistics SQLite takes any equality for one that few rows fulfil, and reads and sorts all
/// that an index gives rather than walk the order of a list. Of a truth value it is told nearly all
/// rows: told half, it still sorts them, for it counts on a limit to make that cheap.
fn truth(sql: &mut Builder, name: &str, operand: bool, share: Share) {
    let is_told = sql.dialect == Dialect::Sqlite && share == Share::Most;
    sql.text(if is_told { "likelihood(" } else { "" });
    sql.name(name).text(" = ").bind(Value::Bool(operand));
    sql.text(if is_told { ", 0.99)" } else { "" });
}

/// An order of variants is that of their declaration, which SQLite does not know and PostgreSQL may
/// know otherwise: it is written as the variants that it admits, which an index can find.
fn variants(sql: &mut Builder, name: &str, compare: Compare, operand: Variant) {
    let of = operand.of();
    let admitted: Vec<_> = (0..of.variants.len())
        .map(|index| of.at(index))
        .filter(|it| compare.admits(it.index().cmp(&operand.index())))
        .collect();
    if admitted.is_empty() {
        // False, and unknown where the column is missing.
        sql.name(name).text(" <> ").name(name);
        return;
    }
    sql.name(name).text(" IN (");
    sql.list(admitted, |sql, it| {
        sql.bind(Value::Enum(it));
    })
    .text(")");
}

fn like(sql: &mut Builder, column: &ColumnDef, pattern: &Pattern) {
    let text = Value::Text(pattern.text());
    match (sql.dialect, pattern.case()) {
        (Dialect::Postgres, Case::Kept) => sql.name(column.name).text(" LIKE ").bind(text),
        (Dialect::Postgres, Case::Folded) => sql.name(column.name).text(" ILIKE ").bind(text),
        (Dialect::Sqlite, Case::Kept) => call(sql, "mainstay_like", column, [text]),
        (Dialect::Sqlite, Case::Folded) => call(sql, "mainstay_ilike", column, [text]),
    };
}

fn contains(sql: &mut Builder, column: &ColumnDef, part: &Json) {
    match sql.dialect {
        Dialect::Postgres => {
            sql.name(column.name).text(" @> ");
            bind(sql, Kind::Json, Value::Json(part.clone()));
        }
        Dialect::Sqlite => {
            call(sql, "mainstay_json_contains", column, [Value::Json(part.clone())]);
        }
    }
}

fn path_is(sql: &mut Builder, column: &ColumnDef, path: &[String], value: &Json) {
    match sql.dialect {
        Dialect::Postgres => {
            at(sql, column, path);
            sql.text(" = ");
            bind(sql, Kind::Json, Value::Json(value.clone()));
        }
        Dialect::Sqlite => {
            call(sql, "mainstay_json_is", column, [keys(path), Value::Json(value.clone())]);
        }
    }
}

fn path_is_null(sql: &mut Builder, column: &ColumnDef, path: &[String]) {
    match sql.dialect {
        Dialect::Postgres => at(sql, column, path),
        Dialect::Sqlite => {
            call(sql, "mainstay_json_at", column, [keys(path)]);
        }
    }
    sql.text(" IS NULL");
}

/// What is under these keys, where null is nothing. A text after `->` never counts in a list.
fn at(sql: &mut Builder, column: &ColumnDef, path: &[String]) {
    sql.text("NULLIF(").name(column.name);
    for key in path {
        sql.text(" -> ").bind(Value::Text(key.clone())).text("::text");
    }
    sql.text(", ");
    bind(sql, Kind::Json, Value::Json(Json::Null));
    sql.text(")");
}

fn keys(path: &[String]) -> Value {
    Value::Json(path.into())
}

fn call<'a>(
    sql: &'a mut Builder,
    function: &str,
    column: &ColumnDef,
    arguments: impl IntoIterator<Item = Value>,
) -> &'a mut Builder {
    sql.text(function).text("(").name(column.name);
    for argument in arguments {
        sql.text(", ").bind(argument);
    }
    sql.text(")")
}

/// A bound value; JSON is compared as PostgreSQL's `jsonb`.
fn bind(sql: &mut Builder, kind: Kind, value: Value) {
    sql.bind(value);
    if sql.dialect == Dialect::Postgres && kind == Kind::Json {
        sql.text("::jsonb");
    }
}

fn symbol(compare: Compare) -> &'static str {
    match compare {
        Compare::Equal => " = ",
        Compare::NotEqual => " <> ",
        Compare::Less => " < ",
        Compare::LessOrEqual => " <= ",
        Compare::Greater => " > ",
        Compare::GreaterOrEqual => " >= ",
    }
}

#[cfg(test)]
mod tests {
    use mainstay_kernel::Kind;

    use super::*;
    use crate::{About, Part, Read, Write, Writer};

    const PUBLISHED: ColumnDef = ColumnDef {
        name: "published",
        field: "published",
        kind: Kind::Bool,
        optional: false,
        part: Part::Plain,
        write: Write { create: Writer::Nobody, update: Writer::Nobody },
        read: Read::Everyone,
        references: None,
        default: None,
        about: About::NOTHING,
    };

    #[test]
    fn sqlite_is_told_that_nearly_all_rows_have_a_truth_value() {
        let written = |dialect| {
            let mut sql = Builder::new(dialect);
            write(&mut sql, &PUBLISHED, &Atom::Compare(Compare::Equal, Value::Bool(true)), Share::Most);
            sql.build().text().to_owned()
        };
        assert_eq!(written(Dialect::Postgres), r#""published" = $1"#);
        assert_eq!(written(Dialect::Sqlite), r#"likelihood("published" = ?1, 0.99)"#);
    }
}
