//! Tables follow their models, as far as nothing is lost by it: missing tables, columns, indexes and
//! variants of enums are made, and nothing is ever dropped.

use mainstay_kernel::{Db, Dialect, EnumType, Error, Kind, Reader, Result};

use crate::store::introspect::{self, Table};
use crate::store::{ddl, variants};
use crate::{ColumnDef, Schema};

/// The statements that are missing for these models, in the order to run them.
///
/// # Errors
/// Unavailable, when the database is away; internal, when two enums have one name.
pub async fn plan(db: &Db, schemas: &[&Schema]) -> Result<Vec<String>> {
    let (types, tables) = parts(db, schemas).await?;
    Ok(types.into_iter().chain(tables).collect())
}

/// Plans and runs: first the types, because PostgreSQL takes a new variant only once it is committed,
/// then all else in one transaction; what was run.
///
/// # Errors
/// What the store says of the first statement that fails; no table is changed then.
pub async fn apply(db: &Db, schemas: &[&Schema]) -> Result<Vec<String>> {
    let (types, tables) = parts(db, schemas).await?;
    for part in [&types, &tables] {
        if !part.is_empty() {
            db.migrate(part).await?;
        }
    }
    Ok(types.into_iter().chain(tables).collect())
}

/// What the types lack, and what the tables lack.
async fn parts(db: &Db, schemas: &[&Schema]) -> Result<(Vec<String>, Vec<String>)> {
    let reader = db.reader();
    let types = missing_types(&reader, &enums(schemas)?).await?;
    let mut tables = Vec::new();
    for schema in by_reference(schemas) {
        let table = introspect::table(&reader, schema.table).await?;
        tables.extend(missing(db.dialect(), schema, &table));
    }
    Ok((types, tables))
}

/// What PostgreSQL's types of these enums lack. SQLite has CHECKs in their place.
async fn missing_types(reader: &Reader, enums: &[&'static EnumType]) -> Result<Vec<String>> {
    let mut statements = Vec::new();
    if reader.dialect() == Dialect::Sqlite {
        return Ok(statements);
    }
    for of in enums {
        let known = introspect::enum_values(reader, of.name).await?;
        match known.is_empty() {
            true => statements.push(variants::create_type(of)),
            false => statements.extend(variants::add_values(of, &known)),
        }
    }
    Ok(statements)
}

/// The enums of these models, each once.
fn enums(schemas: &[&Schema]) -> Result<Vec<&'static EnumType>> {
    let mut enums: Vec<&'static EnumType> = Vec::new();
    for column in schemas.iter().flat_map(|it| it.columns) {
        let Kind::Enum(of) = column.kind else { continue };
        match enums.iter().find(|it| it.name == of.name) {
            None => enums.push(of),
            Some(same) if *same == of => {}
            Some(_) => {
                let name = of.name;
                return Err(Error::internal(format!(
                    "two enums are named `{name}`: give one another name with `#[model(name = \"…\")]`"
                )));
            }
        }
    }
    Ok(enums)
}

/// What a table lacks.
fn missing(dialect: Dialect, schema: &Schema, table: &Table) -> Vec<String> {
    let mut statements = Vec::new();
    if table.columns.is_empty() {
        statements.push(ddl::create_table(dialect, schema));
    } else {
        let columns = schema.columns.iter();
        statements.extend(columns.flat_map(|it| missing_of_column(dialect, schema, it, table)));
    }
    let indexes = schema.indexes.iter().filter(|it| !table.indexes.contains(&schema.index_name(it)));
    statements.extend(indexes.map(|index| ddl::create_index(dialect, schema, index)));
    if schema.live && !statements.is_empty() {
        statements.extend(schema.capture().ddl(dialect));
    }
    statements
}

fn missing_of_column(dialect: Dialect, schema: &Schema, column: &ColumnDef, table: &Table) -> Vec<String> {
    if !table.columns.contains(column.name) {
        return vec![ddl::add_column(dialect, schema, column)];
    }
    let (Dialect::Sqlite, Kind::Enum(of)) = (dialect, column.kind) else { return Vec::new() };
    match variants::admitted(table, column) {
        Some(admitted) if of.variants.iter().any(|it| !admitted.contains(it)) => {
            variants::widen(schema, column, of, &admitted, table)
        }
        Some(_) | None => Vec::new(),
    }
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
