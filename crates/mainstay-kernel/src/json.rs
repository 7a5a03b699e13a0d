//! Questions about JSON, answered as PostgreSQL's `jsonb` answers them: numbers are equal when their
//! values are, and the order of an object's keys is nothing.

use serde_json::{Number, Value as Json};

/// Whether `part` is found in `whole` (`jsonb @>`): each of its fields and elements is, in their
/// place or anywhere in the list; and a list holds its elements as they are.
///
/// ```
/// use mainstay_kernel::json::contains;
/// use serde_json::json;
/// assert!(contains(&json!({"a": 1, "b": [1, 2]}), &json!({"b": [2]})));
/// assert!(contains(&json!(["x", "y"]), &json!("x")));
/// ```
pub fn contains(whole: &Json, part: &Json) -> bool {
    match (whole, part) {
        (Json::Array(items), Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_)) => {
            items.iter().any(|it| equals(it, part))
        }
        _ => holds(whole, part),
    }
}

/// As [`contains`], further in, where a list does not stand for its elements.
fn holds(whole: &Json, part: &Json) -> bool {
    match (whole, part) {
        (Json::Object(whole), Json::Object(part)) => {
            part.iter().all(|(key, part)| whole.get(key).is_some_and(|it| holds(it, part)))
        }
        (Json::Array(whole), Json::Array(part)) => {
            part.iter().all(|part| whole.iter().any(|it| holds(it, part)))
        }
        _ => equals(whole, part),
    }
}

/// Whether the two say the same (`jsonb =`).
pub fn equals(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => same_number(one, other),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equals(one, other))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| equals(one, other)))
        }
        _ => one == other,
    }
}

/// What stands under these keys, one object within the other. Null is nothing.
pub fn at<'a>(json: &'a Json, path: &[String]) -> Option<&'a Json> {
    path.iter().try_fold(json, |json, key| json.as_object()?.get(key)).filter(|it| !it.is_null())
}

fn same_number(one: &Number, other: &Number) -> bool {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => one == other,
        (Some(whole), None) => other.as_f64().is_some_and(|it| is_whole(it, whole)),
        (None, Some(whole)) => one.as_f64().is_some_and(|it| is_whole(it, whole)),
        (None, None) => one.as_f64() == other.as_f64(),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it saturates, and integers of JSON are far from there")]
fn is_whole(float: f64, whole: i128) -> bool {
    float.fract() == 0.0 && float as i128 == whole
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_part_is_found_as_jsonb_finds_it() {
        for (whole, part, found) in [
            (json!({"a": 1, "b": {"c": [1, 2]}}), json!({"b": {"c": [2]}}), true),
            (json!({"a": 1}), json!({}), true),
            (json!({"a": 1}), json!([]), false),
            (json!({"a": 1}), json!({"a": 1.0}), true),
            (json!({"a": [1]}), json!({"a": 1}), false),
            (json!([1, [2, 3]]), json!([[3]]), true),
            (json!([1, [2, 3]]), json!([3]), false),
            (json!([1, 2]), json!([2, 2, 1]), true),
            (json!(["a"]), json!("a"), true),
            (json!("a"), json!(["a"]), false),
            (json!([null]), json!(null), true),
            (json!(null), json!(null), true),
            (json!([{"a": 1, "b": 2}]), json!([{"a": 1}]), true),
            (json!([{"a": 1, "b": 2}]), json!({"a": 1}), false),
        ] {
            assert_eq!(contains(&whole, &part), found, "{whole} {part}");
        }
    }

    #[test]
    fn numbers_are_equal_by_value() {
        assert!(equals(&json!([1, 0.0]), &json!([1.0, -0.0])));
        assert!(!equals(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992.0)));
        assert!(equals(&json!(1e300), &json!(1e300)));
        assert!(!equals(&json!(0.1), &json!(0)));
    }

    #[test]
    fn a_path_leads_through_objects_alone_and_null_is_nothing() {
        let json = json!({"a": {"b": 1, "n": null}, "l": [{"0": 1}]});
        let at =
            |path: &[&str]| at(&json, &path.iter().map(|&it| it.to_owned()).collect::<Vec<_>>()).cloned();
        assert_eq!(at(&["a", "b"]), Some(json!(1)));
        assert_eq!(at(&["a", "n"]), None);
        assert_eq!(at(&["l", "0"]), None);
        assert_eq!(at(&[]), Some(json.clone()));
    }
}
