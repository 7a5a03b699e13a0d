//! What holds of all shapes, tried on some thousands.

use serde_json::{Map, Value, json};

use super::tests::{MAY, SAFE, verdicts};

fn any_of<T: Copy>(all: &[T]) -> T {
    all[fastrand::usize(..all.len())]
}

/// A schema of some sort.
fn schema(depth: u32) -> Value {
    match fastrand::u32(..if depth == 0 { 6 } else { 12 }) {
        0 => json!(fastrand::bool()),
        1 => json!({ "type": any_of(&["null", "boolean"]) }),
        2 => {
            json!({ "type": any_of(&["integer", "number"]), "minimum": fastrand::i32(-2..2), "format": any_of(&["int8", "uint64"]) })
        }
        3 => json!({ "type": "string", "maxLength": fastrand::u32(..3) }),
        4 => json!({ "enum": [any_of(&["", "a"]), any_of(&["b", "bb"]), fastrand::u32(..3)] }),
        5 => json!({ "type": ["string", "null"] }),
        6 => {
            json!({ "type": "array", "items": schema(depth - 1), "prefixItems": [schema(depth - 1)], "maxItems": 2 })
        }
        7 => json!({ "anyOf": [schema(depth - 1), schema(depth - 1)] }),
        8 => json!({ "type": ["object", "null"], "additionalProperties": schema(0) }),
        9 => {
            let tag = json!({ "const": any_of(&["a", "b"]) });
            object(json!({ "a": tag, "b": schema(depth - 1) }), &["a"])
        }
        10 => {
            json!({ "oneOf": [object(json!({ "a": schema(0) }), &["a"]), object(json!({ "b": schema(0) }), &["b"])] })
        }
        _ => {
            object(json!({ "a": schema(depth - 1), "b": schema(depth - 1) }), any_of(&[&["a"], &["b"], &[]]))
        }
    }
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": any_of(&[true, false]),
    })
}

/// The schema with something of it changed.
fn changed(schema: &Value) -> Value {
    let mut changed = schema.clone();
    let words: Vec<String> = changed.as_object().into_iter().flat_map(|it| it.keys().cloned()).collect();
    if words.is_empty() || words.iter().any(|it| it == "const") || fastrand::u32(..4) == 0 {
        return self::schema(1);
    }
    let word = &words[fastrand::usize(..words.len())];
    match &mut changed[word.as_str()] {
        Value::Object(fields) if word == "properties" => match fastrand::u32(..3) {
            0 => drop(fields.remove("b")),
            1 => drop(fields.insert("c".to_owned(), self::schema(0))),
            _ => fields.values_mut().for_each(|it| *it = self::changed(it)),
        },
        Value::Array(all) if word == "required" => {
            if all.pop().is_none() {
                all.push(json!("a"));
            }
        }
        Value::Array(all) if word == "enum" => drop(all.remove(0)),
        Value::Array(all) if word != "type" => {
            let at = fastrand::usize(..all.len());
            all[at] = self::changed(&all[at]);
        }
        Value::Number(_) => changed[word.as_str()] = json!(fastrand::u32(..3)),
        it @ Value::Object(_) => *it = self::changed(it),
        it @ Value::Bool(_) => *it = json!(fastrand::bool()),
        Value::Null | Value::String(_) | Value::Array(_) => {}
    }
    changed
}

/// Something that a schema may take.
fn value(depth: u32) -> Value {
    match fastrand::u32(..if depth == 0 { 7 } else { 10 }) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(fastrand::i32(-3..3)),
        3 => json!(0.5),
        4 | 5 => json!(any_of(&["", "a", "b", "bb", "ccc"])),
        6 => json!(300),
        7 => Value::Array((0..fastrand::usize(..4)).map(|_| value(depth - 1)).collect()),
        _ => {
            let names = ["a", "b", "c"].into_iter().filter(|_| fastrand::bool());
            Value::Object(names.map(|it| (it.to_owned(), value(depth - 1))).collect::<Map<_, _>>())
        }
    }
}

