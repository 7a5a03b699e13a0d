//! What an answer is expected to be like, and where it is otherwise.

use std::fmt;

use serde_json::Value;

/// One place where what was found is not what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: `posts[0].title`; empty for the whole.
    pub path: String,
    /// What was expected there; `None` for nothing at all.
    pub expected: Option<String>,
    /// What was found there; `None` for nothing at all.
    pub found: Option<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "the whole" } else { &self.path };
        let nothing = || "nothing".to_owned();
        writeln!(f, "  {path}")?;
        writeln!(f, "    - expected {}", self.expected.clone().unwrap_or_else(nothing))?;
        write!(f, "    + found    {}", self.found.clone().unwrap_or_else(nothing))
    }
}

/// Where a value is not like a pattern: none where it is.
///
/// A pattern is JSON. These texts in it stand for whatever has their shape: `"[any]"`, `"[id]"` (a UUID),
/// `"[time]"` (RFC 3339), `"[date]"`, `"[text]"`, `"[number]"` and `"[bool]"`. The key `"..."` in an object, and
/// `"..."` as the last element of a list, let others be there.
///
/// ```
/// use mainstay_test::differences;
/// use serde_json::json;
///
/// let found = json!({ "id": "0197c5a0-0000-7000-8000-000000000000", "tags": ["a", "b"], "title": "ho" });
/// assert!(differences(&json!({ "id": "[id]", "tags": ["a", "..."], "...": "" }), &found).is_empty());
/// let wrong = differences(&json!({ "id": "[id]", "tags": ["a"], "title": "hi" }), &found);
/// assert_eq!(wrong.iter().map(|it| it.path.as_str()).collect::<Vec<_>>(), ["tags[1]", "title"]);
/// ```
pub fn differences(pattern: &Value, found: &Value) -> Vec<Difference> {
    let mut all = Vec::new();
    compare(&mut all, String::new(), pattern, found);
    all
}

const OTHERS: &str = "...";

fn compare(all: &mut Vec<Difference>, path: String, pattern: &Value, found: &Value) {
    match (pattern, found) {
        (Value::Object(fields), Value::Object(there)) => {
            for (name, pattern) in fields.iter().filter(|(name, _)| *name != OTHERS) {
                match there.get(name) {
                    Some(found) => compare(all, below(&path, name), pattern, found),
                    None => all.push(missing(below(&path, name), pattern)),
                }
            }
            let surplus = there.iter().filter(|(name, _)| !fields.contains_key(*name));
            let surplus = surplus.filter(|_| !fields.contains_key(OTHERS));
            all.extend(surplus.map(|(name, found)| unexpected(below(&path, name), found)));
        }
        (Value::Array(items), Value::Array(there)) => {
            let (items, is_open) = match items.split_last() {
                Some((last, rest)) if last == OTHERS => (rest, true),
                _ => (&items[..], false),
            };
            for (at, pattern) in items.iter().enumerate() {
                match there.get(at) {
                    Some(found) => compare(all, format!("{path}[{at}]"), pattern, found),
                    None => all.push(missing(format!("{path}[{at}]"), pattern)),
                }
            }
            let surplus = there.iter().enumerate().skip(items.len()).filter(|_| !is_open);
            all.extend(surplus.map(|(at, found)| unexpected(format!("{path}[{at}]"), found)));
        }
        (Value::String(text), found) if is_wildcard(text).is_some_and(|fits| fits(found)) => {}
        (pattern, found) if is_same(pattern, found) => {}
        (pattern, found) => {
            all.push(Difference { path, expected: Some(pattern.to_string()), found: Some(found.to_string()) })
        }
    }
}

/// Numbers by what they are worth: 1 is 1.0.
fn is_same(pattern: &Value, found: &Value) -> bool {
    pattern == found
        || matches!((pattern.as_f64(), found.as_f64()), (Some(a), Some(b)) if a.total_cmp(&b).is_eq())
}

