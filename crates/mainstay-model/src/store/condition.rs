use std::borrow::Cow;

use mainstay_kernel::{Dialect, Kind};

use super::atom::Share;
use super::sql::Builder;
use super::{atom, search};
use crate::{Atom, Compare, Exists, Predicate, Schema, Subject};

/// Writes a predicate on the rows of the statement's table as SQL, with the same three-valued logic.
pub(crate) fn write(sql: &mut Builder, schema: &Schema, predicate: &Predicate) {
    write_at(sql, Place { schema, depth: 0 }, predicate);
}

/// The table that a predicate speaks of, and how many others it stands in.
#[derive(Clone, Copy)]
struct Place<'a> {
    schema: &'a Schema,
    depth: usize,
}

fn write_at(sql: &mut Builder, at: Place<'_>, predicate: &Predicate) {
    match predicate {
        Predicate::Always => {
            sql.text("TRUE");
        }
        Predicate::Never => {
            sql.text("FALSE");
        }
        Predicate::Unknown => unknown(sql),
        Predicate::Exists(it) => found(sql, at, it),
        Predicate::Not(it) => not(sql, at, it),
        Predicate::And(all) => join(sql, all, " AND ", "TRUE", |sql, part| {
            if let Predicate::Column(column, atom) = part {
                atom::write(sql, at.schema.column(*column), atom, share(at.schema, *column, all));
            } else {
                write_at(sql, at, part);
            }
        }),
        Predicate::Or(any) => join(sql, any, " OR ", "FALSE", |sql, part| write_at(sql, at, part)),
        Predicate::Search(it) => search::condition(sql, at.schema, &alias(at), it),
        Predicate::Column(column, atom) => {
            atom::write(sql, at.schema.column(*column), atom, Share::Most);
        }
    }
}

fn not(sql: &mut Builder, at: Place<'_>, predicate: &Predicate) {
    if let Predicate::Exists(it) = predicate {
        return absent(sql, at, it);
    }
    sql.text("NOT (");
    write_at(sql, at, predicate);
    sql.text(")");
}

fn join<'a>(
    sql: &mut Builder,
    parts: &'a [Predicate],
    between: &str,
    empty: &str,
    mut write: impl FnMut(&mut Builder, &'a Predicate),
) {
    if parts.is_empty() {
        sql.text(empty);
        return;
    }
    sql.text("(");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            sql.text(between);
        }
        write(sql, part);
    }
    sql.text(")");
}

/// Where an index begins with this column and another one that is not a truth value, both asked for
/// here, it is the index to take.
fn share(schema: &Schema, column: usize, all: &[Predicate]) -> Share {
    let is_asked_for = |it: &usize| {
        all.iter().any(|part| {
            matches!(part, Predicate::Column(of, Atom::In(_) | Atom::Compare(Compare::Equal, _)) if of == it)
        })
    };
    let is_narrowing = schema.indexes.iter().any(|index| {
        let found: Vec<_> = index.columns.iter().copied().take_while(is_asked_for).collect();
        found.contains(&column) && found.iter().any(|it| schema.column(*it).kind != Kind::Bool)
    });
    if is_narrowing { Share::Unsaid } else { Share::Most }
}

/// There is such a row. By its key it is looked up for each row; other columns are read once, for
/// they are few (memberships), and an index on the subject can then be used.
fn found(sql: &mut Builder, at: Place<'_>, it: &Exists) {
    if it.column == it.schema.id() {
        sql.text("EXISTS (");
        by_key(sql, at, it, |sql, inner| write_at(sql, inner, &it.rows));
    } else {
        subject(sql, at, it);
        sql.text(" IN (");
        values(sql, at, it, |sql, inner| write_at(sql, inner, &it.rows));
    }
    sql.text(")");
}

/// There is none, for certain: the subject is not missing, and the condition fails for each row
/// that has its value.
fn absent(sql: &mut Builder, at: Place<'_>, it: &Exists) {
    let not_false = |sql: &mut Builder, inner: Place<'_>| {
        sql.text("(");
        write_at(sql, inner, &it.rows);
        sql.text(") IS NOT FALSE");
    };
    sql.text("(");
    if let Subject::Column(_) = it.subject {
        subject(sql, at, it);
        sql.text(" IS NOT NULL AND ");
    }
    if it.column == it.schema.id() {
        sql.text("NOT EXISTS (");
        by_key(sql, at, it, not_false);
    } else {
        subject(sql, at, it);
        sql.text(" NOT IN (");
        values(sql, at, it, not_false);
    }
    sql.text("))");
}

fn by_key(sql: &mut Builder, at: Place<'_>, it: &Exists, rows: impl FnOnce(&mut Builder, Place<'_>)) {
    let inner = Place { schema: it.schema, depth: at.depth + 1 };
    sql.text("SELECT 1 FROM ").name(it.schema.table).text(" AS ").name(&alias(inner));
    sql.text(" WHERE ").name(it.schema.column(it.column).name).text(" = ");
    subject(sql, at, it);
    sql.text(" AND ");
    rows(sql, inner);
}

fn values(sql: &mut Builder, at: Place<'_>, it: &Exists, rows: impl FnOnce(&mut Builder, Place<'_>)) {
    let inner = Place { schema: it.schema, depth: at.depth + 1 };
    let column = it.schema.column(it.column);
    sql.text("SELECT ").name(column.name).text(" FROM ").name(it.schema.table);
    sql.text(" AS ").name(&alias(inner)).text(" WHERE ");
    if column.optional {
        sql.name(column.name).text(" IS NOT NULL AND ");
    }
    rows(sql, inner);
}

/// The value looked for, as it is called from inside the look.
fn subject(sql: &mut Builder, at: Place<'_>, it: &Exists) {
    match &it.subject {
        Subject::Column(column) => {
            sql.name(&alias(at)).text(".").name(at.schema.column(*column).name);
        }
        Subject::Value(value) => {
            sql.bind(value.clone());
        }
    }
}

/// What a table is called within its statement.
fn alias(at: Place<'_>) -> Cow<'_, str> {
    match at.depth {
        0 => Cow::Borrowed(at.schema.table),
        depth => Cow::Owned(format!("_{depth}")),
    }
}

fn unknown(sql: &mut Builder) {
    sql.text(match sql.dialect {
        Dialect::Postgres => "NULL::boolean",
        Dialect::Sqlite => "NULL",
    });
}