/// Who looks at a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Who wrote it: nobody writes a field that nobody knows.
    Writer,
    /// Who reads it.
    Reader,
}

/// Whether the schema takes it, by the letter of JSON Schema.
fn fits(look: Look, schema: &Value, value: &Value) -> bool {
    let fits = |schema: &Value, value: &Value| fits(look, schema, value);
    let Value::Object(of) = schema else { return *schema == json!(true) };
    let all = |word: &str| of.get(word).and_then(Value::as_array).map(Vec::as_slice);
    if let Some(alternatives) = all("anyOf").or_else(|| all("oneOf")) {
        return alternatives.iter().any(|it| fits(it, value));
    }
    if let Some(only) = of.get("const") {
        return only == value;
    }
    if let Some(values) = all("enum") {
        return values.contains(value);
    }
    let is = |name: &str| schema["type"] == name || all("type").is_some_and(|it| it.contains(&json!(name)));
    let size = |word: &str| of.get(word).and_then(Value::as_f64);
    match value {
        Value::Null => is("null"),
        Value::Bool(_) => is("boolean"),
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let least = if schema["format"] == "int8" { -128.0 } else { 0.0 };
            let most = if schema["format"] == "int8" { 127.0 } else { f64::MAX };
            let of_type = is("number") || (is("integer") && value.is_i64());
            of_type && number >= size("minimum").unwrap_or(least) && number <= size("maximum").unwrap_or(most)
        }
        Value::String(text) => is("string") && size("maxLength").is_none_or(|it| text.len() as f64 <= it),
        Value::Array(items) => {
            let first = all("prefixItems").unwrap_or_default();
            let of_place =
                |at: usize| first.get(at).or_else(|| of.get("items")).unwrap_or(&Value::Bool(true));
            is("array")
                && size("maxItems").is_none_or(|it| items.len() as f64 <= it)
                && items.iter().enumerate().all(|(at, it)| fits(of_place(at), it))
        }
        Value::Object(fields) => {
            let known = |name: &str| of.get("properties").and_then(|it| it.get(name));
            let others = of.get("additionalProperties").unwrap_or(&Value::Bool(true));
            let is_open = look == Look::Writer && *others == json!(true) && of.contains_key("properties");
            let others = if is_open { &Value::Bool(false) } else { others };
            let is_there = |name: &Value| name.as_str().is_some_and(|it| fields.contains_key(it));
            is("object")
                && all("required").unwrap_or_default().iter().all(is_there)
                && fields.iter().all(|(name, it)| fits(known(name).unwrap_or(others), it))
        }
    }
}

#[test]
fn a_shape_does_not_differ_from_itself_and_what_is_wider_one_way_is_narrower_the_other() {
    fastrand::seed(7);
    for _ in 0..200 {
        let one = schema(3);
        let other = changed(&one);
        assert_eq!(verdicts(&one, &one), [None; 3], "{one}");
        let (there, back) = (verdicts(&one, &other), verdicts(&other, &one));
        assert_eq!(there == [None; 3], back == [None; 3], "{one} {other}");
        if there[0] == SAFE && back[0] == SAFE {
            assert!(there[1] != MAY && back[1] != MAY, "each takes what the other does: {one} {other}");
        }
    }
}

#[test]
fn what_is_safe_for_an_input_refuses_nothing_that_fitted() {
    fastrand::seed(7);
    let (mut safe, mut fitted) = (0, 0);
    for _ in 0..2000 {
        let one = schema(2);
        let other = changed(&one);
        let verdict = verdicts(&one, &other)[0];
        if verdict.is_some() && verdict != SAFE {
            continue;
        }
        safe += 1;
        for _ in 0..50 {
            let value = value(2);
            if fits(Look::Writer, &one, &value) {
                fitted += 1;
                assert!(fits(Look::Reader, &other, &value), "{value}\n{one:#}\n{other:#}");
            }
        }
    }
    assert!(safe > 300 && fitted > 2000, "{safe} {fitted}");
}