fn is_wildcard(text: &str) -> Option<fn(&Value) -> bool> {
    let text_that = |fits: fn(&Value) -> bool| Some(fits);
    match text {
        "[any]" => Some(|_| true),
        "[text]" => Some(Value::is_string),
        "[number]" => Some(Value::is_number),
        "[bool]" => Some(Value::is_boolean),
        "[id]" => text_that(|it| it.as_str().is_some_and(|it| uuid::Uuid::try_parse(it).is_ok())),
        "[time]" => text_that(|it| it.as_str().is_some_and(is_time)),
        "[date]" => {
            text_that(|it| it.as_str().is_some_and(|it| it.parse::<mainstay::kernel::Date>().is_ok()))
        }
        _ => None,
    }
}

/// Whether a text is a time as answers write it.
pub(crate) fn is_time(text: &str) -> bool {
    text.contains('T') && text.parse::<mainstay::kernel::Timestamp>().is_ok()
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn missing(path: String, pattern: &Value) -> Difference {
    Difference { path, expected: Some(pattern.to_string()), found: None }
}

fn unexpected(path: String, found: &Value) -> Difference {
    Difference { path, expected: None, found: Some(found.to_string()) }
}

/// A report of all differences, with the whole of what was found below it.
pub(crate) fn report(asked: &str, differences: &[Difference], found: &Value) -> String {
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    let whole = serde_json::to_string_pretty(found).unwrap_or_default();
    format!("{asked} was answered otherwise than expected:\n{}\n\nthe answer:\n{whole}", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(pattern: &Value, found: &Value) -> Vec<String> {
        differences(pattern, found).into_iter().map(|it| it.path).collect()
    }

    #[test]
    fn what_is_equal_does_not_differ_and_numbers_are_compared_by_their_worth() {
        let value = json!({ "a": [1, null, { "b": "c" }], "d": 1.5, "e": true });
        assert_eq!(differences(&value, &value), []);
        assert_eq!(paths(&json!([1, 2.0]), &json!([1.0, 2])), Vec::<String>::new());
        assert_eq!(paths(&json!(9_007_199_254_740_993_i64), &json!("x")), [""]);
    }

    #[test]
    fn each_difference_is_named_by_its_path() {
        let pattern = json!({ "rows": [{ "title": "hi" }, { "title": "ho" }], "gone": 1, "null": null });
        let found = json!({ "rows": [{ "title": "ho", "more": 1 }], "null": false });
        assert_eq!(paths(&pattern, &found), ["gone", "null", "rows[0].title", "rows[0].more", "rows[1]"]);
        let shown = differences(&json!("a"), &json!("b"))[0].to_string();
        assert_eq!(shown, "  the whole\n    - expected \"a\"\n    + found    \"b\"");
    }

    #[test]
    fn a_wildcard_stands_for_its_shape_alone() {
        let id = "0197c5a0-0000-7000-8000-000000000000";
        for (wildcard, right, wrong) in [
            ("[id]", json!(id), json!("0197")),
            ("[time]", json!("2026-01-01T00:00:00.000Z"), json!("2026-01-01")),
            ("[date]", json!("2026-01-31"), json!("2026-02-31")),
            ("[text]", json!(""), json!(1)),
            ("[number]", json!(1.5), json!("1.5")),
            ("[bool]", json!(false), json!(0)),
        ] {
            assert_eq!(
                paths(&json!({ "x": wildcard }), &json!({ "x": right })),
                Vec::<String>::new(),
                "{wildcard}"
            );
            assert_eq!(paths(&json!({ "x": wildcard }), &json!({ "x": wrong })), ["x"], "{wildcard}");
        }
        assert_eq!(paths(&json!(["[any]", "[any]"]), &json!([null])), ["[1]"]);
    }

    #[test]
    fn others_may_be_there_where_the_pattern_says_so() {
        assert_eq!(paths(&json!({ "a": 1, "...": "" }), &json!({ "a": 1, "b": 2 })), Vec::<String>::new());
        assert_eq!(paths(&json!([1, "..."]), &json!([1, 2, 3])), Vec::<String>::new());
        assert_eq!(paths(&json!([1, "..."]), &json!([])), ["[0]"]);
        assert_eq!(paths(&json!({ "a": 1 }), &json!({ "a": 1, "b": 2 })), ["b"]);
    }
}
