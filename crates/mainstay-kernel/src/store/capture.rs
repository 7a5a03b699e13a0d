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

/// The member of an image that is true where a column of JSON holds the null of JSON, and not nothing: both are `null` in
/// its own member.
pub(crate) fn null_mark(column: &str) -> String {
    format!("{column}!")
}

impl Capture {
    /// The statements that drop the triggers, to be run in one transaction.
    pub fn undo(&self, dialect: Dialect) -> Vec<String> {
        match dialect {
            Dialect::Postgres => super::postgres::capture::undo(self),
            Dialect::Sqlite => super::sqlite::capture::undo(self),
        }
    }

    /// Whether these are the definitions of its triggers, as the store keeps them.
    pub fn is_made(&self, dialect: Dialect, definitions: &[&str]) -> bool {
        let statements = self.ddl(dialect);
        match dialect {
            // The store keeps the body of the function alone.
            Dialect::Postgres => {
                definitions.iter().any(|it| !it.is_empty() && statements.iter().any(|all| all.contains(it)))
            }
            Dialect::Sqlite => statements
                .iter()
                .filter(|it| it.starts_with("CREATE"))
                .all(|it| definitions.contains(&it.as_str())),
        }
    }

    /// The statements that (re)create the triggers, to be run in one transaction.
    pub fn ddl(&self, dialect: Dialect) -> Vec<String> {
        match dialect {
            Dialect::Postgres => super::postgres::capture::ddl(self),
            Dialect::Sqlite => super::sqlite::capture::ddl(self),
        }
    }
}
