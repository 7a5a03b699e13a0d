use mainstay_kernel::{Kind, Value};
use schemars::{SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json, json};

use super::column::documented;
use super::{Use, of_column};
use crate::schema::{ColumnDef, Part, Schema, Writer};
use crate::{Action, render};

/// What a create takes: the fields that some client may set, and which of them it must.
pub fn create(of: &Schema, generator: &mut SchemaGenerator) -> schemars::Schema {
    body(of, generator, Action::Create, Use::Body)
}

/// What an update takes: the fields that some client may set. Only those sent change.
pub fn update(of: &Schema, generator: &mut SchemaGenerator) -> schemars::Schema {
    body(of, generator, Action::Update, Use::Body)
}

/// What a merge patch takes: as an update, and of JSON only the members that change.
pub fn merge(of: &Schema, generator: &mut SchemaGenerator) -> schemars::Schema {
    body(of, generator, Action::Patch, Use::Change)
}

fn body(of: &Schema, generator: &mut SchemaGenerator, action: Action, used: Use) -> schemars::Schema {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (position, column) in of.columns.iter().enumerate().filter(|(_, it)| it.part != Part::Overflow) {
        let role = match column.write.in_action(action) {
            Writer::Nobody => continue,
            Writer::Everyone => None,
            Writer::Role(role) => Some(role),
        };
        let described = of_column(of, position, generator, used);
        let is_created = action == Action::Create;
        if is_created && role.is_none() && column.must_be_given() {
            required.push(json!(column.field));
        }
        let missing = default(column).filter(|_| is_created);
        let missing = missing.map(|it| format!("`{it}` where it is not given."));
        let described = documented(column, described, role, missing);
        properties.insert(column.field.to_owned(), described.to_value());
    }
    let mut described = json_schema!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        described.insert("required".to_owned(), required.into());
    }
    undeclared(&mut described, of, action);
    described
}

/// The default where it is the same for each row. It is told and not a member of the schema: generators of types
/// take what has a default for something that is always there, and make clients send it.
fn default(column: &ColumnDef) -> Option<Json> {
    let is_constant = match column.kind {
        Kind::Bool | Kind::Int | Kind::Float | Kind::Text | Kind::Enum(_) | Kind::Decimal(_) => true,
        Kind::Bytes | Kind::Uuid | Kind::Timestamp | Kind::Date | Kind::Json => false,
    };
    let value = column.default.filter(|_| is_constant)?();
    (value != Value::Null).then(|| render::json(&value))
}

/// What else may be sent: nothing, or what the model's overflow takes in.
fn undeclared(described: &mut schemars::Schema, of: &Schema, action: Action) {
    let overflow = of.overflow().map(|it| of.column(it));
    let Some(overflow) = overflow.filter(|it| it.write.in_action(action) != Writer::Nobody) else {
        described.insert("additionalProperties".to_owned(), false.into());
        return;
    };
    let writable = |it: &ColumnDef| it.write.in_action(action) != Writer::Nobody && it.part != Part::Overflow;
    let taken = of.columns.iter().filter(|it| !writable(it)).map(|it| it.field);
    let taken: Vec<_> = taken.chain(["type", "__proto__"]).collect();
    described.insert("additionalProperties".to_owned(), true.into());
    let names = json!({ "minLength": 1, "maxLength": 128, "not": { "enum": taken } });
    described.insert("propertyNames".to_owned(), names);
    if !overflow.about.docs.is_empty() {
        described
            .insert("description".to_owned(), format!("Further properties: {}", overflow.about.docs).into());
    }
}
