use std::collections::HashSet;

use mainstay_kernel::{Dialect, Reader, Result};

/// What a table has.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) columns: HashSet<String>,
    pub(crate) indexes: HashSet<String>,
    /// The statement that made it. SQLite's alone.
    pub(crate) definition: String,
    /// Its triggers and indexes. SQLite's alone.
    pub(crate) dependents: Vec<Dependent>,
}

/// A trigger or an index of a table.
#[derive(Debug)]
pub(crate) struct Dependent {
    name: String,
    is_trigger: bool,
    /// The statement that makes it.
    pub(crate) create: String,
}

impl Dependent {
    /// Whether this column may be part of it. What a trigger does with its row cannot be told.
    pub(crate) fn may_hold(&self, column: &str) -> bool {
        self.is_trigger || self.create.contains(column)
    }

    /// The statement that drops it.
    pub(crate) fn drop(&self) -> String {
        let kind = if self.is_trigger { "TRIGGER" } else { "INDEX" };
        format!("DROP {kind} \"{}\"", self.name.replace('"', "\"\""))
    }
}

/// The table of this name; without columns when there is none.
pub(crate) async fn table(reader: &Reader, name: &str) -> Result<Table> {
    match reader.dialect() {
        Dialect::Postgres => of_postgres(reader, name).await,
        Dialect::Sqlite => of_sqlite(reader, name).await,
    }
}

async fn of_postgres(reader: &Reader, name: &str) -> Result<Table> {
    let columns = "SELECT column_name::text FROM information_schema.columns \
                   WHERE table_schema = current_schema() AND table_name = ?";
    let indexes =
        "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema() AND tablename = ?";
    Ok(Table {
        columns: reader.sql(columns).bind(name).all::<String>().await?.into_iter().collect(),
        indexes: reader.sql(indexes).bind(name).all::<String>().await?.into_iter().collect(),
        ..Table::default()
    })
}

async fn of_sqlite(reader: &Reader, name: &str) -> Result<Table> {
    let columns = "SELECT name FROM pragma_table_info(?)";
    let parts = "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL";
    let mut table = Table {
        columns: reader.sql(columns).bind(name).all::<String>().await?.into_iter().collect(),
        ..Table::default()
    };
    for (kind, name, sql) in reader.sql(parts).bind(name).all::<(String, String, String)>().await? {
        if kind == "table" {
            table.definition = sql;
            continue;
        }
        if kind == "index" {
            table.indexes.insert(name.clone());
        }
        table.dependents.push(Dependent { name, is_trigger: kind == "trigger", create: sql });
    }
    Ok(table)
}

/// The variants of the type of this name, smallest first; none when there is no such type.
/// PostgreSQL's alone.
pub(crate) async fn enum_values(reader: &Reader, name: &str) -> Result<Vec<String>> {
    let labels = "SELECT e.enumlabel::text FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid \
                  WHERE t.typnamespace = current_schema()::regnamespace AND t.typname = ? \
                  ORDER BY e.enumsortorder";
    reader.sql(labels).bind(name).all().await
}
