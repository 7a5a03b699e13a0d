use serde_json::{Value, json};

use super::*;

fn document(kind: &str, entry: &Value) -> Value {
    let mut all = json!({ "operations": {}, "workers": {}, "queues": ["default"] });
    all[kind]["it"] = entry.clone();
    all
}

fn entry(version: u32, upgrade: bool, input: &Value, output: &Value) -> Value {
    json!({
        "kind": "mutation", "queue": "default", "version": version, "upgrade": upgrade, "input": input,
        "output": output, "errors": {},
    })
}

fn told(before: &Value, after: &Value) -> Vec<String> {
    let all = compare(before, after).unwrap();
    all.iter().map(|it| it.to_string().split_once(':').unwrap().0.to_owned()).collect()
}

/// The verdicts on a shape that is an operation's input, a worker's and an operation's output.
pub(super) fn verdicts(before: &Value, after: &Value) -> [Option<Verdict>; 3] {
    let worst = |kind: &str, old: Value, new: Value| {
        let all = compare(&document(kind, &old), &document(kind, &new)).unwrap();
        all.first().map(|it| it.verdict)
    };
    let nothing = json!({ "type": "null" });
    [
        worst("operations", entry(1, false, before, &nothing), entry(1, false, after, &nothing)),
        worst("workers", entry(1, false, before, &nothing), entry(1, false, after, &nothing)),
        worst("operations", entry(1, false, &nothing, before), entry(1, false, &nothing, after)),
    ]
}

