//! What is other in a JSON object.

use serde::Serialize;
use serde_json::{Map, Value};

/// One operation of a JSON Patch ([RFC 6902](https://www.rfc-editor.org/rfc/rfc6902)).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(crate) enum Edit {
    /// There is a member that was not.
    Add {
        /// Where, as a JSON Pointer.
        path: String,
        /// What.
        value: Value,
    },
    /// A member is another.
    Replace {
        /// Where, as a JSON Pointer.
        path: String,
        /// What it is now.
        value: Value,
    },
    /// A member is gone.
    Remove {
        /// Where it was, as a JSON Pointer.
        path: String,
    },
}

/// What makes `to` of `from`. Objects are told by their members, whatever they hold; lists as a whole.
pub(crate) fn edits(from: &Value, to: &Value) -> Vec<Edit> {
    let mut edits = Vec::new();
    compare(String::new(), from, to, &mut edits);
    edits
}

fn compare(path: String, from: &Value, to: &Value, edits: &mut Vec<Edit>) {
    match (from, to) {
        (Value::Object(from), Value::Object(to)) => compare_members(&path, from, to, edits),
        (from, to) if from == to => {}
        (_, to) => edits.push(Edit::Replace { path, value: to.clone() }),
    }
}

fn compare_members(path: &str, from: &Map<String, Value>, to: &Map<String, Value>, edits: &mut Vec<Edit>) {
    let below = |name: &str| format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
    let gone = from.keys().filter(|name| !to.contains_key(*name));
    edits.extend(gone.map(|name| Edit::Remove { path: below(name) }));
    for (name, value) in to {
        match from.get(name) {
            Some(old) => compare(below(name), old, value, edits),
            None => edits.push(Edit::Add { path: below(name), value: value.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{json, to_value};

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            (0..3).prop_map(Value::from),
            Just(json!([1, 2])),
            Just(json!("x"))
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            let names = prop_oneof![
                Just("a".to_owned()),
                Just("b/c".to_owned()),
                Just("~d".to_owned()),
                Just(String::new())
            ];
            proptest::collection::btree_map(names, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect()))
        })
    }

    proptest! {
        #[test]
        fn whoever_takes_the_edits_has_the_other(from in values(), to in values()) {
            let patch: json_patch::Patch = serde_json::from_value(to_value(edits(&from, &to)).unwrap()).unwrap();
            let mut had = from;
            json_patch::patch(&mut had, &patch).unwrap();
            prop_assert_eq!(had, to);
        }
    }

    #[test]
    fn what_is_the_same_is_not_told() {
        assert_eq!(
            edits(&json!({ "a": 1, "b": { "c": 2, "d": 3 } }), &json!({ "a": 1, "b": { "c": 2, "d": 4 } })),
            [Edit::Replace { path: "/b/d".to_owned(), value: json!(4) }]
        );
        assert_eq!(edits(&json!({ "a": [1] }), &json!({ "a": [1] })), []);
    }
}
