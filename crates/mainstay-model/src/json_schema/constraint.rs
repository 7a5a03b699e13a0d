use mainstay_kernel::Kind;
use schemars::json_schema;
use serde_json::{Value as Json, json};

use super::schema;
use crate::about::{Bound, Measure, Rule};
use crate::schema::ColumnDef;

/// Adds what the rules of a field and the indexes over it admit.
pub(super) fn add(described: &mut schemars::Schema, column: &ColumnDef, longest: usize) {
    if longest != usize::MAX && column.kind == Kind::Text {
        described.insert("maxLength".to_owned(), longest.into());
    }
    let is_text = !matches!(column.kind, Kind::Json);
    rules(described, column.about.rules, is_text);
}

fn rules(described: &mut schemars::Schema, rules: &[Rule], is_text: bool) {
    for rule in rules {
        match *rule {
            Rule::Length { of, min, max } => length(described, of, min, max, is_text),
            Rule::Range { min, max } => {
                bound(described, "minimum", min);
                bound(described, "maximum", max);
            }
            Rule::Pattern(it) => pattern(described, it),
            Rule::Contains(it) => found(described, &escaped(it)),
            Rule::Prefix(it) => found(described, &format!("^{}", escaped(it))),
            Rule::Suffix(it) => found(described, &format!("{}$", escaped(it))),
            Rule::Ascii => found(described, "^[\\x00-\\x7F]*$"),
            Rule::Email => format(described, "email"),
            Rule::Ipv4 => format(described, "ipv4"),
            Rule::Ipv6 => format(described, "ipv6"),
            Rule::Ip => also(described, json!({ "anyOf": [{ "format": "ipv4" }, { "format": "ipv6" }] })),
            // Letters and digits of all scripts, which no pattern says the same everywhere.
            Rule::Alphanumeric => {}
            Rule::Inner([]) => {}
            Rule::Inner(inner) => elements(described, inner),
        }
    }
}

/// JSON Schema counts the characters of a text. Bytes and code units are as many or more, so that only the
/// upper bound of them says something of characters.
fn length(described: &mut schemars::Schema, of: Measure, min: usize, max: usize, is_text: bool) {
    let (least, most) = if is_text { ("minLength", "maxLength") } else { ("minItems", "maxItems") };
    if min > 0 {
        let is_exact = !is_text || of == Measure::Chars;
        described.insert(least.to_owned(), if is_exact { min } else { 1 }.into());
    }
    if max != usize::MAX {
        let smaller = described.get(most).and_then(Json::as_u64).is_some_and(|it| it <= max as u64);
        if !smaller {
            described.insert(most.to_owned(), max.into());
        }
    }
    if !is_text && described.get("type").is_some_and(|it| it == "object") {
        for (items, properties) in [("minItems", "minProperties"), ("maxItems", "maxProperties")] {
            if let Some(count) = described.remove(items) {
                described.insert(properties.to_owned(), count);
            }
        }
    }
}

fn bound(described: &mut schemars::Schema, name: &str, bound: Option<Bound>) {
    let bound = match bound {
        None => return,
        Some(Bound::Int(it)) => json!(it),
        Some(Bound::Float(it)) => json!(it),
    };
    described.insert(name.to_owned(), bound);
}

/// Of Rust's expressions those that ECMA 262 reads the same; flags in the expression are Rust's own.
fn pattern(described: &mut schemars::Schema, pattern: &str) {
    let is_rusts = ["(?", "\\A", "\\z", "[[:", "&&", "--", "~~"].iter().any(|it| pattern.contains(it));
    if !is_rusts {
        found(described, pattern);
    }
}

fn found(described: &mut schemars::Schema, pattern: &str) {
    if described.get("pattern").is_none() {
        described.insert("pattern".to_owned(), pattern.into());
    } else {
        also(described, json!({ "pattern": pattern }));
    }
}

fn format(described: &mut schemars::Schema, format: &str) {
    described.insert("format".to_owned(), format.into());
}

fn also(described: &mut schemars::Schema, more: Json) {
    if let Some(Json::Array(all)) = described.get_mut("allOf") {
        all.push(more);
    } else {
        described.insert("allOf".to_owned(), json!([more]));
    }
}

fn elements(described: &mut schemars::Schema, inner: &[Rule]) {
    let items = described.get("items").cloned().map(schema);
    let mut items = items.unwrap_or_else(|| json_schema!({}));
    let is_text = items.get("type").is_none_or(|it| it == "string");
    rules(&mut items, inner, is_text);
    described.insert("items".to_owned(), items.to_value());
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\^$.|?*+()[]{}/".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
