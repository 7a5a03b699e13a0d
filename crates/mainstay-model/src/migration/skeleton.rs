//! The files of a migration that is still to be written.

use mainstay_kernel::Dialect;

use crate::store::suggested::suggested;
use crate::{Divergence, Plan};

/// The texts of a new migration's files. Neither has a statement yet, so that it cannot be applied
/// unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skeleton {
    /// What its name says when nobody gave one.
    pub what: Option<String>,
    /// `up.sql`.
    pub up: String,
    /// `down.sql`.
    pub down: String,
}

const UP: &str = "\
-- Statements end in a semicolon, and run in one transaction with the record that they ran. What the models
-- have and the tables lack needs none: that is made before this runs.
-- Where PostgreSQL and SQLite differ: up.postgres.sql, up.sqlite.sql.
";

const DOWN: &str = "\
-- What undoes up.sql. Without a statement here it cannot be reverted.
";

/// What to start from for a migration that mends what differs.
pub fn skeleton(plan: &Plan, dialect: Dialect) -> Skeleton {
    let mut up = UP.to_owned();
    for divergence in &plan.divergences {
        up.push_str(&format!("\n-- {divergence}.\n"));
        for line in suggested(divergence, dialect) {
            up.push_str(&format!("-- | {line}\n"));
        }
    }
    if !plan.divergences.is_empty() {
        up.push_str("\n-- Take `-- | ` away from the lines that are meant.\n");
    }
    Skeleton { what: plan.divergences.first().map(what), up, down: DOWN.to_owned() }
}

/// What a migration does that mends this.
fn what(divergence: &Divergence) -> String {
    match divergence {
        Divergence::ColumnLeft { table, column, .. } => format!("drop {table} {column}"),
        Divergence::Retyped { table, column, .. } => format!("retype {table} {column}"),
        Divergence::Optional { table, column } => format!("require {table} {column}"),
        Divergence::Required { table, column } => format!("relax {table} {column}"),
        Divergence::VariantLeft { of, variant } => format!("retire {of} {variant}"),
        Divergence::Reference { table, column, .. } => format!("refer {table} {column}"),
        Divergence::InvalidIndex { index, .. } => format!("rebuild {index}"),
    }
}
