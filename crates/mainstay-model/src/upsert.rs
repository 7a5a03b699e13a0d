//! Writing a row whether or not it is there.

use mainstay_kernel::{Error, Result, Tx, Value};
use uuid::Uuid;

use crate::hook::Firing;
use crate::{Action, Assignments, Part, Predicate, Record, Schema, rows, store, violation};

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
    check(schema, target)?;
    let mut values: Assignments =
        values.into_iter().filter(|(column, _)| schema.column(*column).part == Part::Plain).collect();
    values.push((schema.id(), Value::Uuid(id)));
    let is_due = |action| Firing::within(tx, schema, action).is_due();
    if is_due(Action::Create) || is_due(Action::Update) {
        return between_hooks(tx, schema, values, target).await;
    }
    let record = Record::new(schema, id, tx.now(), values);
    let statement = store::bulk::upsert(tx.dialect(), schema, &record, target);
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
) -> Result<Record> {
    let same = |column: &usize| {
        let value = values.iter().find(|(it, _)| it == column).map(|(_, value)| value);
        value.filter(|it| !it.is_null()).map(|value| Predicate::same(*column, value))
    };
    let key: Option<Vec<_>> = target.iter().map(same).collect();
    let there = match key {
        Some(key) => rows::find(tx, schema, &Predicate::And(key)).await?,
        None => None,
    };
    let Some(row) = there else { return rows::insert(tx, schema, values).await };
    let changed = rows::change(tx, schema, row, values).await?;
    changed.ok_or_else(|| Error::internal("a hook took away the row that is written"))
}

fn check(schema: &Schema, target: &[usize]) -> Result<()> {
    let same =
        |columns: &[usize]| columns.len() == target.len() && columns.iter().all(|it| target.contains(it));
    let unique = || schema.indexes.iter().filter(|it| it.unique).map(|it| it.columns);
    if same(&[schema.id()]) || unique().any(same) {
        return Ok(());
    }
    let named = |columns: &[usize]| {
        let names: Vec<_> = columns.iter().map(|&it| schema.column(it).name).collect();
        format!("({})", names.join(", "))
    };
    let all: Vec<_> = std::iter::once("(id)".to_owned()).chain(unique().map(named)).collect();
    Err(Error::internal(format!(
        "no unique index of `{}` is over {}: the unique ones are over {}",
        schema.table,
        named(target),
        all.join(", ")
    )))
}
