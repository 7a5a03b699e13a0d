use mainstay_kernel::{Dialect, Kind, Value};

use super::sql::Builder;
use crate::{Compare, Predicate, Schema};

/// Writes a predicate as SQL, with the same three-valued logic.
pub(crate) fn write(sql: &mut Builder, schema: &Schema, predicate: &Predicate) {
    match predicate {
        Predicate::Always => {
            sql.text("TRUE");
        }
        Predicate::Never => {
            sql.text("FALSE");
        }
        Predicate::IsNull(column) => {
            sql.name(schema.columns[*column].name).text(" IS NULL");
        }
        Predicate::Not(it) => {
            sql.text("NOT (");
            write(sql, schema, it);
            sql.text(")");
        }
        Predicate::And(all) => join(sql, schema, all, " AND ", "TRUE"),
        Predicate::Or(any) => join(sql, schema, any, " OR ", "FALSE"),
        Predicate::Compare { operand: None, .. } => unknown(sql),
        Predicate::Compare { column, compare, operand: Some(operand) } => {
            sql.name(schema.columns[*column].name).text(symbol(*compare));
            bind(sql, schema.columns[*column].kind, operand.clone());
        }
        Predicate::In { values, .. } if values.is_empty() => {
            sql.text("FALSE");
        }
        Predicate::In { column, values } => {
            let def = schema.column(*column);
            sql.name(def.name).text(" IN (");
            sql.list(values, |sql, value| bind(sql, def.kind, value.clone())).text(")");
        }
    }
}

fn join(sql: &mut Builder, schema: &Schema, parts: &[Predicate], between: &str, empty: &str) {
    if parts.is_empty() {
        sql.text(empty);
        return;
    }
    sql.text("(");
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            sql.text(between);
        }
        write(sql, schema, part);
    }
    sql.text(")");
}

fn unknown(sql: &mut Builder) {
    sql.text(match sql.dialect {
        Dialect::Postgres => "NULL::boolean",
        Dialect::Sqlite => "NULL",
    });
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
