use mainstay_kernel::{Error, Result, Row, Value};
use serde_json::Value as Json;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Atom, Compare, Predicate, Record, Schema, Sort};

/// Names the place after a row: its values of the sorted columns, and which columns those are.
pub(crate) fn write(schema: &Schema, sorts: &[Sort], row: &Row) -> Result<String> {
    let values = sorts
        .iter()
        .map(|sort| Ok(json(&row.read(sort.column, schema.columns[sort.column].kind)?.to_value())));
    let values = values.collect::<Result<Vec<_>>>()?;
    Ok(URL_SAFE_NO_PAD
        .encode(Json::from(vec![Json::from(signature(schema, sorts)), Json::from(values)]).to_string()))
}

/// The rows after the place that a cursor names.
///
/// # Errors
/// Bad request, when it is not a cursor, or one of another order.
pub(crate) fn read(schema: &'static Schema, sorts: &[Sort], cursor: &str) -> Result<Predicate> {
    let values = decode(cursor).ok_or_else(|| bad("`cursor` is not one that a list gave as `next`"))?;
    let (signed, values) = values;
    if signed != signature(schema, sorts) || values.len() != sorts.len() {
        return Err(bad("`cursor` was given for another `sort`"));
    }
    let place = sorts.iter().zip(values).map(|(sort, json)| Ok((*sort, value(schema, *sort, json)?)));
    Ok(after(schema, &place.collect::<Result<Vec<_>>>()?))
}

/// The rows after this one.
pub(crate) fn behind(schema: &Schema, sorts: &[Sort], row: &Record) -> Predicate {
    let place: Vec<_> = sorts.iter().map(|sort| (*sort, row.0[sort.column].clone())).collect();
    after(schema, &place)
}

fn decode(cursor: &str) -> Option<(String, Vec<Json>)> {
    let text = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    serde_json::from_slice(&text).ok()
}

fn signature(schema: &Schema, sorts: &[Sort]) -> String {
    let parts = sorts.iter().map(|sort| {
        format!("{}{}", if sort.descending { "-" } else { "" }, schema.columns[sort.column].field)
    });
    parts.collect::<Vec<_>>().join(",")
}

/// `k1 after c1, or k1 = c1 and (k2 after c2, or …)`, with the first key bounded at the front, which
/// an index can use.
fn after(schema: &Schema, place: &[(Sort, Value)]) -> Predicate {
    let Some(((sort, value), rest)) = place.split_first() else { return Predicate::Never };
    let beyond = strictly_after(schema, *sort, value);
    if rest.is_empty() {
        return beyond;
    }
    let tied = Predicate::same(sort.column, value).and(after(schema, rest));
    let either = beyond.or(tied);
    if value.is_null() || schema.columns[sort.column].optional {
        return either;
    }
    let compare = if sort.descending { Compare::LessOrEqual } else { Compare::GreaterOrEqual };
    Predicate::compare(sort.column, compare, Some(value.clone())).and(either)
}

/// Missing values come last, so nothing comes after one but its ties.
fn strictly_after(schema: &Schema, sort: Sort, value: &Value) -> Predicate {
    if value.is_null() {
        return Predicate::Never;
    }
    let compare = if sort.descending { Compare::Less } else { Compare::Greater };
    let beyond = Predicate::compare(sort.column, compare, Some(value.clone()));
    if schema.columns[sort.column].optional {
        beyond.or(Predicate::Column(sort.column, Atom::IsNull))
    } else {
        beyond
    }
}

fn json(value: &Value) -> Json {
    match value {
        Value::Null | Value::Json(_) => Json::Null,
        Value::Bool(it) => Json::from(*it),
        Value::Int(it) => Json::from(*it),
        Value::Float(it) => Json::from(*it),
        Value::Text(it) => Json::from(it.as_str()),
        Value::Bytes(it) => Json::from(URL_SAFE_NO_PAD.encode(it)),
        Value::Uuid(it) => Json::from(it.to_string()),
        // To the microsecond: what is shown is rounded.
        Value::Timestamp(it) => Json::from(it.as_micros()),
        Value::Date(it) => Json::from(it.to_string()),
        Value::Decimal(it) => Json::from(it.units),
        Value::Enum(it) => Json::from(it.name()),
    }
}

fn value(schema: &'static Schema, sort: Sort, json: Json) -> Result<Value> {
    use mainstay_kernel::{Fixed, Kind, Timestamp};
    let column = schema.column(sort.column);
    let value = match (column.kind, json) {
        (_, Json::Null) if column.optional => Some(Value::Null),
        (Kind::Bool, json) => json.as_bool().map(Value::Bool),
        (Kind::Int, json) => json.as_i64().map(Value::Int),
        (Kind::Float, json) => json.as_f64().map(Value::Float),
        (Kind::Text, Json::String(it)) if !it.contains('\0') => Some(Value::Text(it)),
        (Kind::Bytes, Json::String(it)) => URL_SAFE_NO_PAD.decode(it).ok().map(Value::Bytes),
        (Kind::Uuid, Json::String(it)) => uuid::Uuid::try_parse(&it).ok().map(Value::Uuid),
        (Kind::Timestamp, json) => json.as_i64().map(|it| Value::Timestamp(Timestamp::from_micros(it))),
        (Kind::Date, Json::String(it)) => it.parse().ok().map(Value::Date),
        (Kind::Decimal(scale), json) => json.as_i64().map(|units| Value::Decimal(Fixed { units, scale })),
        (Kind::Enum(of), Json::String(it)) => of.find(&it).map(Value::Enum),
        (Kind::Text | Kind::Bytes | Kind::Uuid | Kind::Date | Kind::Enum(_) | Kind::Json, _) => None,
    };
    value.ok_or_else(|| bad("`cursor` is not one that a list gave as `next`"))
}

fn bad(description: &str) -> Error {
    Error::bad_request("bad_request", description)
}
