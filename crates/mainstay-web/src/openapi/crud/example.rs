//! Bodies to begin with, made from what a field must be like.

use mainstay_kernel::Kind;
use mainstay_model::{Action, Bound, ColumnDef, Measure, Part, Rule, Schema, Writer};
use schemars::Schema as Described;
use serde_json::{Map, Value, json};

use super::super::Media;

/// A body of an action, with the fields that everybody may set; none where a value cannot be made up for a field
/// that must be given.
pub(super) fn body(schema: &Schema, action: Action) -> Option<Value> {
    let mut example = Map::new();
    for column in written(schema, action) {
        match value(column) {
            Some(value) => drop(example.insert(column.field.to_owned(), value)),
            None if action == Action::Create && column.must_be_given() => return None,
            None => {}
        }
    }
    Some(Value::Object(example))
}

/// A patch by operations.
pub(super) fn patch(of: &Schema, schema: Described) -> Media {
    let first = written(of, Action::Patch).find_map(|it| Some((it.field, value(it)?)));
    let example =
        first.map(|(field, value)| json!([{ "op": "replace", "path": format!("/{field}"), "value": value }]));
    Media { schema: Some(schema), example }
}

fn written(schema: &Schema, action: Action) -> impl Iterator<Item = &'static ColumnDef> {
    let plain = schema.columns.iter().filter(|it| it.part == Part::Plain);
    plain.filter(move |it| it.write.in_action(action) == Writer::Everyone)
}

fn value(column: &ColumnDef) -> Option<Value> {
    match column.kind {
        Kind::Bool => Some(json!(true)),
        Kind::Int | Kind::Float => number(column.about.rules),
        Kind::Text => text(column),
        Kind::Timestamp => Some(json!("2026-01-31T12:00:00.000Z")),
        Kind::Date => Some(json!("2026-01-31")),
        Kind::Decimal(_) => Some(json!("12")),
        Kind::Enum(of) => of.variants.first().map(|it| json!(it)),
        // Names of rows, bytes and JSON mean something, or nothing at all.
        Kind::Uuid | Kind::Bytes | Kind::Json => None,
    }
}

fn number(rules: &[Rule]) -> Option<Value> {
    let mut example = json!(1);
    for rule in rules {
        let Rule::Range { min, .. } = rule else { continue };
        example = match min.as_ref()? {
            Bound::Int(it) => json!(it),
            Bound::Float(it) => json!(it),
        };
    }
    Some(example)
}

fn text(column: &ColumnDef) -> Option<Value> {
    let mut example = column.field.to_owned();
    for rule in column.about.rules {
        match *rule {
            Rule::Email => "ann@example.com".clone_into(&mut example),
            Rule::Ip | Rule::Ipv4 => "192.0.2.1".clone_into(&mut example),
            Rule::Ipv6 => "2001:db8::1".clone_into(&mut example),
            Rule::Alphanumeric | Rule::Ascii => {}
            Rule::Length {
                of: Measure::Chars | Measure::Bytes | Measure::Utf16 | Measure::Simple,
                min,
                max,
            } => {
                example.truncate(max);
                while example.len() < min {
                    example.push('x');
                }
            }
            Rule::Pattern(_)
            | Rule::Contains(_)
            | Rule::Prefix(_)
            | Rule::Suffix(_)
            | Rule::Range { .. }
            | Rule::Inner(_) => return None,
        }
    }
    Some(json!(example))
}
