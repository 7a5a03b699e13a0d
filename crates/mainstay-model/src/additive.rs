//! Tables follow their models, as far as nothing is lost by it: missing tables, columns and indexes
//! are made, and nothing is ever dropped.

use mainstay_kernel::{Db, Result};

use crate::{Schema, store};

/// The statements that are missing for these models, in the order to run them.
///
/// # Errors
/// Unavailable, when the database is away.
pub async fn plan(db: &Db, schemas: &[&Schema]) -> Result<Vec<String>> {
    let reader = db.reader();
    let dialect = db.dialect();
    let mut statements = Vec::new();
    for schema in by_reference(schemas) {
        let table = store::introspect::table(&reader, schema.table).await?;
        let before = statements.len();
        if table.columns.is_empty() {
            statements.push(store::ddl::create_table(dialect, schema));
        } else {
            let missing = schema.columns.iter().filter(|it| !table.columns.contains(it.name));
            statements.extend(missing.map(|column| store::ddl::add_column(dialect, schema, column)));
        }
        let missing = schema.indexes.iter().filter(|it| !table.indexes.contains(&schema.index_name(it)));
        statements.extend(missing.map(|index| store::ddl::create_index(dialect, schema, index)));
        if schema.live && statements.len() > before {
            statements.extend(schema.capture().ddl(dialect));
        }
    }
    Ok(statements)
}

/// Plans and runs, in one transaction; what was run.
///
/// # Errors
/// What the store says of the first statement that fails; nothing is changed then.
pub async fn apply(db: &Db, schemas: &[&Schema]) -> Result<Vec<String>> {
    let statements = plan(db, schemas).await?;
    if !statements.is_empty() {
        db.migrate(&statements).await?;
    }
    Ok(statements)
}

/// Referred-to tables first. A cycle keeps the order in which its models were given.
fn by_reference<'a>(schemas: &[&'a Schema]) -> Vec<&'a Schema> {
    let mut waiting: Vec<&Schema> = schemas.to_vec();
    let mut ordered: Vec<&Schema> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready = |schema: &&Schema| {
            let targets =
                schema.columns.iter().filter_map(|it| it.references.as_ref()).map(|it| (it.table)());
            targets.filter(|it| *it != schema.table).all(|it| !waiting.iter().any(|other| other.table == it))
        };
        let next = waiting.iter().position(ready).unwrap_or(0);
        ordered.push(waiting.remove(next));
    }
    ordered
}
