//! Values on their way into SQLite and out of it.

use std::borrow::Cow;

use rusqlite::types::{Null, Value as Cell, ValueRef as CellRef};
use serde_json::{Map, Number, Value as Json};
use uuid::Uuid;

use crate::{Fixed, Kind, Timestamp, Value, ValueRef};

/// The cell as a value of that kind; `None` where there is no such cell or it holds another kind.
pub(crate) fn read(cell: Option<&Cell>, kind: Kind) -> Option<ValueRef<'_>> {
    match (cell?, kind) {
        (Cell::Null, _) => Some(ValueRef::Null),
        (Cell::Integer(0), Kind::Bool) => Some(ValueRef::Bool(false)),
        (Cell::Integer(1), Kind::Bool) => Some(ValueRef::Bool(true)),
        (Cell::Integer(it), Kind::Int) => Some(ValueRef::Int(*it)),
        (Cell::Integer(it), Kind::Timestamp) => Some(ValueRef::Timestamp(Timestamp::from_micros(*it))),
        (Cell::Real(it), Kind::Float) => Some(ValueRef::Float(*it)),
        // An expression over a float column, such as `coalesce(x, 0)`, may give an integer.
        (Cell::Integer(it), Kind::Float) => Some(ValueRef::Float(*it as f64)),
        (Cell::Text(it), Kind::Text) => Some(ValueRef::Text(it)),
        (Cell::Text(it), Kind::Json) => Some(ValueRef::Json(it)),
        (Cell::Text(it), Kind::Uuid) => Uuid::try_parse(it).ok().map(ValueRef::Uuid),
        (Cell::Integer(units), Kind::Decimal(scale)) => {
            Some(ValueRef::Decimal(Fixed { units: *units, scale }))
        }
        (Cell::Text(it), Kind::Date) => it.parse().ok().map(ValueRef::Date),
        (Cell::Text(it), Kind::Enum(of)) => of.find(it).map(ValueRef::Enum),
        (Cell::Blob(it), Kind::Bytes) => Some(ValueRef::Bytes(it)),
        (Cell::Integer(_) | Cell::Real(_) | Cell::Text(_) | Cell::Blob(_), _) => None,
    }
}

/// Takes a cell out of the row that the statement stands on.
pub(super) fn take(cell: CellRef<'_>) -> rusqlite::Result<Cell> {
    Ok(match cell {
        CellRef::Null => Cell::Null,
        CellRef::Integer(it) => Cell::Integer(it),
        CellRef::Real(it) => Cell::Real(it),
        CellRef::Text(it) => Cell::Text(std::str::from_utf8(it)?.to_owned()),
        CellRef::Blob(it) => Cell::Blob(it.to_vec()),
    })
}

/// Binds every value. As many are expected as the statement has placeholders: SQLite would take a
/// missing one for NULL.
pub(super) fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Value]) -> rusqlite::Result<()> {
    let expected = statement.parameter_count();
    if params.len() != expected {
        return Err(rusqlite::Error::InvalidParameterCount(params.len(), expected));
    }
    params.iter().enumerate().try_for_each(|(index, value)| bind_one(statement, index + 1, value))
}

fn bind_one(statement: &mut rusqlite::Statement<'_>, at: usize, value: &Value) -> rusqlite::Result<()> {
    match value {
        Value::Null => statement.raw_bind_parameter(at, Null),
        Value::Bool(it) => statement.raw_bind_parameter(at, *it),
        Value::Int(it) => statement.raw_bind_parameter(at, *it),
        Value::Float(it) => statement.raw_bind_parameter(at, finite(*it)?),
        Value::Text(it) => statement.raw_bind_parameter(at, without_nul(it)?),
        Value::Bytes(it) => statement.raw_bind_parameter(at, it.as_slice()),
        Value::Uuid(it) => statement.raw_bind_parameter(at, &*it.hyphenated().encode_lower(&mut [0; 36])),
        Value::Timestamp(it) => statement.raw_bind_parameter(at, it.as_micros()),
        Value::Json(it) => statement.raw_bind_parameter(at, json_text(it)),
        Value::Decimal(it) => statement.raw_bind_parameter(at, it.units),
        Value::Date(it) => statement.raw_bind_parameter(at, it.to_string()),
        Value::Enum(it) => statement.raw_bind_parameter(at, it.name()),
    }
}

/// SQLite would store NaN as NULL.
fn finite(float: f64) -> rusqlite::Result<f64> {
    match float {
        it if !it.is_finite() => {
            Err(not_storable(format!("the float {it} cannot be stored: it is not finite")))
        }
        0.0 => Ok(0.0),
        it => Ok(it),
    }
}

/// PostgreSQL cannot store it, and half of SQLite's functions end a text there.
fn without_nul(text: &str) -> rusqlite::Result<&str> {
    if text.contains('\0') {
        return Err(not_storable("a text that contains NUL cannot be stored".to_owned()));
    }
    Ok(text)
}

fn not_storable(what: String) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(what.into())
}

/// The text that is stored. Keys are sorted by the map itself; a store keeps no negative zero.
fn json_text(json: &Json) -> String {
    if has_negative_zero(json) { without_negative_zero(json).to_string() } else { json.to_string() }
}

