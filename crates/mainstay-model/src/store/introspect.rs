use std::collections::HashSet;

use mainstay_kernel::{Dialect, Reader, Result};

/// What a table has.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) columns: HashSet<String>,
    pub(crate) indexes: HashSet<String>,
}

/// The table of this name; without columns when there is none.
pub(crate) async fn table(reader: &Reader, name: &str) -> Result<Table> {
    let (columns, indexes) = match reader.dialect() {
        Dialect::Postgres => (
            "SELECT column_name::text FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = ?",
            "SELECT indexname::text FROM pg_indexes WHERE schemaname = current_schema() AND tablename = ?",
        ),
        Dialect::Sqlite => (
            "SELECT name FROM pragma_table_info(?)",
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ?",
        ),
    };
    Ok(Table {
        columns: reader.sql(columns).bind(name).all::<String>().await?.into_iter().collect(),
        indexes: reader.sql(indexes).bind(name).all::<String>().await?.into_iter().collect(),
    })
}
