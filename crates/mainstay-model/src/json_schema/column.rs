use mainstay_kernel::Kind;
use schemars::{SchemaGenerator, json_schema};
use serde_json::{Map, Value as Json, json};

use super::{constraint, nullable, of_enum, schema, with};
use crate::schema::{ColumnDef, Schema};

/// What a described value is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// An answer: what code wrote may break the rules that clients keep.
    Answer,
    /// A body, whose values the rules are checked on.
    Body,
    /// A body that says of JSON only what is to change in it.
    Change,
}

/// One field, without its documentation.
pub fn of_column(
    of: &Schema,
    position: usize,
    generator: &mut SchemaGenerator,
    used: Use,
) -> schemars::Schema {
    let column = of.column(position);
    let mut described = kind(column, generator, used);
    if used != Use::Answer {
        constraint::add(&mut described, column, of.longest(position));
    }
    if column.optional { nullable(described) } else { described }
}

/// The field with what is said of it: its documentation, the role that it needs, and what else is to be known.
pub(super) fn documented(
    column: &ColumnDef,
    described: schemars::Schema,
    role: Option<&str>,
    more: Option<String>,
) -> schemars::Schema {
    let docs = Some(column.about.docs.to_owned()).filter(|it| !it.is_empty());
    let needed = role.map(|role| format!("Only for callers with the role `{role}`."));
    let said: Vec<_> = [docs, needed, more].into_iter().flatten().collect();
    let mut members = Map::new();
    if !said.is_empty() {
        members.insert("description".to_owned(), said.join("\n\n").into());
    }
    if let Some(role) = role {
        members.insert("x-role".to_owned(), role.into());
    }
    with(described, Json::Object(members))
}

fn kind(column: &ColumnDef, generator: &mut SchemaGenerator, used: Use) -> schemars::Schema {
    match column.kind {
        Kind::Bool => json_schema!({ "type": "boolean" }),
        Kind::Int => integer(column.about.range, used),
        Kind::Float => json_schema!({ "type": "number", "format": "double" }),
        Kind::Text => json_schema!({ "type": "string" }),
        Kind::Bytes => json_schema!({ "type": "string", "format": "byte", "contentEncoding": "base64" }),
        Kind::Uuid => json_schema!({ "type": "string", "format": "uuid" }),
        Kind::Timestamp => json_schema!({ "type": "string", "format": "date-time" }),
        Kind::Date => json_schema!({ "type": "string", "format": "date" }),
        Kind::Decimal(scale) if used == Use::Answer => schema(decimal_answered(scale)),
        Kind::Decimal(scale) => schema(decimal_sent(scale)),
        Kind::Enum(of) => of_enum(of),
        // A merge patch names the members of an object that change, and no others.
        Kind::Json if used == Use::Change => schemars::Schema::default(),
        Kind::Json => column.about.json.map(|json| json(generator)).unwrap_or_default(),
    }
}

fn integer(range: Option<(i64, i64)>, used: Use) -> schemars::Schema {
    let mut described = json_schema!({ "type": "integer", "format": "int64" });
    let all = (used != Use::Answer).then_some((i64::MIN, i64::MAX));
    if let Some((least, most)) = range.or(all) {
        described.insert("minimum".to_owned(), least.into());
        described.insert("maximum".to_owned(), most.into());
    }
    if range.is_some_and(|(least, most)| i32::try_from(least).is_ok() && i32::try_from(most).is_ok()) {
        described.insert("format".to_owned(), "int32".into());
    }
    described
}

/// Digits before and after the point, all of those after it.
pub(super) fn decimal_answered(scale: u8) -> Json {
    let pattern = match scale {
        0 => "^-?[0-9]+$".to_owned(),
        scale => format!("^-?[0-9]+\\.[0-9]{{{scale}}}$"),
    };
    json!({ "type": "string", "pattern": pattern })
}

/// As a text or as a number, with no more digits after the point than are kept.
pub(super) fn decimal_sent(scale: u8) -> Json {
    let pattern = match scale {
        0 => "^-?[0-9]+$".to_owned(),
        scale => format!("^-?[0-9]+(\\.[0-9]{{1,{scale}}})?$"),
    };
    json!({ "type": ["string", "number"], "pattern": pattern })
}
