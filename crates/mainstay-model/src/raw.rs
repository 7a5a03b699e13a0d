//! What models hold, bound to SQL of the author's own and read from it.

use mainstay_kernel::{FromValue, IntoValue, Kind, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Field, Json, Ref};

impl<M> IntoValue for Ref<M> {
    fn into_value(self) -> Value {
        Field::into_value(self)
    }
}

impl<M> FromValue for Ref<M> {
    const KIND: Kind = <Self as Field>::KIND;

    fn from_value(value: Value) -> Option<Self> {
        Field::from_value(value).ok()
    }
}

impl<T: Serialize + DeserializeOwned> IntoValue for Json<T> {
    fn into_value(self) -> Value {
        Field::into_value(self)
    }
}

impl<T: Serialize + DeserializeOwned> FromValue for Json<T> {
    const KIND: Kind = <Self as Field>::KIND;

    fn from_value(value: Value) -> Option<Self> {
        Field::from_value(value).ok()
    }
}
