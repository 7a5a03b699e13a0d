//! Values of every kind, as they are stored and as they are sent.

use mainstay::kernel::{Date, Fixed, Kind, Timestamp, Value};
use mainstay::model::{ColumnDef, Part};
use serde_json::{Value as Json, json};
use uuid::Uuid;

use super::dice::Dice;

/// Words that values are made of, so that one is often part of another.
const WORDS: [&str; 6] = ["amber", "birch", "cedar", "delta", "ember", "fjord"];

/// A value of a column that refers to nothing. `serial` makes it unlike every other one, where the
/// column must be.
pub(super) fn any(column: &ColumnDef, dice: &mut Dice, serial: Option<usize>) -> Value {
    if column.optional && dice.one_in(4) {
        return Value::Null;
    }
    let number = serial.unwrap_or_else(|| dice.below(5));
    let small = i64::try_from(number).unwrap_or(0);
    let days = i32::try_from(number).unwrap_or(0);
    if column.part == Part::Overflow {
        return Value::Json(json!({ WORDS[dice.below(WORDS.len())]: text(dice, serial) }));
    }
    match column.kind {
        Kind::Bool => Value::Bool(dice.one_in(2)),
        Kind::Int => Value::Int(small),
        Kind::Float => Value::Float(f64::from(days) / 2.0),
        Kind::Text => Value::Text(text(dice, serial)),
        Kind::Bytes => Value::Bytes(text(dice, serial).into_bytes()),
        Kind::Uuid => {
            Value::Uuid(Uuid::from_u128(0x0160_0000_0000_7000_8000_0000_0000_0000 + number as u128))
        }
        Kind::Timestamp => {
            Value::Timestamp(Timestamp::from_micros(1_700_000_000_000_000 + small * 1_000_000))
        }
        Kind::Json => Value::Json(json!([text(dice, serial), text(dice, None)])),
        Kind::Decimal(scale) => Value::Decimal(Fixed { units: small, scale }),
        Kind::Date => Value::Date(Date::constant(2024, 2, 1).plus_days(days)),
        Kind::Enum(of) => Value::Enum(of.at(number % of.variants.len())),
    }
}

fn text(dice: &mut Dice, serial: Option<usize>) -> String {
    let word = WORDS[dice.below(WORDS.len())];
    match serial {
        Some(serial) => format!("{word} {serial}"),
        None => word.to_owned(),
    }
}

/// The value in a body.
pub(super) fn sent(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(it) => json!(it),
        Value::Int(it) => json!(it),
        Value::Float(it) => json!(it),
        Value::Text(it) => json!(it),
        Value::Bytes(_) => json!("YW1iZXI="),
        Value::Uuid(it) => json!(it.to_string()),
        Value::Timestamp(it) => json!(it.to_string()),
        Value::Json(it) => it.clone(),
        Value::Decimal(it) => json!(it.to_string()),
        Value::Date(it) => json!(it.to_string()),
        Value::Enum(it) => json!(it.name()),
    }
}

/// The value in a query, with a part of it to look for where it has parts.
pub(super) fn asked(value: &Value) -> String {
    match sent(value) {
        Json::String(text) => text,
        Json::Array(list) => {
            let first = list.first().cloned().unwrap_or_default();
            first.as_str().unwrap_or_default().to_owned()
        }
        other @ (Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_)) => other.to_string(),
    }
}
