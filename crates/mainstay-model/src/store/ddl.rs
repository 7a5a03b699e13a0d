use mainstay_kernel::{Dialect, Kind, Value};

use super::sql::Builder;
use super::variants;
use crate::{ColumnDef, Index, Is, OnDelete, Part, Schema};

/// Creates the table of a model.
pub(crate) fn create_table(dialect: Dialect, schema: &Schema) -> String {
    let mut sql = Builder::new(dialect);
    sql.text("CREATE TABLE ").name(schema.table).text(" (");
    sql.list(schema.columns, |sql, column| column_def(sql, schema, column, Column::OfNewTable));
    sql.text(match dialect {
        Dialect::Postgres => ")",
        Dialect::Sqlite => ") STRICT",
    });
    sql.build().text().to_owned()
}

/// Adds one column to the table of a model.
pub(crate) fn add_column(dialect: Dialect, schema: &Schema, column: &ColumnDef) -> String {
    let mut sql = Builder::new(dialect);
    sql.text("ALTER TABLE ").name(schema.table).text(" ADD COLUMN ");
    column_def(&mut sql, schema, column, Column::OfOldTable);
    sql.build().text().to_owned()
}

/// Creates an index.
pub(crate) fn create_index(dialect: Dialect, schema: &Schema, index: &Index) -> String {
    let mut sql = Builder::new(dialect);
    sql.text(if index.unique { "CREATE UNIQUE INDEX " } else { "CREATE INDEX " });
    sql.name(&schema.index_name(index)).text(" ON ").name(schema.table).text(" (");
    sql.list(index.columns, |sql, &column| {
        let ColumnDef { name, optional, .. } = schema.column(column);
        sql.name(name);
        if index.descending.contains(&column) {
            sql.text(" DESC");
        }
        // Where lists have them; on SQLite that is where they are.
        if index.descending.contains(&column) && *optional && dialect == Dialect::Postgres {
            sql.text(" NULLS LAST");
        }
    })
    .text(")");
    if !index.only.is_empty() {
        sql.text(" WHERE ").text(&condition(schema, index));
    }
    sql.build().text().to_owned()
}

/// Which rows an index is over, the same on both stores.
pub(crate) fn condition(schema: &Schema, index: &Index) -> String {
    let mut sql = Builder::new(Dialect::Sqlite);
    for (position, only) in index.only.iter().enumerate() {
        if position > 0 {
            sql.text(" AND ");
        }
        sql.name(schema.column(only.column).name);
        match only.is {
            Is::Missing => sql.text(" IS NULL"),
            Is::There => sql.text(" IS NOT NULL"),
            Is::Equal(value) => constant(sql.text(" = "), &value()),
            Is::NotEqual(value) => constant(sql.text(" <> "), &value()),
        };
    }
    sql.build().text().to_owned()
}

/// A value that an index asks for. [`Index::may_ask_for`] says of which kinds there are such.
fn constant<'a>(sql: &'a mut Builder, value: &Value) -> &'a mut Builder {
    match value {
        Value::Bool(true) => sql.text("TRUE"),
        Value::Bool(false) => sql.text("FALSE"),
        Value::Int(it) => sql.text(&it.to_string()),
        Value::Decimal(it) => sql.text(&it.units.to_string()),
        Value::Text(it) => sql.literal(it),
        Value::Enum(it) => sql.literal(it.name()),
        Value::Uuid(it) => sql.literal(&it.to_string()),
        Value::Date(it) => sql.literal(&it.to_string()),
        Value::Null | Value::Float(_) | Value::Bytes(_) | Value::Timestamp(_) | Value::Json(_) => {
            sql.text("NULL")
        }
    }
}

/// Whether the table has rows already, which a new column must have a value for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    OfNewTable,
    OfOldTable,
}

fn column_def(sql: &mut Builder, schema: &Schema, column: &ColumnDef, which: Column) {
    let dialect = sql.dialect;
    sql.name(column.name).text(" ");
    sql_type(sql, column.kind);
    if column.part == Part::Id {
        sql.text(" PRIMARY KEY");
    }
    if !column.optional {
        sql.text(" NOT NULL");
        if which == Column::OfOldTable {
            sql.text(" DEFAULT ").text(&literal(dialect, column));
        }
    }
    if let (Dialect::Sqlite, Kind::Enum(of)) = (dialect, column.kind) {
        variants::check(sql, schema, column, column.name, of.variants);
    }
    if let Some(reference) = &column.references {
        sql.text(" CONSTRAINT ").name(&schema.reference_name(column));
        sql.text(" REFERENCES ").name((reference.table)()).text(" (\"id\")").text(
            match reference.on_delete {
                OnDelete::NoAction => "",
                OnDelete::Restrict => " ON DELETE RESTRICT",
                OnDelete::Cascade => " ON DELETE CASCADE",
                OnDelete::SetNull => " ON DELETE SET NULL",
            },
        );
    }
}

