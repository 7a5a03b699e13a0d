use std::ops::{Deref, DerefMut};

use mainstay_kernel::{Error, ErrorKind, FieldFault, Kind, Result, Value};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::Field;
use crate::json::settle;

/// The properties of a row that its model does not declare: the type of its `#[model(overflow)]` field.
///
/// It is a map of JSON by name. A property named like a declared field is not shown to clients.
///
/// ```
/// use mainstay_model::Overflow;
/// let mut data = Overflow::default();
/// data.insert("colour", "red");
/// data.insert("size", 7);
/// assert_eq!(data.get_as::<i64>("size").unwrap(), Some(7));
/// assert_eq!(data["colour"], "red");
/// assert!(data.get_as::<bool>("size").is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Overflow(Map<String, Json>);

impl Overflow {
    /// Sets a property; what it was before, if it was there.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Json>) -> Option<Json> {
        self.0.insert(name.into(), value.into())
    }

    /// A property as a `T`; `None` when it is not there, or null.
    ///
    /// # Errors
    /// Invalid, naming the property, when it is something else.
    pub fn get_as<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let Some(json) = self.0.get(name).filter(|it| !it.is_null()) else { return Ok(None) };
        T::deserialize(json).map(Some).map_err(|error| {
            let field = name.to_owned();
            let fault = FieldFault { field, code: "wrong_type".into(), message: error.to_string() };
            Error::new(ErrorKind::Invalid(vec![fault]))
        })
    }
}

impl Deref for Overflow {
    type Target = Map<String, Json>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl DerefMut for Overflow {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}

impl From<Map<String, Json>> for Overflow {
    fn from(properties: Map<String, Json>) -> Self {
        Self(properties)
    }
}

impl Field for Overflow {
    const KIND: Kind = Kind::Json;

    fn into_value(self) -> Value {
        let mut json = Json::Object(self.0);
        settle(&mut json);
        Value::Json(json)
    }

    fn from_value(value: Value) -> std::result::Result<Self, String> {
        let Value::Json(Json::Object(properties)) = value else {
            return Err("expected a JSON object".to_owned());
        };
        Ok(Self(properties))
    }
}