fn closed(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

fn open(properties: Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

pub(super) const SAFE: Option<Verdict> = Some(Verdict::Safe);
pub(super) const MAY: Option<Verdict> = Some(Verdict::MayBreak);
const BREAKS: Option<Verdict> = Some(Verdict::Breaking);

/// What is changed, the shape before and after, and the verdicts on an operation's input, a worker's and an output.
type Case = (&'static str, Value, Value, [Option<Verdict>; 3]);

fn of_fields() -> Vec<Case> {
    let text = || json!({ "type": "string" });
    let one = |required: &[&str]| closed(json!({ "a": text() }), required);
    let two = |required: &[&str]| closed(json!({ "a": text(), "b": text() }), required);
    let open_one = |required: &[&str]| open(json!({ "a": text() }), required);
    let open_two = |required: &[&str]| open(json!({ "a": text(), "b": text() }), required);
    vec![
        ("an optional field more", one(&["a"]), two(&["a"]), [SAFE, BREAKS, SAFE]),
        ("one where others are let pass", open_one(&["a"]), open_two(&["a"]), [SAFE, SAFE, SAFE]),
        ("a required field more", one(&["a"]), two(&["a", "b"]), [BREAKS, BREAKS, SAFE]),
        ("a required field less", two(&["a", "b"]), one(&["a"]), [BREAKS, BREAKS, BREAKS]),
        ("one less, let pass", open_two(&["a", "b"]), open_one(&["a"]), [SAFE, BREAKS, BREAKS]),
        ("an optional field less, let pass", open_two(&["a"]), open_one(&["a"]), [SAFE, SAFE, MAY]),
        ("a field that may be missing", two(&["a", "b"]), two(&["a"]), [SAFE, MAY, BREAKS]),
        ("a field that may not be missing", two(&["a"]), two(&["a", "b"]), [BREAKS, BREAKS, SAFE]),
        ("unknown fields refused", open_one(&["a"]), one(&["a"]), [BREAKS, BREAKS, SAFE]),
        ("unknown fields let pass", one(&["a"]), open_one(&["a"]), [SAFE, SAFE, SAFE]),
        (
            "the only field renamed",
            closed(json!({ "a": text() }), &["a"]),
            closed(json!({ "b": text() }), &["b"]),
            [BREAKS, BREAKS, BREAKS],
        ),
        (
            "values of a map",
            json!({ "type": "object", "additionalProperties": { "type": "integer" } }),
            json!({ "type": "object", "additionalProperties": { "type": "number" } }),
            [SAFE, MAY, BREAKS],
        ),
    ]
}

fn of_types() -> Vec<Case> {
    let of = |ty: &str| json!({ "type": ty });
    let number = |format: &str| json!({ "type": "integer", "format": format });
    vec![
        ("another type", of("string"), of("integer"), [BREAKS, BREAKS, BREAKS]),
        ("a wider number", of("integer"), of("number"), [SAFE, MAY, BREAKS]),
        ("a narrower number", of("number"), of("integer"), [BREAKS, BREAKS, SAFE]),
        ("a longer number", number("int32"), number("int64"), [SAFE, MAY, MAY]),
        ("a shorter number", number("int64"), number("int32"), [BREAKS, BREAKS, SAFE]),
        ("null, too", of("string"), json!({ "type": ["string", "null"] }), [SAFE, MAY, BREAKS]),
        (
            "null no more",
            json!({ "anyOf": [of("string"), of("null")] }),
            of("string"),
            [BREAKS, BREAKS, SAFE],
        ),
        ("anything", of("string"), json!({}), [SAFE, MAY, BREAKS]),
        ("not anything", json!(true), of("string"), [BREAKS, BREAKS, SAFE]),
        (
            "elements of a list",
            json!({ "type": "array", "items": of("string") }),
            json!({ "type": "array", "items": of("boolean") }),
            [BREAKS, BREAKS, BREAKS],
        ),
        (
            "a place of a tuple",
            json!({ "type": "array", "prefixItems": [of("string"), of("integer")] }),
            json!({ "type": "array", "prefixItems": [of("string"), of("number")] }),
            [SAFE, MAY, BREAKS],
        ),
    ]
}

fn of_values() -> Vec<Case> {
    let values = |all: &[&str]| json!({ "type": "string", "enum": all });
    let variant = |tag: &str, field: &str| {
        closed(
            json!({ "kind": { "type": "string", "const": tag }, field: { "type": "integer" } }),
            &["kind", field],
        )
    };
    let outside = |tag: &str| closed(json!({ tag: { "type": "integer" } }), &[tag]);
    let one_of = |all: &[Value]| json!({ "oneOf": all });
    vec![
        ("a value more", values(&["a"]), values(&["a", "b"]), [SAFE, MAY, MAY]),
        ("a value less", values(&["a", "b"]), values(&["a"]), [BREAKS, BREAKS, SAFE]),
        ("all other values", values(&["a"]), values(&["b"]), [BREAKS, BREAKS, MAY]),
        ("any text", values(&["a"]), json!({ "type": "string" }), [SAFE, MAY, MAY]),
        ("few texts", json!({ "type": "string" }), values(&["a"]), [BREAKS, BREAKS, SAFE]),
        (
            "a variant more",
            one_of(&[variant("circle", "radius")]),
            one_of(&[variant("circle", "radius"), variant("square", "side")]),
            [SAFE, MAY, MAY],
        ),
        (
            "a variant less",
            one_of(&[variant("circle", "radius"), variant("square", "side")]),
            one_of(&[variant("square", "side")]),
            [BREAKS, BREAKS, SAFE],
        ),
        (
            "a field of a variant",
            one_of(&[variant("circle", "radius"), variant("square", "side")]),
            one_of(&[variant("square", "side"), variant("circle", "diameter")]),
            [BREAKS, BREAKS, BREAKS],
        ),
        (
            "a variant more, named outside",
            one_of(&[outside("circle")]),
            one_of(&[outside("square"), outside("circle")]),
            [SAFE, MAY, MAY],
        ),
        (
            "a variant with fields beside those without",
            one_of(&[values(&["none"])]),
            one_of(&[values(&["none"]), outside("circle")]),
            [SAFE, MAY, MAY],
        ),
    ]
}

fn of_bounds() -> Vec<Case> {
    let length = |least: u32, most: u32| json!({ "type": "string", "minLength": least, "maxLength": most });
    let text = json!({ "type": "string" });
    vec![
        ("longer texts", length(1, 10), length(1, 20), [SAFE, MAY, MAY]),
        ("shorter texts", length(1, 10), length(1, 5), [BREAKS, BREAKS, SAFE]),
        ("a bound", text.clone(), length(1, 5), [BREAKS, BREAKS, SAFE]),
        ("no bound", length(1, 5), text.clone(), [SAFE, MAY, MAY]),
        (
            "a greater least number",
            json!({ "type": "integer", "minimum": 1 }),
            json!({ "type": "integer", "minimum": 2 }),
            [BREAKS, BREAKS, SAFE],
        ),
        (
            "more elements",
            json!({ "type": "array", "items": {}, "maxItems": 3 }),
            json!({ "type": "array", "items": {}, "maxItems": 4 }),
            [SAFE, MAY, MAY],
        ),
        ("a format", text.clone(), json!({ "type": "string", "format": "uuid" }), [BREAKS, BREAKS, SAFE]),
        (
            "another format",
            json!({ "type": "string", "format": "date" }),
            json!({ "type": "string", "format": "uuid" }),
            [BREAKS, BREAKS, BREAKS],
        ),
        ("a pattern", text, json!({ "type": "string", "pattern": "^a" }), [BREAKS, BREAKS, SAFE]),
    ]
}

#[test]
fn each_change_of_a_shape_is_judged_by_who_reads_it() {
    let mut wrong = Vec::new();
    for (name, before, after, expected) in [of_fields(), of_types(), of_values(), of_bounds()].concat() {
        // Wherever it stands, and by whatever name it is found.
        let deep = |shape: &Value| closed(json!({ "list": { "type": "array", "items": shape } }), &["list"]);
        let named = |shape: &Value| json!({ "anyOf": [{ "$ref": "#/$defs/It" }, { "type": "null" }], "$defs": { "It": shape } });
        for (place, [old, new]) in [
            ("itself", [before.clone(), after.clone()]),
            ("within", [deep(&before), deep(&after)]),
            ("named", [named(&before), named(&after)]),
        ] {
            // `null` stands for one of the alternatives there.
            if place == "named" && (name.contains("null") || name == "another type") {
                continue;
            }
            let found = verdicts(&old, &new);
            if found != expected {
                wrong.push(format!("{name}, {place}: expected {expected:?}, found {found:?}"));
            }
            assert_eq!(verdicts(&old, &old), [None; 3], "{name}, {place}");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_version_with_an_upgrade_makes_a_change_of_an_input_bearable() {
    let (before, after) = (json!({ "type": "string" }), json!({ "type": "integer" }));
    let nothing = json!({ "type": "null" });
    let old = entry(1, false, &before, &nothing);
    for (kind, version, upgrade, verdict) in [
        ("workers", 2, true, Verdict::Safe),
        ("workers", 2, false, Verdict::Breaking),
        ("operations", 2, true, Verdict::MayBreak),
        ("operations", 2, false, Verdict::Breaking),
    ] {
        let new = entry(version, upgrade, &after, &nothing);
        let all = compare(&document(kind, &old), &document(kind, &new)).unwrap();
        assert_eq!(all[0].verdict, verdict, "{kind} {version} {upgrade}: {}", all[0]);
        let back = compare(&document(kind, &new), &document(kind, &old)).unwrap();
        assert_eq!(back[0].verdict, Verdict::Breaking, "a version is not lowered");
    }
}

#[test]
fn a_later_version_keeps_earlier_processes_from_what_they_would_refuse() {
    let one = closed(json!({ "a": { "type": "string" } }), &["a"]);
    let two = closed(json!({ "a": { "type": "string" }, "b": { "type": "string" } }), &["a"]);
    let nothing = json!({ "type": "null" });
    let old = document("workers", &entry(1, false, &one, &nothing));
    let verdict = |version| {
        compare(&old, &document("workers", &entry(version, false, &two, &nothing))).unwrap()[0].verdict
    };
    assert_eq!((verdict(1), verdict(2)), (Verdict::Breaking, Verdict::Safe));
}

#[test]
fn what_is_more_than_a_shape_is_compared_too() {
    let old = json!({
        "operations": {
            "a": { "kind": "query", "queue": "x", "version": 1, "upgrade": false, "input": true, "output": true,
                "errors": { "gone": { "status": 409, "data": {} }, "kept": { "status": 409, "data": {} } } },
            "b": {},
        },
        "workers": { "c": {} },
        "queues": ["x"],
    });
    let mut new = json!({
        "operations": {
            "a": { "kind": "mutation", "queue": "y", "version": 1, "upgrade": false, "input": true, "output": true,
                "errors": { "new": { "status": 409, "data": {} }, "kept": { "status": 423, "data": {} } } },
            "d": {},
        },
        "workers": { "e": {} },
        "queues": ["y"],
    });
    let expected = [
        "breaking   operation `a` `queue` went from \"x\" to \"y\"",
        "breaking   operation `a` was a query, and is a mutation",
        "breaking   operation `a` `errors.kept` went from status 409 to 423",
        "breaking   operation `b` is gone",
        "breaking   worker `c` is gone",
        "may break  operation `a` `errors.new` is new",
        "safe       operation `a` `errors.gone` is gone",
        "safe       operation `d` is new",
        "safe       worker `e` is new",
    ];
    assert_eq!(told(&old, &new), expected);
    new["queues"] = json!(["x", "y"]);
    let served = "safe       operation `a` `queue` went from \"x\" to \"y\"";
    assert!(told(&old, &new).iter().any(|it| it == served), "{:?}", told(&old, &new));
    let wrong = compare(&json!({ "operations": {} }), &new).unwrap_err().to_string();
    assert_eq!(wrong, "there is no `workers` in it: expected what `ops schema` writes");
}

#[test]
fn each_difference_says_where_it_is() {
    let address = |city: Value| {
        json!({
            "$ref": "#/$defs/User",
            "$defs": {
                "User": closed(json!({ "addresses": { "type": "array", "items": { "$ref": "#/$defs/Address" } } }), &[]),
                "Address": closed(json!({ "city": city }), &["city"]),
            },
        })
    };
    let nothing = json!({ "type": "null" });
    let [old, new] = [json!({ "type": "string" }), json!({ "type": "integer" })]
        .map(|city| document("operations", &entry(1, false, &address(city), &nothing)));
    let all = compare(&old, &new).unwrap();
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(
        all[0].to_string(),
        "breaking   operation `it` `input.addresses[].city` was a string, and is an integer: inputs of before are \
         refused, those of waiting tasks too: raise `version`, and say `upgrade`"
    );
}

#[test]
fn a_shape_that_holds_itself_is_compared_to_its_end() {
    let tree = |leaf: &str| {
        json!({
            "$ref": "#/$defs/Tree",
            "$defs": { "Tree": closed(json!({
                "leaf": { "type": leaf },
                "left": { "anyOf": [{ "$ref": "#/$defs/Tree" }, { "type": "null" }] },
                "all": { "type": "array", "items": { "$ref": "#/$defs/Tree" } },
            }), &["leaf"]) },
        })
    };
    assert_eq!(verdicts(&tree("string"), &tree("string")), [None; 3]);
    assert_eq!(verdicts(&tree("integer"), &tree("number")), [SAFE, MAY, BREAKS]);
}
