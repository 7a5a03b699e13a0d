use serde::Serialize;
use serde_json::Value;

use crate::json::settle;
use crate::predicate::Filter;
use crate::{Atom, Column, Json, Overflow, Predicate};

impl<M, T> Column<M, Json<T>> {
    /// Holds this part, as PostgreSQL's `jsonb @>` says: each of its fields and elements is there, in
    /// their place or anywhere in the list. A part that is not JSON is taken for `null`.
    pub fn contains(self, part: impl Serialize) -> Filter<M> {
        self.is(Atom::Contains(settled(serde_json::to_value(part).unwrap_or_default())))
    }

    /// What stands under these keys, one object within the other: `Post::DATA.path(["size", "width"])`.
    pub fn path<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> JsonPath<M> {
        JsonPath { column: Column::new(self.index()), keys: keys.into_iter().map(Into::into).collect() }
    }
}

impl<M, E: Serialize> Column<M, Json<Vec<E>>> {
    /// Has this among its elements.
    pub fn has(self, element: impl Into<E>) -> Filter<M> {
        // In a list of its own: an element that is a list must be one there too.
        self.contains([element.into()])
    }
}

impl<M> Column<M, Overflow> {
    /// What stands under these keys, of which the first is a property's name.
    pub fn path<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> JsonPath<M> {
        Column::<M, Json<Value>>::new(self.index()).path(keys)
    }
}

/// A place within a column of JSON. Where nothing or null stands, it is missing.
#[derive(Clone, Debug)]
pub struct JsonPath<M> {
    column: Column<M, Value>,
    keys: Vec<String>,
}

impl<M> JsonPath<M> {
    /// Is this, numbers by their value. Never true when one of the two is missing.
    pub fn eq(self, value: impl Into<Value>) -> Filter<M> {
        let value = value.into();
        if value.is_null() {
            return Filter::new(Predicate::Unknown);
        }
        self.column.is(Atom::PathIs(self.keys, settled(value)))
    }

    /// Is not this. Never true when one of the two is missing.
    pub fn ne(self, value: impl Into<Value>) -> Filter<M> {
        !self.eq(value)
    }

    /// Nothing stands there, or null.
    pub fn is_null(self) -> Filter<M> {
        self.column.is(Atom::PathIsNull(self.keys))
    }

    /// Something else than null stands there.
    pub fn is_not_null(self) -> Filter<M> {
        !self.is_null()
    }
}

fn settled(mut json: Value) -> Value {
    settle(&mut json);
    json
}
