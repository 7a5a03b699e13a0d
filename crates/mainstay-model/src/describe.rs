//! What models say of their tables, as JSON that people and tools can read and compare.

use mainstay_kernel::{Dialect, Kind};
use serde_json::{Map, Value as Json, json};

use crate::store::ddl;
use crate::{ColumnDef, OnDelete, Schema};

/// The tables of these models: tables by name, columns and indexes in the order of the declaration. The
/// same models give the same text.
///
/// ```json
/// {"dialect": "sqlite", "tables": {"posts": {"model": "post", "live": true,
///   "columns": [{"name": "id", "type": "TEXT", "optional": false}],
///   "indexes": [{"name": "posts_slug_key", "columns": ["slug"], "unique": true}]}}}
/// ```
pub fn describe(dialect: Dialect, schemas: &[&Schema]) -> String {
    let tables: Map<String, Json> =
        schemas.iter().map(|it| (it.table.to_owned(), of_table(dialect, it))).collect();
    let name = match dialect {
        Dialect::Postgres => "postgres",
        Dialect::Sqlite => "sqlite",
    };
    format!("{:#}\n", json!({ "dialect": name, "tables": tables }))
}

fn of_table(dialect: Dialect, schema: &Schema) -> Json {
    let columns: Vec<_> = schema.columns.iter().map(|it| of_column(dialect, it)).collect();
    let indexes = schema.indexes.iter().map(|it| {
        let names = |of: &[usize]| of.iter().map(|&at| schema.column(at).name).collect::<Vec<_>>();
        let mut described =
            json!({ "name": schema.index_name(it), "columns": names(it.columns), "unique": it.unique });
        if !it.descending.is_empty() {
            described["descending"] = json!(names(it.descending));
        }
        if !it.only.is_empty() {
            described["where"] = json!(ddl::condition(schema, it));
        }
        described
    });
    json!({
        "model": schema.name,
        "live": schema.live,
        "columns": columns,
        "indexes": indexes.collect::<Vec<_>>(),
    })
}

fn of_column(dialect: Dialect, column: &ColumnDef) -> Json {
    let mut described = json!({
        "name": column.name,
        "type": ddl::type_of(dialect, column.kind),
        "optional": column.optional,
    });
    match column.kind {
        Kind::Enum(of) => described["variants"] = json!(of.variants),
        Kind::Decimal(scale) => described["scale"] = json!(scale),
        Kind::Bool
        | Kind::Int
        | Kind::Float
        | Kind::Text
        | Kind::Bytes
        | Kind::Uuid
        | Kind::Timestamp
        | Kind::Json
        | Kind::Date => {}
    }
    if let Some(reference) = &column.references {
        let on_delete = match reference.on_delete {
            OnDelete::NoAction => "no_action",
            OnDelete::Restrict => "restrict",
            OnDelete::Cascade => "cascade",
            OnDelete::SetNull => "set_null",
        };
        described["references"] = json!({ "table": (reference.table)(), "onDelete": on_delete });
    }
    described
}
