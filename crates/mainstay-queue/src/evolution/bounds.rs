use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::branches::{Type, Typed};
use super::change::{Effect, In};

/// Keywords that nothing falls below.
const LOWER: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];

/// Keywords that nothing rises above.
const UPPER: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

/// What is compared elsewhere.
const ELSEWHERE: [&str; 6] =
    ["properties", "required", "additionalProperties", "unevaluatedProperties", "items", "prefixItems"];

/// Numbers of these formats are in these bounds.
const RANGES: [(&str, f64, f64); 8] = [
    ("int8", -128.0, 127.0),
    ("int16", -32_768.0, 32_767.0),
    ("int32", -2_147_483_648.0, 2_147_483_647.0),
    ("int64", -9_223_372_036_854_775_808.0, 9_223_372_036_854_775_807.0),
    ("uint8", 0.0, 255.0),
    ("uint16", 0.0, 65_535.0),
    ("uint32", 0.0, 4_294_967_295.0),
    ("uint64", 0.0, 18_446_744_073_709_551_615.0),
];

/// What became of lengths, sizes, patterns and whatever else narrows values of one type.
pub(super) fn compare(was: &Typed, is: &Typed, mut found: impl FnMut(String, Effect)) {
    let (old, new) = (&was.keywords, &is.keywords);
    let words: BTreeSet<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    for word in words.into_iter().chain(["minimum", "maximum"]).collect::<BTreeSet<_>>() {
        let effect = if LOWER.contains(&word) {
            let order =
                number(new, word, f64::NEG_INFINITY).partial_cmp(&number(old, word, f64::NEG_INFINITY));
            order.and_then(of_order)
        } else if UPPER.contains(&word) {
            let order = number(old, word, f64::INFINITY).partial_cmp(&number(new, word, f64::INFINITY));
            order.and_then(of_order)
        } else if ELSEWHERE.contains(&word) || (word == "format" && is_of_numbers(was.of)) {
            None
        } else {
            of_presence(old.get(word), new.get(word))
        };
        if let Some(effect) = effect {
            found(told(word, old, new), effect);
        }
    }
}

fn is_of_numbers(ty: Type) -> bool {
    matches!(ty, Type::Integer | Type::Number)
}

/// A bound that is greater, seen from the side on which values are, lets less through.
fn of_order(order: std::cmp::Ordering) -> Option<Effect> {
    match order {
        std::cmp::Ordering::Less => Some(Effect::Wider(In::Bounds)),
        std::cmp::Ordering::Equal => None,
        std::cmp::Ordering::Greater => Some(Effect::Narrower(In::Bounds)),
    }
}

fn of_presence(was: Option<&Value>, is: Option<&Value>) -> Option<Effect> {
    match (was, is) {
        (None, Some(_)) => Some(Effect::Narrower(In::Bounds)),
        (Some(_), None) => Some(Effect::Wider(In::Bounds)),
        (Some(was), Some(is)) if was != is => Some(Effect::Other),
        (Some(_), Some(_)) | (None, None) => None,
    }
}

/// The bound, as it is said or as its format implies.
fn number(of: &Map<String, Value>, word: &str, unbounded: f64) -> f64 {
    let format = of.get("format").and_then(Value::as_str).unwrap_or_default();
    let implied = || {
        let (_, least, most) = RANGES.iter().find(|(name, ..)| *name == format)?;
        match word {
            "minimum" => Some(*least),
            "maximum" => Some(*most),
            _ => None,
        }
    };
    of.get(word).and_then(Value::as_f64).or_else(implied).unwrap_or(unbounded)
}

fn told(word: &str, was: &Map<String, Value>, is: &Map<String, Value>) -> String {
    let format = |of: &Map<String, Value>| of.get("format").map(|it| format!("`format` {it}"));
    let said =
        |of: &Map<String, Value>| of.get(word).map(|it| format!("`{word}` {it}")).or_else(|| format(of));
    match (said(was), said(is)) {
        (Some(was), Some(is)) => format!("went from {was} to {is}"),
        (None, Some(is)) => format!("has {is} now"),
        (Some(was), None) => format!("has no {was} any more"),
        (None, None) => format!("has another `{word}`"),
    }
}