/// The type of a column that holds this kind, as a definition names it.
pub(crate) fn type_of(dialect: Dialect, kind: Kind) -> String {
    let mut sql = Builder::new(dialect);
    sql_type(&mut sql, kind);
    sql.build().text().to_owned()
}

fn sql_type(sql: &mut Builder, kind: Kind) {
    let ty = match (sql.dialect, kind) {
        (Dialect::Postgres, Kind::Bool) => "boolean",
        (Dialect::Postgres, Kind::Int | Kind::Decimal(_)) => "bigint",
        (Dialect::Postgres, Kind::Float) => "double precision",
        (Dialect::Postgres, Kind::Text) => "text COLLATE \"C\"",
        (Dialect::Postgres, Kind::Bytes) => "bytea",
        (Dialect::Postgres, Kind::Uuid) => "uuid",
        (Dialect::Postgres, Kind::Timestamp) => "timestamptz",
        (Dialect::Postgres, Kind::Json) => "jsonb",
        (Dialect::Postgres, Kind::Date) => "date",
        (Dialect::Postgres, Kind::Enum(of)) => {
            sql.name(of.name);
            return;
        }
        (Dialect::Sqlite, Kind::Bool | Kind::Int | Kind::Decimal(_) | Kind::Timestamp) => "INTEGER",
        (Dialect::Sqlite, Kind::Float) => "REAL",
        (Dialect::Sqlite, Kind::Text | Kind::Uuid | Kind::Date | Kind::Enum(_) | Kind::Json) => "TEXT",
        (Dialect::Sqlite, Kind::Bytes) => "BLOB",
    };
    sql.text(ty);
}

/// What rows without a word on the column hold in it, those that were there before it and those that a version of the
/// program inserts which does not know it: the field's default, else the emptiest value of its kind.
pub(super) fn literal(dialect: Dialect, column: &ColumnDef) -> String {
    if column.part == Part::Version {
        return "1".to_owned();
    }
    let mut sql = Builder::new(dialect);
    match steady_default(column) {
        Some(Value::Json(json)) => sql.literal(&json.to_string()),
        Some(Value::Float(it)) if it.is_finite() => sql.text(&format!("{it:?}")),
        Some(
            value @ (Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::Text(_) | Value::Enum(_)),
        ) => constant(&mut sql, &value),
        Some(
            Value::Null
            | Value::Float(_)
            | Value::Bytes(_)
            | Value::Uuid(_)
            | Value::Timestamp(_)
            | Value::Date(_),
        )
        | None => emptiest(&mut sql, column.kind),
    };
    sql.build().text().to_owned()
}

/// The default, unless it is another one each time: rows do not share what was made for one.
fn steady_default(column: &ColumnDef) -> Option<Value> {
    let default = column.default?;
    let made = default();
    (made == default()).then_some(made)
}

fn emptiest(sql: &mut Builder, kind: Kind) -> &mut Builder {
    match (sql.dialect, kind) {
        (Dialect::Postgres, Kind::Bool) => sql.text("false"),
        (Dialect::Sqlite, Kind::Bool) | (_, Kind::Int | Kind::Float | Kind::Decimal(_)) => sql.text("0"),
        (_, Kind::Text) => sql.text("''"),
        (Dialect::Postgres, Kind::Bytes) => sql.text("'\\x'"),
        (Dialect::Sqlite, Kind::Bytes) => sql.text("x''"),
        (_, Kind::Uuid) => sql.text("'00000000-0000-0000-0000-000000000000'"),
        (Dialect::Postgres, Kind::Timestamp) => sql.text("'epoch'"),
        (Dialect::Sqlite, Kind::Timestamp) => sql.text("0"),
        (_, Kind::Date) => sql.text("'1970-01-01'"),
        (_, Kind::Enum(of)) => sql.literal(of.variants[0]),
        (_, Kind::Json) => sql.text("'null'"),
    }
}
