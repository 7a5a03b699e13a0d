use serde_json::json;

use super::super::operation::read_all;
use super::*;

fn applied(document: &Json, operations: Json) -> Result<Json> {
    let mut document = document.clone();
    apply(&mut document, &read_all(operations)?)?;
    Ok(document)
}

/// The examples of RFC 6902, appendix A, but for the one that a JSON parser cannot tell (A.13).
#[test]
fn every_example_of_the_rfc_applies_as_it_says() {
    for (document, operations, expected) in [
        (
            json!({"foo": "bar"}),
            json!([{"op": "add", "path": "/baz", "value": "qux"}]),
            json!({"baz": "qux", "foo": "bar"}),
        ),
        (
            json!({"foo": ["bar", "baz"]}),
            json!([{"op": "add", "path": "/foo/1", "value": "qux"}]),
            json!({"foo": ["bar", "qux", "baz"]}),
        ),
        (
            json!({"baz": "qux", "foo": "bar"}),
            json!([{"op": "remove", "path": "/baz"}]),
            json!({"foo": "bar"}),
        ),
        (
            json!({"foo": ["bar", "qux", "baz"]}),
            json!([{"op": "remove", "path": "/foo/1"}]),
            json!({"foo": ["bar", "baz"]}),
        ),
        (
            json!({"baz": "qux", "foo": "bar"}),
            json!([{"op": "replace", "path": "/baz", "value": "boo"}]),
            json!({"baz": "boo", "foo": "bar"}),
        ),
        (
            json!({"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}),
            json!([{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}]),
            json!({"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}}),
        ),
        (
            json!({"foo": ["all", "grass", "cows", "eat"]}),
            json!([{"op": "move", "from": "/foo/1", "path": "/foo/3"}]),
            json!({"foo": ["all", "cows", "eat", "grass"]}),
        ),
        (
            json!({"foo": "bar"}),
            json!([{"op": "add", "path": "/child", "value": {"grandchild": {}}}]),
            json!({"foo": "bar", "child": {"grandchild": {}}}),
        ),
        (
            json!({"foo": "bar"}),
            json!([{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}]),
            json!({"foo": "bar", "baz": "qux"}),
        ),
        (
            json!({"foo": ["bar"]}),
            json!([{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}]),
            json!({"foo": ["bar", ["abc", "def"]]}),
        ),
    ] {
        assert_eq!(applied(&document, operations.clone()).unwrap(), expected, "{operations}");
    }
}

/// Those of its examples that test, and those that are errors.
#[test]
fn every_test_and_every_error_of_the_rfc_ends_as_it_says() {
    let document = json!({"baz": "qux", "foo": ["a", 2, "c"], "/": 9, "~1": 10});
    let tests = json!([
        {"op": "test", "path": "/baz", "value": "qux"},
        {"op": "test", "path": "/foo/1", "value": 2},
        {"op": "test", "path": "/~01", "value": 10},
    ]);
    assert_eq!(applied(&document, tests).unwrap(), document);
    for (document, operations) in [
        (json!({"baz": "qux"}), json!([{"op": "test", "path": "/baz", "value": "bar"}])),
        (json!({"foo": "bar"}), json!([{"op": "add", "path": "/baz/bat", "value": "qux"}])),
        (json!({"/": 9, "~1": 10}), json!([{"op": "test", "path": "/~01", "value": "10"}])),
    ] {
        assert!(applied(&document, operations.clone()).is_err(), "{operations}");
    }
}

#[test]
fn numbers_are_tested_by_their_value() {
    for (is, tested, holds) in [
        (json!(1), json!(1.0), true),
        (json!(1.0), json!(1), true),
        (json!(0.1), json!(0.1), true),
        (json!(-0.0), json!(0), true),
        (json!(u64::MAX), json!(-1), false),
        (json!(9_007_199_254_740_993_i64), json!(9_007_199_254_740_992.0), false),
        (json!(u64::MAX), json!(18_446_744_073_709_551_616.0), false),
        (json!({"a": [1.0]}), json!({"a": [1]}), true),
        (json!(1), json!("1"), false),
        (json!(0), json!(false), false),
        (json!(null), json!({}), false),
    ] {
        let test = json!([{"op": "test", "path": "/a", "value": tested}]);
        assert_eq!(applied(&json!({"a": is}), test).is_ok(), holds, "{is} and {tested}");
    }
}

#[test]
fn a_thing_is_not_moved_into_itself_and_moving_it_to_its_place_does_nothing() {
    let document = json!({"a": {"b": {}}, "ab": 1});
    let moved =
        |from: &str, path: &str| applied(&document, json!([{"op": "move", "from": from, "path": path}]));
    assert!(moved("/a", "/a/b").is_err() && moved("", "/a").is_err());
    assert_eq!(moved("/a", "/a").unwrap(), document);
    assert_eq!(moved("/a/b", "/ab").unwrap(), json!({"a": {}, "ab": {}}));
}

#[test]
fn copies_of_copies_end_at_a_bound() {
    let mut operations = vec![json!({"op": "add", "path": "/a", "value": ["x"]})];
    operations.resize(100, json!({"op": "copy", "from": "/a", "path": "/a/-"}));
    let refused = applied(&json!({}), Json::Array(operations)).unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Invalid(_)), "{refused:?}");
}

#[test]
fn a_document_never_nests_deeper_than_it_can_be_read() {
    let mut operations = vec![json!({"op": "add", "path": "/a", "value": {}})];
    for times in 0..7 {
        let path = "/a".repeat((1 << times) + 1);
        operations.push(json!({"op": "copy", "from": "/a", "path": path}));
    }
    let mut six = operations.clone();
    six.truncate(7);
    let deepest = applied(&json!({}), Json::Array(six)).unwrap();
    assert!(serde_json::from_str::<Json>(&deepest.to_string()).is_ok());
    let refused = applied(&json!({}), Json::Array(operations)).unwrap_err();
    let ErrorKind::Invalid(faults) = refused.kind() else { panic!("{refused:?}") };
    assert_eq!(faults[0].code, "too_deep");
}

#[test]
fn shifting_a_long_list_again_and_again_ends_at_a_bound() {
    let list = json!({"a": vec![0; 100_000]});
    let shift = json!({"op": "add", "path": "/a/0", "value": 0});
    assert!(applied(&list, json!(vec![shift.clone(); 100])).is_ok());
    assert!(applied(&list, json!(vec![shift; 1000])).is_err());
}
