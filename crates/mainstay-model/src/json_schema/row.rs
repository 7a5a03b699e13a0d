use schemars::{SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json, json};

use super::column::documented;
use super::{Use, name, of_column};
use crate::schema::{Part, Read, Schema};

/// A row as it is answered when nothing is selected or expanded: `type` and every field that some caller sees.
/// Those that need no role are always there.
pub fn row(of: &Schema, generator: &mut SchemaGenerator) -> schemars::Schema {
    let mut required = vec![json!("type")];
    let mut properties = Map::new();
    properties.insert("type".to_owned(), json!({ "const": of.name, "type": "string" }));
    for (position, column) in shown(of) {
        let described = of_column(of, position, generator, Use::Answer);
        properties.insert(
            column.field.to_owned(),
            documented(column, described, role(column.read), None).to_value(),
        );
        if column.read == Read::Everyone {
            required.push(json!(column.field));
        }
    }
    object(of, of.docs, properties, required)
}

/// A row as its struct declares it: without the framework's columns that the struct leaves out.
pub(super) fn declared(of: &Schema, generator: &mut SchemaGenerator) -> schemars::Schema {
    let mut described = row(of, generator);
    let left_out = |field: &str| of.undeclared.iter().any(|&it| of.column(it).field == field);
    if let Some(properties) = described.get_mut("properties").and_then(Json::as_object_mut) {
        properties.retain(|field, _| !left_out(field));
    }
    if let Some(required) = described.get_mut("required").and_then(Json::as_array_mut) {
        required.retain(|field| !field.as_str().is_some_and(left_out));
    }
    described
}

/// A row of which fields may have been selected, and references expanded: all of it may be missing but the id.
/// `named` gives the reference to the view of another table's rows.
pub fn view(
    of: &Schema,
    generator: &mut SchemaGenerator,
    named: impl Fn(&str) -> Option<schemars::Schema>,
) -> schemars::Schema {
    let mut properties = Map::new();
    properties.insert("type".to_owned(), json!({ "const": of.name, "type": "string" }));
    for (position, column) in shown(of) {
        let plain = of_column(of, position, generator, Use::Answer);
        let described = match column.references.and_then(|it| named((it.table)())) {
            Some(expanded) => json_schema!({ "anyOf": [plain, expanded, { "type": "null" }] }),
            None => plain,
        };
        properties.insert(
            column.field.to_owned(),
            documented(column, described, role(column.read), None).to_value(),
        );
    }
    let docs = format!(
        "A `{}` of which fields were selected, or references expanded. A row that an expanded reference leads to \
         is null where the caller may not read it.",
        name(of)
    );
    object(of, &docs, properties, vec![json!("id")])
}

fn shown(of: &Schema) -> impl Iterator<Item = (usize, &crate::ColumnDef)> {
    let columns = of.columns.iter().enumerate();
    columns.filter(|(_, it)| it.read != Read::Private && it.part != Part::Overflow)
}

fn role(read: Read) -> Option<&'static str> {
    match read {
        Read::Role(role) => Some(role),
        Read::Everyone | Read::Private => None,
    }
}

fn object(of: &Schema, docs: &str, properties: Map<String, Json>, required: Vec<Json>) -> schemars::Schema {
    let overflow = of.overflow().is_some_and(|it| of.column(it).read != Read::Private);
    let mut described = json_schema!({ "type": "object", "properties": properties, "required": required });
    if overflow {
        described.insert("additionalProperties".to_owned(), true.into());
    }
    if !docs.is_empty() {
        described.insert("description".to_owned(), docs.into());
    }
    described
}
