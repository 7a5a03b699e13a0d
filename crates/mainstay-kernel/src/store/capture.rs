use crate::{Dialect, Kind};

/// What row triggers write into `mainstay_change` for one live table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The table. Comes from a schema, never from input.
    pub table: String,
    /// The model's name, such as `post`.
    pub model: String,
    /// The columns that a change carries; private ones are not among them.
    pub columns: Vec<(String, Kind)>,
}

impl Capture {
    /// The statements that (re)create the triggers, to be run in one transaction.
    pub fn ddl(&self, dialect: Dialect) -> Vec<String> {
        match dialect {
            Dialect::Postgres => super::postgres::capture::ddl(self),
            Dialect::Sqlite => super::sqlite::capture::ddl(self),
        }
    }
}
