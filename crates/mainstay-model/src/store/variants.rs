//! The variants that a column admits: a type of PostgreSQL's, a CHECK of SQLite's. Both only grow.

use mainstay_kernel::{Dialect, EnumType};

use super::ddl;
use super::introspect::Table;
use super::sql::Builder;
use crate::{ColumnDef, Schema};

/// Creates the type of an enum. PostgreSQL's alone.
pub(crate) fn create_type(of: &EnumType) -> String {
    let mut sql = Builder::new(Dialect::Postgres);
    sql.text("CREATE TYPE ").name(of.name).text(" AS ENUM (");
    sql.list(of.variants, |sql, variant| {
        sql.literal(variant);
    })
    .text(")");
    sql.build().text().to_owned()
}

/// Adds the variants that the type does not have yet, each before its successor in the declaration.
pub(crate) fn add_values(of: &EnumType, known: &[String]) -> Vec<(&'static str, String)> {
    let is_known = |variant: &&&str| known.iter().any(|it| it == **variant);
    let missing = of.variants.iter().enumerate().filter(|(_, it)| !is_known(it));
    missing
        .map(|(index, variant)| {
            let mut sql = Builder::new(Dialect::Postgres);
            sql.text("ALTER TYPE ").name(of.name).text(" ADD VALUE ").literal(variant);
            if let Some(successor) = of.variants[index..].iter().find(is_known) {
                sql.text(" BEFORE ").literal(successor);
            }
            (*variant, sql.build().text().to_owned())
        })
        .collect()
}

/// Writes the CHECK of a column named so.
pub(crate) fn check(sql: &mut Builder, schema: &Schema, column: &ColumnDef, name: &str, variants: &[&str]) {
    sql.text(" CONSTRAINT ").name(&schema.check_name(column)).text(" CHECK (").name(name).text(" IN (");
    sql.list(variants, |sql, variant| {
        sql.literal(variant);
    })
    .text("))");
}

/// The variants that a column's CHECK admits; `None` when it has no such CHECK.
pub(crate) fn admitted(table: &Table, column: &ColumnDef) -> Option<Vec<String>> {
    let (_, mut rest) = table.definition.split_once(&format!("CHECK (\"{}\" IN (", column.name))?;
    let mut variants = Vec::new();
    while let Some(open) = rest.trim_start_matches(", ").strip_prefix('\'') {
        let mut end = open.find('\'')?;
        while open[end + 1..].starts_with('\'') {
            end += 2 + open[end + 2..].find('\'')?;
        }
        variants.push(open[..end].replace("''", "'"));
        rest = &open[end + 1..];
    }
    rest.starts_with("))").then_some(variants)
}

/// The name of the column that takes another one's place.
const SUCCESSOR: &str = "mainstay_successor";

/// Has a column admit the variants of its enum too, beside those that it admits. SQLite cannot alter
/// a CHECK, so another column takes its place; the table's triggers, and the indexes that may hold
/// the column, step aside meanwhile.
pub(crate) fn widen(
    schema: &Schema,
    column: &ColumnDef,
    of: &EnumType,
    admitted: &[String],
    table: &Table,
) -> Vec<String> {
    let leftover = admitted.iter().map(String::as_str).filter(|it| !of.variants.contains(it));
    let variants: Vec<&str> = of.variants.iter().copied().chain(leftover).collect();
    let may_miss = table.column(column.name).is_none_or(|it| it.optional);
    let aside = || table.dependents.iter().filter(|it| it.may_hold(column.name));
    let mut statements: Vec<_> = aside().map(|it| it.drop()).collect();
    statements.extend([
        successor(schema, column, &variants, may_miss),
        on_table(schema, "UPDATE ", |sql| sql.text(" SET ").name(SUCCESSOR).text(" = ").name(column.name)),
        on_table(schema, "ALTER TABLE ", |sql| sql.text(" DROP COLUMN ").name(column.name)),
        on_table(schema, "ALTER TABLE ", |sql| {
            sql.text(" RENAME COLUMN ").name(SUCCESSOR).text(" TO ").name(column.name)
        }),
    ]);
    statements.extend(aside().map(|it| it.create.clone()));
    statements
}

/// As far as rows may miss it, like the column whose place it takes.
fn successor(schema: &Schema, column: &ColumnDef, variants: &[&str], may_miss: bool) -> String {
    on_table(schema, "ALTER TABLE ", |sql| {
        sql.text(" ADD COLUMN ").name(SUCCESSOR).text(" TEXT");
        if !may_miss {
            sql.text(" NOT NULL DEFAULT ").text(&ddl::literal(Dialect::Sqlite, column));
        }
        check(sql, schema, column, SUCCESSOR, variants);
        sql
    })
}

fn on_table(
    schema: &Schema,
    verb: &str,
    rest: impl for<'a> FnOnce(&'a mut Builder) -> &'a mut Builder,
) -> String {
    let mut sql = Builder::new(Dialect::Sqlite);
    sql.text(verb).name(schema.table);
    rest(&mut sql);
    sql.build().text().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    static MOOD: EnumType = EnumType { name: "mood", variants: &["a", "b", "c", "d", "e"] };

    #[test]
    fn a_variant_of_a_type_is_added_before_its_successor() {
        let known = ["b", "d", "gone"].map(str::to_owned);
        let statements = |known: &[String]| -> Vec<String> {
            add_values(&MOOD, known).into_iter().map(|(_, statement)| statement).collect()
        };
        assert_eq!(
            statements(&known),
            [
                "ALTER TYPE \"mood\" ADD VALUE 'a' BEFORE 'b'",
                "ALTER TYPE \"mood\" ADD VALUE 'c' BEFORE 'd'",
                "ALTER TYPE \"mood\" ADD VALUE 'e'",
            ]
        );
        let known: Vec<_> = MOOD.variants.iter().map(|&it| it.to_owned()).collect();
        assert_eq!(statements(&known), [""; 0]);
    }
}
