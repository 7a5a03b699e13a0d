//! Rows of a model known only by its schema.

use mainstay_kernel::{Reader, Result, Tx, Value};
use uuid::Uuid;

use crate::hook::{Firing, overlay};
use crate::{Action, Predicate, Record, Schema, store, violation};

/// The first row for which the predicate holds.
///
/// # Errors
/// As the reader says.
pub async fn find(reader: &Reader, schema: &Schema, predicate: &Predicate) -> Result<Option<Record>> {
    let row = reader.point(&store::select::one(reader.dialect(), schema, predicate)).await?;
    row.as_ref().map(|row| Record::read(schema, row)).transpose()
}

/// Inserts a new row with these columns, between its hooks.
///
/// # Errors
/// Unique or foreign key violation; a hook's own.
pub async fn insert(tx: &mut Tx, schema: &Schema, values: Vec<(usize, Value)>) -> Result<Record> {
    let firing = Firing::within(tx, schema, Action::Create);
    let record = Record::new(schema, Uuid::now_v7(), tx.now(), values);
    let record = firing.before(tx, None, record).await?.row;
    let statement = store::write::insert(tx.dialect(), schema, record.0.clone(), &Predicate::Always);
    tx.execute(&statement).await.map_err(|error| violation::name(schema, error))?;
    firing.after(tx, None, record).await
}

/// Writes these columns of a row, and no others, between its hooks; `None` when the row is gone.
/// `before` is the row as it was last seen.
///
/// # Errors
/// Unique or foreign key violation; a hook's own.
pub async fn change(
    tx: &mut Tx,
    schema: &Schema,
    before: Record,
    changes: Vec<(usize, Value)>,
) -> Result<Option<Record>> {
    let plain: Vec<_> =
        changes.into_iter().filter(|(column, _)| schema.columns[*column].part.is_applications()).collect();
    if plain.is_empty() {
        return Ok(Some(before));
    }
    let firing = Firing::within(tx, schema, Action::Update);
    let key = Predicate::same(schema.id(), &Value::Uuid(before.id(schema)));
    if !firing.is_due() {
        return write(tx, schema, &plain, &key).await;
    }
    // What was seen may be older than this transaction, or than this run of it.
    let Some(before) = find(tx, schema, &key).await? else { return Ok(None) };
    let mut row = before.clone();
    row.assign(&plain);
    let change = firing.before(tx, Some(before), row).await?;
    match write(tx, schema, &overlay(plain, change.sets), &key).await? {
        Some(stored) => firing.after(tx, change.before, stored).await.map(Some),
        None => Ok(None),
    }
}

async fn write(
    tx: &mut Tx,
    schema: &Schema,
    changes: &[(usize, Value)],
    key: &Predicate,
) -> Result<Option<Record>> {
    let statement = store::write::update(tx.dialect(), schema, changes, key, tx.now());
    let rows = tx.returning(&statement).await.map_err(|error| violation::name(schema, error))?;
    rows.first().map(|row| Record::read(schema, row)).transpose()
}

/// Deletes a row, between its hooks; whether there was one.
///
/// # Errors
/// Foreign key violation, when another row refers to it; a hook's own.
pub async fn remove(tx: &mut Tx, schema: &Schema, id: Uuid) -> Result<bool> {
    let firing = Firing::within(tx, schema, Action::Delete);
    let key = Predicate::same(schema.id(), &Value::Uuid(id));
    if !firing.is_due() {
        return erase(tx, schema, &key).await;
    }
    let Some(row) = find(tx, schema, &key).await? else { return Ok(false) };
    firing.before(tx, Some(row.clone()), row.clone()).await?;
    let gone = erase(tx, schema, &key).await?;
    if gone {
        firing.after(tx, Some(row.clone()), row).await?;
    }
    Ok(gone)
}

async fn erase(tx: &mut Tx, schema: &Schema, key: &Predicate) -> Result<bool> {
    let statement = store::write::delete(tx.dialect(), schema, key);
    let gone = tx.execute(&statement).await.map_err(|error| violation::name_of_delete(schema, error))?;
    Ok(gone > 0)
}
