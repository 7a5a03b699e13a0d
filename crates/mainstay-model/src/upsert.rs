//! Writing a row whether or not it is there.

use mainstay_kernel::{Error, Result, Tx, Value};
use uuid::Uuid;

use crate::hook::Firing;
use crate::{Action, Assignments, Index, Predicate, Record, Schema, evaluate, rows, store, violation};

/// Inserts a row with these columns, or overwrites the one row that has the same values in the `target`
/// columns: its id, or one of its unique indexes. An overwritten row keeps its id and the time it was made, and
/// counts its version up. Gives the row as it is stored. With hooks, those of a create or of an update fire.
///
/// # Errors
/// Internal, when the target is not unique; unique violation, when another row is in the way elsewhere; foreign
/// key violation; a hook's own.
pub async fn upsert(
    tx: &mut Tx,
    schema: &Schema,
    id: Uuid,
    values: Assignments,
    target: &[usize],
) -> Result<Record> {
    let index = named(schema, target)?;
    let mut values: Assignments =
        values.into_iter().filter(|(column, _)| schema.column(*column).part.is_applications()).collect();
    values.push((schema.id(), Value::Uuid(id)));
    let is_due = |action| Firing::within(tx, schema, action).is_due();
    if is_due(Action::Create) || is_due(Action::Update) {
        return between_hooks(tx, schema, values, target, index).await;
    }
    let record = Record::new(schema, id, tx.now(), values);
    let statement = store::bulk::upsert(tx.dialect(), schema, &record, target, index);
    let rows = tx.returning(&statement).await.map_err(|error| violation::name(schema, error))?;
    let row = rows.first().ok_or_else(|| Error::internal("an upsert gave no row back"))?;
    Record::read(schema, row)
}

/// Which hooks fire depends on whether the row is there: the transaction holds what it reads.
async fn between_hooks(
    tx: &mut Tx,
    schema: &Schema,
    values: Assignments,
    target: &[usize],
    index: Option<&Index>,
) -> Result<Record> {
    let row = Record::new(schema, Uuid::nil(), tx.now(), values.iter().cloned());
    let within = index.map_or(Predicate::Always, Index::rows);
    let is_alone = target.iter().any(|&column| row.0[column].is_null());
    let there = if is_alone || evaluate(&within, &row.0) != Some(true) {
        None
    } else {
        let same = target.iter().map(|&column| Predicate::same(column, &row.0[column]));
        rows::find(tx, schema, &same.fold(within, Predicate::and)).await?
    };
    let Some(row) = there else { return rows::insert(tx, schema, values).await };
    let changed = rows::change(tx, schema, row, values).await?;
    changed.ok_or_else(|| Error::internal("a hook took away the row that is written"))
}

/// The unique index over these columns, one over all rows before one over some; none where it is the key.
fn named(schema: &Schema, target: &[usize]) -> Result<Option<&'static Index>> {
    let same =
        |columns: &[usize]| columns.len() == target.len() && columns.iter().all(|it| target.contains(it));
    let unique = || schema.indexes.iter().filter(|it| it.unique);
    if same(&[schema.id()]) {
        return Ok(None);
    }
    if let Some(index) = unique().filter(|it| same(it.columns)).min_by_key(|it| it.only.len()) {
        return Ok(Some(index));
    }
    let names = |columns: &[usize]| {
        let names: Vec<_> = columns.iter().map(|&it| schema.column(it).name).collect();
        format!("({})", names.join(", "))
    };
    let all: Vec<_> =
        std::iter::once("(id)".to_owned()).chain(unique().map(|it| names(it.columns))).collect();
    Err(Error::internal(format!(
        "no unique index of `{}` is over {}: the unique ones are over {}",
        schema.table,
        names(target),
        all.join(", ")
    )))
}
