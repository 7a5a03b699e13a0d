use serde_json::Value as Json;
use uuid::Uuid;

use crate::{Date, EnumType, Fixed, Id, Timestamp, Variant};

/// What a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// true or false
    Bool,
    /// a signed 64-bit integer
    Int,
    /// a 64-bit float, never NaN or infinite
    Float,
    /// text without NUL, compared and sorted by bytes
    Text,
    /// bytes
    Bytes,
    /// a UUID
    Uuid,
    /// a moment in UTC, to the microsecond
    Timestamp,
    /// any JSON, objects with sorted keys
    Json,
    /// a decimal number with so many digits after the point, kept as a count of its smallest unit
    Decimal(u8),
    /// a calendar date
    Date,
    /// one of a closed set of names, compared and sorted in the order of their declaration
    Enum(&'static EnumType),
}

/// One value on its way into a statement or out of a row.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the Kind of its name")]
pub enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Uuid(Uuid),
    Timestamp(Timestamp),
    Json(Json),
    Decimal(Fixed),
    Date(Date),
    Enum(Variant),
}

/// A value still inside its row; JSON is the text that the store keeps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is the Kind of its name")]
pub enum ValueRef<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Uuid(Uuid),
    Timestamp(Timestamp),
    Json(&'a str),
    Decimal(Fixed),
    Date(Date),
    Enum(Variant),
}

impl Value {
    /// Whether this is the missing value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl ValueRef<'_> {
    /// Takes the value out of its row. JSON that does not parse, which only a foreign writer can
    /// have stored, becomes its text.
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(it) => Value::Bool(it),
            Self::Int(it) => Value::Int(it),
            Self::Float(it) => Value::Float(it),
            Self::Text(it) => Value::Text(it.to_owned()),
            Self::Bytes(it) => Value::Bytes(it.to_vec()),
            Self::Uuid(it) => Value::Uuid(it),
            Self::Timestamp(it) => Value::Timestamp(it),
            Self::Json(it) => {
                Value::Json(serde_json::from_str(it).unwrap_or_else(|_| Json::String(it.to_owned())))
            }
            Self::Decimal(it) => Value::Decimal(it),
            Self::Date(it) => Value::Date(it),
            Self::Enum(it) => Value::Enum(it),
        }
    }
}

/// What can be bound to a statement.
pub trait IntoValue {
    /// This as a value.
    fn into_value(self) -> Value;
}

macro_rules! into_value {
    ($($from:ty => |$it:ident| $make:expr;)*) => {$(
        impl IntoValue for $from {
            fn into_value(self) -> Value {
                let $it = self;
                $make
            }
        }
    )*};
}

into_value! {
    Value => |it| it;
    bool => |it| Value::Bool(it);
    i64 => |it| Value::Int(it);
    i32 => |it| Value::Int(it.into());
    i16 => |it| Value::Int(it.into());
    u32 => |it| Value::Int(it.into());
    u16 => |it| Value::Int(it.into());
    // A store keeps no negative zero: the two would differ in what they give back.
    f64 => |it| Value::Float(if it == 0.0 { 0.0 } else { it });
    String => |it| Value::Text(it);
    &str => |it| Value::Text(it.to_owned());
    Vec<u8> => |it| Value::Bytes(it);
    Uuid => |it| Value::Uuid(it);
    Timestamp => |it| Value::Timestamp(it);
    Json => |it| Value::Json(it);
    Fixed => |it| Value::Decimal(it);
    Date => |it| Value::Date(it);
    Variant => |it| Value::Enum(it);
}

impl<M: ?Sized> IntoValue for Id<M> {
    fn into_value(self) -> Value {
        Value::Uuid(self.uuid())
    }
}

impl<T: IntoValue> IntoValue for Option<T> {
    fn into_value(self) -> Value {
        self.map_or(Value::Null, IntoValue::into_value)
    }
}
