//! Conditions as a client spells them in `__query`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mainstay::kernel::{Case, Search, Value};
use mainstay::model::{Atom, Compare, Predicate, Schema};
use mainstay::serde_json::{self, json};

/// The steps that mean this condition and this search; `None` where no client can ask for it.
pub(super) fn steps(
    schema: &Schema,
    predicate: &Predicate,
    search: Option<&Search>,
) -> Option<serde_json::Value> {
    (depth(predicate) <= 4 && atoms(predicate) <= 32).then_some(())?;
    let search = search.map(|it| json!({ "method": "search", "args": [it.text()] }));
    Some(search.into_iter().chain([step(schema, "where", predicate)?]).collect())
}

fn step(schema: &Schema, method: &str, predicate: &Predicate) -> Option<serde_json::Value> {
    match predicate {
        Predicate::Always
        | Predicate::Never
        | Predicate::Unknown
        | Predicate::Exists(_)
        | Predicate::Search(_) => None,
        Predicate::And(all) => nested(schema, method, "where", all),
        Predicate::Or(any) => nested(schema, method, "orWhere", any),
        Predicate::Not(it) => {
            let inner = step(schema, "whereNot", it)?;
            Some(json!({ "method": method, "args": [{ "__nested": [inner] }] }))
        }
        Predicate::Column(column, atom) => {
            let field = schema.columns[*column].field;
            let (field, operator, operand) = of_atom(field, atom);
            Some(json!({ "method": method, "args": [field, operator, operand] }))
        }
    }
}

fn nested(schema: &Schema, method: &str, inner: &str, parts: &[Predicate]) -> Option<serde_json::Value> {
    let steps: Option<Vec<_>> = parts.iter().map(|it| step(schema, inner, it)).collect();
    Some(json!({ "method": method, "args": [{ "__nested": steps.filter(|it| !it.is_empty())? }] }))
}

fn of_atom(field: &str, atom: &Atom) -> (String, &'static str, serde_json::Value) {
    let here = |operator, operand| (field.to_owned(), operator, operand);
    let under = |path: &[String]| format!("{field}.{}", path.join("."));
    match atom {
        Atom::Compare(compare, value) => here(sign(*compare), of_value(value)),
        Atom::In(values) => here("in", values.iter().map(of_value).collect()),
        Atom::IsNull => here("null", json!(true)),
        Atom::Like(pattern) => match pattern.case() {
            Case::Kept => here("like", json!(pattern.text())),
            Case::Folded => here("ilike", json!(pattern.text())),
        },
        Atom::Contains(part) => here("contains", part.clone()),
        Atom::PathIs(path, json) => (under(path), "eq", json.clone()),
        Atom::PathIsNull(path) => (under(path), "null", json!(true)),
    }
}

fn sign(compare: Compare) -> &'static str {
    match compare {
        Compare::Equal => "=",
        Compare::NotEqual => "<>",
        Compare::Less => "<",
        Compare::LessOrEqual => "lte",
        Compare::Greater => "gt",
        Compare::GreaterOrEqual => ">=",
    }
}

fn of_value(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => json!(null),
        Value::Bool(it) => json!(it),
        Value::Int(it) => json!(it),
        Value::Float(it) => json!(it),
        Value::Text(it) => json!(it),
        Value::Bytes(it) => json!(STANDARD.encode(it)),
        Value::Uuid(it) => json!(it.to_string()),
        Value::Timestamp(it) => {
            // What is shown is rounded to the millisecond.
            let shown = it.to_string();
            json!(format!("{}{:03}Z", shown.trim_end_matches('Z'), it.as_micros().rem_euclid(1000)))
        }
        Value::Date(it) => json!(it.to_string()),
        Value::Decimal(it) => json!(it.to_string()),
        Value::Enum(it) => json!(it.name()),
        Value::Json(it) => it.clone(),
    }
}

/// How many groups stand in each other.
fn depth(predicate: &Predicate) -> usize {
    match predicate {
        Predicate::Always
        | Predicate::Never
        | Predicate::Unknown
        | Predicate::Exists(_)
        | Predicate::Search(_)
        | Predicate::Column(..) => 0,
        Predicate::And(parts) | Predicate::Or(parts) => 1 + parts.iter().map(depth).max().unwrap_or(0),
        Predicate::Not(it) => 1 + depth(it),
    }
}

fn atoms(predicate: &Predicate) -> usize {
    match predicate {
        Predicate::Always
        | Predicate::Never
        | Predicate::Unknown
        | Predicate::Exists(_)
        | Predicate::Search(_)
        | Predicate::Column(..) => 1,
        Predicate::And(parts) | Predicate::Or(parts) => parts.iter().map(atoms).sum(),
        Predicate::Not(it) => atoms(it),
    }
}
