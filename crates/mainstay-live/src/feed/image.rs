//! From what a row trigger recorded to a row, by the schema that the model has now.

use std::collections::{BTreeMap, HashMap};

use mainstay_kernel::changes::{Captured, Token};
use mainstay_kernel::{Fixed, Kind, Timestamp, Value};
use mainstay_model::{ColumnDef, Read, Record, Schema};
use serde_json::{Map, Value as Json};

use super::delta::{Change, Delta, Reset, Resets, RowChange};

/// The delta of these changes. Those of models that are not known here, of another version of the application, are
/// nobody's.
pub(super) fn delta(
    models: &HashMap<&'static str, &'static Schema>,
    captured: &[Captured],
    token: Token,
) -> Delta {
    let mut resets = BTreeMap::new();
    let mut changes = Vec::with_capacity(captured.len());
    for captured in captured {
        let Some(&model) = models.get(captured.model.as_str()) else { continue };
        match read(model, captured) {
            Ok(Some(rows)) => changes.extend(rows.map(|row| Change { model, stamp: captured.stamp, row })),
            Ok(None) => drop(resets.insert(model.name, Reset::Emptied)),
            Err(unreadable) => {
                tracing::error!(
                    model = model.name,
                    column = unreadable.column,
                    "a recorded change cannot be read: those who watch this model start again"
                );
                resets.insert(model.name, Reset::Unreadable);
            }
        }
    }
    changes.retain(|change| !resets.contains_key(change.model.name));
    Delta { token, changes, resets: Resets::Models(resets) }
}

/// The column whose value is of another kind; none where it is not even an object. The value itself may be a secret.
#[derive(Debug, PartialEq)]
struct Unreadable {
    column: &'static str,
}

/// What became of its row; none where all of the table went. A row whose id was changed is another row from then on.
fn read(
    schema: &'static Schema,
    captured: &Captured,
) -> Result<Option<impl Iterator<Item = RowChange>>, Unreadable> {
    let row = |image: &Option<String>| image.as_deref().map(|it| record(schema, it)).transpose();
    let rows = match (row(&captured.before)?, row(&captured.after)?) {
        (None, None) => return Ok(None),
        (None, Some(after)) => [Some(RowChange::Created(after)), None],
        (Some(before), None) => [Some(RowChange::Deleted(before)), None],
        (Some(before), Some(after)) if before.id(schema) != after.id(schema) => {
            [Some(RowChange::Deleted(before)), Some(RowChange::Created(after))]
        }
        (Some(before), Some(after)) => [Some(RowChange::Updated { before, after }), None],
    };
    Ok(Some(rows.into_iter().flatten()))
}

fn record(schema: &'static Schema, image: &str) -> Result<Record, Unreadable> {
    let mut image: Map<String, Json> = serde_json::from_str(image).map_err(|_| Unreadable { column: "" })?;
    schema.columns.iter().map(|column| read_column(column, &mut image)).collect::<Result<_, _>>().map(Record)
}

fn read_column(column: &'static ColumnDef, image: &mut Map<String, Json>) -> Result<Value, Unreadable> {
    match (column.read, image.remove(column.name)) {
        (Read::Private, _) => Ok(Value::Null),
        // The trigger did not know it yet: the row is from before the column.
        (Read::Everyone | Read::Role(_), None) => Ok(column.of_old_rows()),
        (Read::Everyone | Read::Role(_), Some(Json::Null)) => Ok(null(column, image)),
        (Read::Everyone | Read::Role(_), Some(json)) => {
            value(column, json).ok_or(Unreadable { column: column.name })
        }
    }
}

/// Nothing, or the null of JSON, as the member beside it says.
fn null(column: &ColumnDef, image: &Map<String, Json>) -> Value {
    let is_json = || image.get(&format!("{}!", column.name)) == Some(&Json::Bool(true));
    if column.kind == Kind::Json && is_json() { Value::Json(Json::Null) } else { Value::Null }
}

/// PostgreSQL writes times as text, with the offset of whoever wrote the row, and SQLite as microseconds.
fn value(column: &ColumnDef, json: Json) -> Option<Value> {
    Some(match (column.kind, json) {
        (Kind::Json, json) => Value::Json(json),
        (Kind::Bool, Json::Bool(it)) => Value::Bool(it),
        (Kind::Int, Json::Number(it)) => Value::Int(it.as_i64()?),
        (Kind::Float, Json::Number(it)) => Value::Float(it.as_f64()?),
        (Kind::Float, Json::String(it)) => Value::Float(no_number(&it)?),
        (Kind::Decimal(scale), Json::Number(it)) => Value::Decimal(Fixed { units: it.as_i64()?, scale }),
        (Kind::Timestamp, Json::Number(it)) => Value::Timestamp(Timestamp::from_micros(it.as_i64()?)),
        (Kind::Timestamp, Json::String(it)) => Value::Timestamp(time(&it)?),
        (Kind::Text, Json::String(it)) => Value::Text(it),
        (Kind::Bytes, Json::String(it)) => Value::Bytes(bytes(&it)?),
        (Kind::Uuid, Json::String(it)) => Value::Uuid(it.parse().ok()?),
        (Kind::Date, Json::String(it)) => Value::Date(it.parse().ok()?),
        (Kind::Enum(of), Json::String(it)) => Value::Enum(of.find(&it)?),
        (
            Kind::Bool
            | Kind::Int
            | Kind::Float
            | Kind::Decimal(_)
            | Kind::Timestamp
            | Kind::Text
            | Kind::Bytes
            | Kind::Uuid
            | Kind::Date
            | Kind::Enum(_),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_) | Json::Object(_),
        ) => return None,
    })
}

/// What only a foreign writer can have stored, as it is read from the row itself.
fn no_number(text: &str) -> Option<f64> {
    matches!(text, "NaN" | "Infinity" | "-Infinity").then(|| text.parse().ok())?
}

fn time(text: &str) -> Option<Timestamp> {
    match text {
        "infinity" => Some(Timestamp::from_micros(i64::MAX)),
        "-infinity" => Some(Timestamp::from_micros(i64::MIN)),
        text => text.parse().ok(),
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digit = |it: u8| char::from(it).to_digit(16);
    let pairs = hex.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
            _ => None,
        })
        .collect()
}
