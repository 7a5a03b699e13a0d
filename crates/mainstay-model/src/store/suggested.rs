//! How to mend by hand what tables and models disagree on.

use mainstay_kernel::Dialect;

use crate::Divergence;

/// The lines of a migration that mends this, to be read and taken over by a person.
pub(crate) fn suggested(divergence: &Divergence, dialect: Dialect) -> Vec<String> {
    match (divergence, dialect) {
        (Divergence::ColumnLeft { table, column, .. }, _) => vec![
            format!("-- mainstay: where {table}.{column}"),
            "-- mainstay: allow drop-column: why the previous version does without it".to_owned(),
            format!("ALTER TABLE {} DROP COLUMN {};", quoted(table), quoted(column)),
        ],
        (Divergence::Retyped { table, column, expected, .. }, Dialect::Postgres) => vec![
            "-- mainstay: allow retype: why the previous version bears it".to_owned(),
            format!("ALTER TABLE {} ALTER COLUMN {} TYPE {expected};", quoted(table), quoted(column)),
        ],
        (Divergence::Optional { table, column }, Dialect::Postgres) => vec![
            "-- mainstay: allow not-null: why the previous version never leaves it out".to_owned(),
            format!("UPDATE {} SET {} = … WHERE {} IS NULL;", quoted(table), quoted(column), quoted(column)),
            format!("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL;", quoted(table), quoted(column)),
        ],
        (Divergence::Required { table, column }, Dialect::Postgres) => {
            vec![format!("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL;", quoted(table), quoted(column))]
        }
        (
            Divergence::Retyped { table, column, .. }
            | Divergence::Optional { table, column }
            | Divergence::Required { table, column }
            | Divergence::Reference { table, column, .. },
            Dialect::Sqlite,
        ) => vec![
            "-- SQLite alters no column in place: add one beside it, copy, and drop the old one.".to_owned(),
            format!("UPDATE {} SET … = {};", quoted(table), quoted(column)),
            format!("ALTER TABLE {} DROP COLUMN {};", quoted(table), quoted(column)),
        ],
        (Divergence::Reference { table, column, .. }, Dialect::Postgres) => vec![format!(
            "ALTER TABLE {} ADD FOREIGN KEY ({}) REFERENCES … (\"id\") NOT VALID;",
            quoted(table),
            quoted(column)
        )],
        (Divergence::VariantLeft { of, variant }, _) => {
            let (table, column) = of.split_once('.').unwrap_or(("…", "…"));
            vec![format!(
                "UPDATE {} SET {} = … WHERE {} = '{}';",
                quoted(table),
                quoted(column),
                quoted(column),
                variant.replace('\'', "''")
            )]
        }
        (Divergence::InvalidIndex { index, .. }, _) => {
            vec![format!("DROP INDEX {};", quoted(index)), "-- It is built again after that.".to_owned()]
        }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
