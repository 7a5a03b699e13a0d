use std::cmp::Ordering;

use mainstay_kernel::{Pattern, Value, json};
use serde_json::Value as Json;

/// What the value of one column must be like. Of a missing value only `IsNull` says anything; the
/// others are unknown.
#[derive(Clone, Debug, PartialEq)]
pub enum Atom {
    /// It compares so with this; never with `Value::Null`.
    Compare(Compare, Value),
    /// It is one of these; none of them `Value::Null`. Of none it never is, missing or not.
    In(Vec<Value>),
    /// It is missing.
    IsNull,
    /// It is a text that fits the pattern.
    Like(Pattern),
    /// It is JSON in which this is found, as [`json::contains`] says.
    Contains(Json),
    /// It is JSON with this under these keys, one object within the other. Where nothing or null is,
    /// unknown.
    PathIs(Vec<String>, Json),
    /// Under these keys is nothing, or null.
    PathIsNull(Vec<String>),
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Atom {
    /// What this says of a value: true, false, or unknown (`None`), as both stores do.
    pub fn holds(&self, value: &Value) -> Option<bool> {
        match self {
            Self::Compare(compare, operand) => order(value, operand).map(|it| compare.admits(it)),
            Self::In(values) if values.is_empty() => Some(false),
            Self::In(_) if value.is_null() => None,
            Self::In(values) => Some(values.iter().any(|it| order(value, it) == Some(Ordering::Equal))),
            Self::IsNull => Some(value.is_null()),
            Self::Like(pattern) => text(value).map(|it| pattern.matches(it)),
            Self::Contains(part) => document(value).map(|it| json::contains(it, part)),
            Self::PathIs(path, wanted) => {
                document(value).and_then(|it| json::at(it, path)).map(|it| json::equals(it, wanted))
            }
            Self::PathIsNull(path) => Some(document(value).and_then(|it| json::at(it, path)).is_none()),
        }
    }
}

impl Compare {
    /// Whether it holds of two values that compare so.
    pub fn admits(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

fn text(value: &Value) -> Option<&str> {
    if let Value::Text(it) = value { Some(it) } else { None }
}

fn document(value: &Value) -> Option<&Json> {
    if let Value::Json(it) = value { Some(it) } else { None }
}

/// Zero has no sign. What is not a number, which only raw SQL can store, is one value above all others.
fn floats(one: f64, other: f64) -> Ordering {
    one.partial_cmp(&other).unwrap_or_else(|| one.is_nan().cmp(&other.is_nan()))
}

/// How two values of one kind compare in the stores; unknown when one is missing or they differ in
/// kind. Of JSON only equality is known.
pub fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Float(a), Value::Float(b)) => Some(floats(*a, *b)),
        (Value::Text(a), Value::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
        (Value::Uuid(a), Value::Uuid(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Decimal(a), Value::Decimal(b)) if a.scale == b.scale => Some(a.units.cmp(&b.units)),
        (Value::Enum(a), Value::Enum(b)) => a.partial_cmp(b),
        (Value::Json(a), Value::Json(b)) if a == b => Some(Ordering::Equal),
        _ => None,
    }
}
