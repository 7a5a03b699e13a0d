//! JSON as both stores give it back: PostgreSQL keeps its numbers as decimals, SQLite its text.

use serde_json::{Number, Value as Json};

/// From here on a float is written with an exponent, which a decimal does not keep.
const EXPONENT_FROM: f64 = 1e16;

/// Writes each number so that it comes back the same: negative zero as zero, and a whole float as
/// the integer that a decimal of its size reads back as.
pub(crate) fn settle(json: &mut Json) {
    match json {
        Json::Number(number) => {
            if let Some(settled) = number.as_f64().filter(|_| number.is_f64()).and_then(settled) {
                *number = settled;
            }
        }
        Json::Array(items) => items.iter_mut().for_each(settle),
        Json::Object(fields) => fields.values_mut().for_each(settle),
        Json::Null | Json::Bool(_) | Json::String(_) => {}
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and within the bounds")]
fn settled(float: f64) -> Option<Number> {
    let below = |power: i32| float.abs() < 2_f64.powi(power);
    if float == 0.0 {
        Number::from_f64(0.0)
    } else if float >= EXPONENT_FROM && below(64) {
        Some(Number::from(float as u64))
    } else if float <= -EXPONENT_FROM && below(63) {
        Some(Number::from(float as i64))
    } else {
        None
    }
}

/// How many lists and objects lie in each other.
pub(crate) fn depth(json: &Json) -> usize {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => 0,
        Json::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Json::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
    }
}

/// Whether NUL is anywhere in it, which PostgreSQL cannot keep.
pub(crate) fn holds_nul(json: &Json) -> bool {
    match json {
        Json::String(it) => it.contains('\0'),
        Json::Array(items) => items.iter().any(holds_nul),
        Json::Object(fields) => fields.iter().any(|(name, it)| name.contains('\0') || holds_nul(it)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_both_stores_give_it_back() {
        for (given, settled) in [
            ("-0.0", "0.0"),
            ("1.0", "1.0"),
            ("1e15", "1000000000000000.0"),
            ("1e16", "10000000000000000"),
            ("[-1e16]", "[-10000000000000000]"),
            ("{\"a\":18446744073709549568.0}", "{\"a\":18446744073709549568}"),
        ] {
            let mut json: Json = serde_json::from_str(given).unwrap();
            settle(&mut json);
            assert_eq!(json.to_string(), settled);
        }
        for whole in [1e20, -1e19, 1e300] {
            let mut json = Json::from(whole);
            settle(&mut json);
            assert!(json.is_f64(), "{whole}");
        }
    }
}
