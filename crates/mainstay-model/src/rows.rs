//! Rows of a model known only by its schema.

use mainstay_kernel::{Reader, Result, Tx, Value};
use uuid::Uuid;

use crate::{Part, Predicate, Record, Schema, store, violation};

/// The first row for which the predicate holds.
///
/// # Errors
/// As the reader says.
pub async fn find(reader: &Reader, schema: &Schema, predicate: &Predicate) -> Result<Option<Record>> {
    let row = reader.point(&store::select::one(reader.dialect(), schema, predicate)).await?;
    row.as_ref().map(|row| Record::read(schema, row)).transpose()
}

/// Inserts a new row with these columns.
///
/// # Errors
/// Unique or foreign key violation.
pub async fn insert(tx: &mut Tx, schema: &Schema, values: Vec<(usize, Value)>) -> Result<Record> {
    let record = Record::new(schema, Uuid::now_v7(), tx.now(), values);
    let statement = store::write::insert(tx.dialect(), schema, &record, &Predicate::Always);
    tx.execute(&statement).await.map_err(|error| violation::name(schema, error))?;
    Ok(record)
}

/// Writes these columns of a row, and no others; `None` when the row is gone.
///
/// # Errors
/// Unique or foreign key violation.
pub async fn change(
    tx: &mut Tx,
    schema: &Schema,
    before: Record,
    changes: Vec<(usize, Value)>,
) -> Result<Option<Record>> {
    let plain: Vec<_> =
        changes.into_iter().filter(|(column, _)| schema.columns[*column].part == Part::Plain).collect();
    if plain.is_empty() {
        return Ok(Some(before));
    }
    let key = Predicate::same(schema.id(), &Value::Uuid(before.id(schema)));
    let statement = store::write::update(tx.dialect(), schema, &plain, &key, tx.now());
    let rows = tx.returning(&statement).await.map_err(|error| violation::name(schema, error))?;
    rows.first().map(|row| Record::read(schema, row)).transpose()
}
