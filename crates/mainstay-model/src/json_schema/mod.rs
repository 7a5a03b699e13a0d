//! Models described in JSON Schema (2020-12): rows as clients read them, and the bodies that they send.

mod body;
mod column;
mod constraint;
mod probe;
mod row;

use std::any::type_name;
use std::borrow::Cow;
use std::marker::PhantomData;

use mainstay_kernel::EnumType;
use schemars::{JsonSchema, SchemaGenerator, json_schema};
use serde_json::{Value as Json, json};

use crate::{Decimal, Model, Overflow, Ref, Schema};

pub use body::{create, merge, update};
pub use column::{Use, of_column};
pub use probe::{Described, Probe, Undescribed};
pub use row::{row, view};

/// The rows of `M` as the generated routes answer them.
pub struct Rows<M>(PhantomData<M>);

impl<M: Model> JsonSchema for Rows<M> {
    fn schema_name() -> Cow<'static, str> {
        name(M::SCHEMA).into()
    }

    fn schema_id() -> Cow<'static, str> {
        type_name::<M>().into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> schemars::Schema {
        row(M::SCHEMA, generator)
    }
}

/// The rows of `M` as their struct is written: what `#[derive(Model)]` describes it by. Where it leaves out columns
/// of the framework's, that is another shape than [`Rows`], of another name.
pub struct Declared<M>(PhantomData<M>);

impl<M: Model> JsonSchema for Declared<M> {
    fn schema_name() -> Cow<'static, str> {
        let name = Rows::<M>::schema_name();
        if M::SCHEMA.undeclared.is_empty() { name } else { format!("{name}Declared").into() }
    }

    fn schema_id() -> Cow<'static, str> {
        let id = Rows::<M>::schema_id();
        if M::SCHEMA.undeclared.is_empty() { id } else { format!("{id} declared").into() }
    }

    fn json_schema(generator: &mut SchemaGenerator) -> schemars::Schema {
        row::declared(M::SCHEMA, generator)
    }
}

/// A model's name in a document: `BlogPost` for `blog_post`.
pub fn name(schema: &Schema) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|it| it.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    schema.name.split('_').map(capital).collect()
}

/// The variants of an enum, by their names.
pub fn of_enum(of: &EnumType) -> schemars::Schema {
    json_schema!({ "type": "string", "enum": of.variants })
}

/// A document's schema from its text; what is no object admits anything.
fn schema(json: Json) -> schemars::Schema {
    schemars::Schema::try_from(json).unwrap_or_default()
}

impl<M> JsonSchema for Ref<M> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ref".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "string", "format": "uuid" })
    }
}

impl<T: JsonSchema> JsonSchema for crate::Json<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

impl JsonSchema for Overflow {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Overflow".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> schemars::Schema {
        json_schema!({ "type": "object", "additionalProperties": true })
    }
}

impl<const SCALE: u8> JsonSchema for Decimal<SCALE> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Decimal{SCALE}").into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> schemars::Schema {
        schema(match generator.contract().is_serialize() {
            true => column::decimal_answered(SCALE),
            false => column::decimal_sent(SCALE),
        })
    }
}

/// `{"$ref": …}` with more beside it, as JSON Schema 2020-12 admits; or any schema with more in it.
fn with(mut of: schemars::Schema, more: Json) -> schemars::Schema {
    if let Json::Object(more) = more {
        of.ensure_object().extend(more);
    }
    of
}

/// A schema that also admits null.
fn nullable(mut of: schemars::Schema) -> schemars::Schema {
    let Some(object) = of.as_object_mut().filter(|it| !it.is_empty()) else { return of };
    let types = if let Some(Json::String(one)) = object.get("type") {
        json!([one, "null"])
    } else if let Some(Json::Array(several)) = object.get("type") {
        several.iter().cloned().chain([json!("null")]).collect()
    } else {
        return json_schema!({ "anyOf": [of, { "type": "null" }] });
    };
    object.insert("type".to_owned(), types);
    if let Some(Json::Array(values)) = object.get_mut("enum") {
        values.push(Json::Null);
    }
    of
}
