use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};

/// A JSON object in which no name occurs twice. Two readers of one token that pick different
/// values for a repeated name is a known way around a check (RFC 7515 §4, RFC 7519 §4).
pub(crate) struct UniqueObject(Map<String, Value>);

/// Reads a JSON object with nothing before or after it but white space; none if it is anything else.
pub(crate) fn read(json: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(json).ok().map(|UniqueObject(members)| members)
}

impl<'de> Deserialize<'de> for UniqueObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members).map(Self)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some((name, value)) = access.next_entry::<String, Value>()? {
            if members.insert(name, value).is_some() {
                return Err(A::Error::custom("a name occurs twice"));
            }
        }
        Ok(members)
    }
}