fn is_negative_zero(number: &Number) -> bool {
    number.is_f64() && number.as_f64().is_some_and(|it| it == 0.0 && it.is_sign_negative())
}

fn has_negative_zero(json: &Json) -> bool {
    match json {
        Json::Number(it) => is_negative_zero(it),
        Json::Array(items) => items.iter().any(has_negative_zero),
        Json::Object(fields) => fields.values().any(has_negative_zero),
        Json::Null | Json::Bool(_) | Json::String(_) => false,
    }
}

fn without_negative_zero(json: &Json) -> Cow<'_, Json> {
    match json {
        Json::Number(it) if is_negative_zero(it) => Cow::Owned(Json::from(0.0)),
        Json::Array(items) => {
            Cow::Owned(Json::Array(items.iter().map(|it| without_negative_zero(it).into_owned()).collect()))
        }
        Json::Object(fields) => {
            let fields = fields.iter().map(|(key, it)| (key.clone(), without_negative_zero(it).into_owned()));
            Cow::Owned(Json::Object(fields.collect::<Map<_, _>>()))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Cow::Borrowed(json),
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use serde_json::json;

    use super::*;
    use crate::{Date, EnumType};

    static MOOD: EnumType = EnumType { name: "mood", variants: &["sad", "glad"] };

    fn round(value: &Value) -> rusqlite::Result<Cell> {
        let connection = Connection::open_in_memory()?;
        let mut statement = connection.prepare("select ?1")?;
        bind(&mut statement, std::slice::from_ref(value))?;
        let mut rows = statement.raw_query();
        take(rows.next()?.unwrap().get_ref(0)?)
    }

    #[test]
    fn a_value_reads_back_as_it_was_bound() {
        let id = Uuid::from_u128(0xABCD);
        for (value, kind) in [
            (Value::Bool(true), Kind::Bool),
            (Value::Bool(false), Kind::Bool),
            (Value::Int(i64::MIN), Kind::Int),
            (Value::Float(0.1 + 0.2), Kind::Float),
            (Value::Text("ä\u{1F600}".to_owned()), Kind::Text),
            (Value::Bytes(vec![0, 255]), Kind::Bytes),
            (Value::Uuid(id), Kind::Uuid),
            (Value::Timestamp(Timestamp::from_micros(-1)), Kind::Timestamp),
            (Value::Json(json!({"b": [1, null], "a": -0.5})), Kind::Json),
            (Value::Decimal(Fixed { units: -7, scale: 2 }), Kind::Decimal(2)),
            (Value::Date(Date::constant(2026, 11, 21)), Kind::Date),
            (Value::Enum(MOOD.at(1)), Kind::Enum(&MOOD)),
            (Value::Null, Kind::Json),
        ] {
            let cell = round(&value).unwrap();
            assert_eq!(read(Some(&cell), kind).unwrap().to_value(), value);
        }
        assert_eq!(
            round(&Value::Uuid(id)).unwrap(),
            Cell::Text("00000000-0000-0000-0000-00000000abcd".to_owned())
        );
    }

    #[test]
    fn json_is_stored_with_sorted_keys_and_without_negative_zero() {
        let text = round(&Value::Json(json!({"b": -0.0, "a": [{"d": 1, "c": -0.0}]}))).unwrap();
        assert_eq!(text, Cell::Text(r#"{"a":[{"c":0.0,"d":1}],"b":0.0}"#.to_owned()));
        assert_eq!(round(&Value::Float(-0.0)).unwrap(), Cell::Real(0.0));
        let Cell::Real(zero) = round(&Value::Float(-0.0)).unwrap() else { unreachable!() };
        assert!(zero.is_sign_positive());
    }

    #[test]
    fn what_the_other_store_cannot_hold_is_refused() {
        assert!(round(&Value::Float(f64::NAN)).is_err());
        assert!(round(&Value::Float(f64::INFINITY)).is_err());
        assert!(round(&Value::Text("a\0b".to_owned())).is_err());
    }

    #[test]
    fn a_cell_of_another_kind_is_not_read() {
        for (cell, kind) in [
            (Cell::Integer(2), Kind::Bool),
            (Cell::Text("1".to_owned()), Kind::Int),
            (Cell::Text("nil".to_owned()), Kind::Uuid),
            (Cell::Real(1.0), Kind::Int),
            (Cell::Blob(vec![1]), Kind::Text),
            (Cell::Text("21.11.2026".to_owned()), Kind::Date),
            (Cell::Text("angry".to_owned()), Kind::Enum(&MOOD)),
        ] {
            assert_eq!(read(Some(&cell), kind), None, "{cell:?} as {kind:?}");
        }
        assert_eq!(read(None, Kind::Int), None);
    }

    #[test]
    fn too_few_values_are_refused_rather_than_taken_for_null() {
        let connection = Connection::open_in_memory().unwrap();
        let mut statement = connection.prepare("select ?1, ?2").unwrap();
        assert_eq!(bind(&mut statement, &[Value::Int(1)]), Err(rusqlite::Error::InvalidParameterCount(1, 2)));
    }
}
