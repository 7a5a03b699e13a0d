use std::fmt;
use std::ops::{Deref, DerefMut};

use mainstay_kernel::{Date, Id, IntoValue, Kind, Timestamp, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::json::settle;

/// A Rust type that a model's field can have.
#[diagnostic::on_unimplemented(
    message = "a field of a model cannot be a `{Self}`",
    label = "has no column",
    note = "take `String`, `bool`, a number, `Timestamp`, `Date`, `Decimal<2>`, `Vec<u8>`, a `Ref<Model>`, or an `Option` of one",
    note = "an enum of yours has `#[derive(ModelEnum)]`; any other type with `Serialize` and `Deserialize` is kept as `Json<T>`"
)]
pub trait Field: Sized {
    /// What its column holds.
    const KIND: Kind;
    /// Whether the column may be missing.
    const OPTIONAL: bool = false;
    /// The least and the greatest value, where they are less than an `i64` admits.
    const RANGE: Option<(i64, i64)> = None;

    /// The value to store.
    fn into_value(self) -> Value;

    /// This type from a stored value; what was expected, when it does not fit.
    ///
    /// # Errors
    /// A phrase such as "expected a list of texts".
    fn from_value(value: Value) -> Result<Self, String>;
}

macro_rules! field {
    ($($kind:ident($to:ty), $expected:literal;)*) => {$(
        impl Field for $to {
            const KIND: Kind = Kind::$kind;

            fn into_value(self) -> Value {
                IntoValue::into_value(self)
            }

            fn from_value(value: Value) -> Result<Self, String> {
                if let Value::$kind(it) = value { Ok(it) } else { Err($expected.to_owned()) }
            }
        }
    )*};
}

field! {
    Bool(bool), "expected true or false";
    Int(i64), "expected an integer";
    Float(f64), "expected a number";
    Text(String), "expected a text";
    Bytes(Vec<u8>), "expected bytes";
    Uuid(Uuid), "expected a UUID";
    Timestamp(Timestamp), "expected an RFC 3339 time";
    Date(Date), "expected a date";
}

macro_rules! narrow_integer {
    ($($to:ty),*) => {$(
        impl Field for $to {
            const KIND: Kind = Kind::Int;
            const RANGE: Option<(i64, i64)> = Some((Self::MIN as i64, Self::MAX as i64));

            fn into_value(self) -> Value {
                Value::Int(self.into())
            }

            fn from_value(value: Value) -> Result<Self, String> {
                let expected = || format!("expected an integer from {} to {}", Self::MIN, Self::MAX);
                i64::from_value(value).and_then(|it| Self::try_from(it).map_err(|_| expected()))
            }
        }
    )*};
}

narrow_integer!(i16, i32, u16, u32);

impl<M> Field for Id<M> {
    const KIND: Kind = Kind::Uuid;

    fn into_value(self) -> Value {
        Value::Uuid(self.uuid())
    }

    fn from_value(value: Value) -> Result<Self, String> {
        Uuid::from_value(value).map(Self::from_uuid)
    }
}

impl<T: Field> Field for Option<T> {
    const KIND: Kind = T::KIND;
    const OPTIONAL: bool = true;
    const RANGE: Option<(i64, i64)> = T::RANGE;

    fn into_value(self) -> Value {
        self.map_or(Value::Null, Field::into_value)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }
}

/// A reference to one `M`, by its id.
pub struct Ref<M>(Id<M>);

impl<M> Ref<M> {
    /// The id it refers to.
    pub const fn id(self) -> Id<M> {
        self.0
    }
}

impl<M> Clone for Ref<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Ref<M> {}

impl<M> PartialEq for Ref<M> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<M> Eq for Ref<M> {}

impl<M> fmt::Debug for Ref<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<M> From<Id<M>> for Ref<M> {
    fn from(id: Id<M>) -> Self {
        Self(id)
    }
}

impl<M> From<Uuid> for Ref<M> {
    fn from(id: Uuid) -> Self {
        Self(Id::from_uuid(id))
    }
}

impl<M> Field for Ref<M> {
    const KIND: Kind = Kind::Uuid;

    fn into_value(self) -> Value {
        Field::into_value(self.0)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        Id::from_value(value).map(Self)
    }
}

impl<M> Serialize for Ref<M> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, M> Deserialize<'de> for Ref<M> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Id::deserialize(deserializer).map(Self)
    }
}

/// A field kept as JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: Serialize + DeserializeOwned> Field for Json<T> {
    const KIND: Kind = Kind::Json;

    /// A `T` that is not JSON, such as a map with keys that are not texts, becomes `null`.
    fn into_value(self) -> Value {
        let mut json = serde_json::to_value(self.0).unwrap_or_default();
        settle(&mut json);
        Value::Json(json)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        let Value::Json(json) = value else { return Err("expected JSON".to_owned()) };
        serde_json::from_value(json).map(Json).map_err(|error| error.to_string())
    }
}
