//! Bodies that are no JSON, or JSON that no row can hold: always a 4xx, never a 5xx.

use http::Method;
use mainstay_test::{Actor, TestApp};
use serde_json::json;

use crate::app;
use crate::models::thing;

async fn raw(actor: &Actor, body: impl Into<Vec<u8>>) -> mainstay_test::Answer {
    actor.send(Method::POST, "/v1/notes", body.into()).await
}

#[mainstay::test(app = app)]
async fn a_body_that_is_no_json_is_400(app: TestApp) {
    let ann = app.user("ann").await;
    let bodies: [&[u8]; 14] = [
        b"",
        b" ",
        b"{",
        b"{\"body\":",
        b"{\"body\":1",
        b"{\"body\":1}}",
        b"{\"body\":1} x",
        b"{'body':1}",
        b"{\"body\":01}",
        b"{\"body\":NaN}",
        b"{\"body\":\"\\ud800\"}",
        b"{\"body\":\"\\udc00\\ud800\"}",
        b"{\"body\":\"\xff\"}",
        b"\xef\xbb\xbf{\"body\":1}",
    ];
    for body in bodies {
        let answer = raw(&ann, body).await.expect_error(400, "bad_request");
        let told = if body.is_empty() { "the body is empty" } else { "not JSON" };
        assert!(answer.description().contains(told), "{}", answer.description());
    }
}

#[mainstay::test(app = app)]
async fn a_body_that_is_no_object_is_400(app: TestApp) {
    let ann = app.user("ann").await;
    for body in ["[]", "[{\"body\":1}]", "\"x\"", "1", "null", "true"] {
        let answer = raw(&ann, body).await.expect_error(400, "bad_request");
        assert!(answer.description().contains("not an object"), "{}", answer.description());
    }
}

#[mainstay::test(app = app)]
async fn a_body_nested_100_000_deep_is_400(app: TestApp) {
    let ann = app.user("ann").await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        let _ = raw(&ann, format!("{{\"body\":{nested}}}")).await.expect_error(400, "bad_request");
        let _ = raw(&ann, open.repeat(100_000)).await.expect_error(400, "bad_request");
    }
}

#[mainstay::test(app = app)]
async fn json_as_deep_as_it_may_be_comes_back_as_it_went(app: TestApp) {
    let ann = app.user("ann").await;
    let nested = format!("{}1{}", "[".repeat(120), "]".repeat(120));
    let made = raw(&ann, format!("{{\"body\":{nested}}}")).await.expect_status(201);
    let read = ann.get(&format!("/v1/notes/{}", made.id())).await.expect_status(200);
    assert_eq!(read.body, made.body);
    assert!(String::from_utf8_lossy(&read.bytes).contains(&nested));
}

#[mainstay::test(app = app)]
async fn nul_is_refused_wherever_it_stands(app: TestApp) {
    let ann = app.user("ann").await;
    let refused = ann.post("/v1/things", thing(json!({ "text": "a\0b" }))).await;
    assert_eq!(refused.expect_error(422, "validation_failed").faults(), ["text: nul"]);
    for doc in [json!("\0"), json!(["a\0"]), json!({ "a": { "b": "\0" } }), json!({ "\0": 1 })] {
        let refused = ann.post("/v1/notes", json!({ "body": doc })).await;
        assert_eq!(refused.expect_error(422, "validation_failed").faults(), ["body: nul"]);
    }
    let _ = raw(&ann, "{\"bo\0dy\":1}").await.expect_error(400, "bad_request");
    let _ = raw(&ann, "{\"body\\u0000\":1}").await.expect_error(422, "validation_failed");
}

/// RFC 8259 leaves it open; every JavaScript client expects the last one.
#[mainstay::test(app = app)]
async fn the_last_of_two_equal_keys_counts(app: TestApp) {
    let ann = app.user("ann").await;
    let made = raw(&ann, r#"{"body":1,"body":{"a":1,"a":2}}"#).await.expect_status(201);
    assert_eq!(made.result()["body"], json!({ "a": 2 }));
    assert_eq!(ann.get(&format!("/v1/notes/{}", made.id())).await.body, made.body);
}

#[mainstay::test(app = app)]
async fn numbers_beyond_their_column_are_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let send = async |field: &str, number: &str| {
        let body = thing(json!({ field: "#" })).to_string().replace("\"#\"", number);
        ann.send(Method::POST, "/v1/things", body).await
    };
    for (field, number) in [
        ("big", "9223372036854775808"),
        ("big", "-9223372036854775809"),
        ("big", "1e30"),
        ("big", "1.5"),
        ("small", "2147483648"),
        ("small", "-2147483649"),
        ("maybeBig", "123456789012345678901234567890"),
    ] {
        let refused = send(field, number).await.expect_error(422, "validation_failed");
        assert_eq!(refused.faults(), [format!("{field}: wrong_type")], "{number}");
    }
    let _ = send("ratio", "1e400").await.expect_error(400, "bad_request");
    let _ = send("doc", "-1e400").await.expect_error(400, "bad_request");
    for (field, number) in [
        ("big", "9223372036854775807"),
        ("big", "-9223372036854775808"),
        ("small", "-2147483648"),
        ("ratio", "1.7976931348623157e308"),
        ("ratio", "5e-324"),
        ("ratio", "-0.0"),
    ] {
        let made = send(field, number).await.expect_status(201);
        let read = ann.get(&format!("/v1/things/{}", made.id())).await;
        assert_eq!(read.body, made.body, "{number}");
        assert_eq!(read.result()[field].as_f64(), number.parse().ok(), "{number}");
    }
}

/// PostgreSQL's jsonb keeps numbers as decimals and SQLite as text: clients must not see which.
#[mainstay::test(app = app)]
async fn numbers_within_json_come_back_as_the_create_answered_them(app: TestApp) {
    let ann = app.user("ann").await;
    let numbers = [
        "0",
        "-0",
        "0.0",
        "-0.0",
        "1",
        "1.0",
        "1.10",
        "1e2",
        "1E+2",
        "1e15",
        "1e16",
        "1e17",
        "1e20",
        "1e21",
        "1e22",
        "1e300",
        "-1e300",
        "1e-7",
        "1e-300",
        "5e-324",
        "2.2250738585072014e-308",
        "0.1",
        "123456789.123456789",
        "9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "1.7976931348623157e308",
        "3.141592653589793",
        "2.718281828459045e-10",
        "179769313486231570000000000000000000000.5",
    ];
    let made = raw(&ann, format!("{{\"body\":[{}]}}", numbers.join(","))).await.expect_status(201);
    let read = ann.get(&format!("/v1/notes/{}", made.id())).await.expect_status(200);
    assert_eq!(String::from_utf8_lossy(&read.bytes), String::from_utf8_lossy(&made.bytes));
    let kept = read.result()["body"].as_array().expect("a list");
    for (number, kept) in numbers.iter().zip(kept) {
        assert_eq!(kept.as_f64(), number.parse().ok(), "{number}");
    }
}

#[mainstay::test(app = app)]
async fn any_json_comes_back_with_sorted_keys_and_nothing_lost(app: TestApp) {
    let ann = app.user("ann").await;
    for text in [
        r#"null"#,
        r#"false"#,
        r#""""#,
        r#"[]"#,
        r#"{}"#,
        r#"{"":{"":[]}}"#,
        r#"[null,{"b":1,"a":[{"d":"x","c":null}]}]"#,
        r#""é \"\\\/\b\f\n\r\t \u001f \ud83d\ude00 \u2028 \uffff""#,
        r#"{"é":1,"e":2,"z":3,"Z":4,"_":5,"a b":6,"a\"b":7}"#,
        r#""{\"not\":\"parsed\"}""#,
    ] {
        let made = raw(&ann, format!("{{\"body\":{text}}}")).await.expect_status(201);
        let read = ann.get(&format!("/v1/notes/{}", made.id())).await.expect_status(200);
        assert_eq!(read.bytes, made.bytes, "{text}");
        assert_eq!(Some(&read.result()["body"]), serde_json::from_str(text).ok().as_ref(), "{text}");
    }
    let made = ann.post("/v1/notes", json!({ "body": { "b": 1, "a": { "z": 1, "y": 2 } } })).await;
    let text = String::from_utf8_lossy(&made.bytes).into_owned();
    assert!(text.contains(r#"{"a":{"y":2,"z":1},"b":1}"#), "{text}");
}

#[mainstay::test(app = app)]
async fn a_path_or_query_that_is_no_text_is_400(app: TestApp) {
    let ann = app.user("ann").await;
    for path in
        ["/v1/posts/%00", "/v1/posts/%FF", "/v1/posts/%zz", "/v1/posts?limit=%00", "/v1/posts?sort=%C0%80"]
    {
        let _ = ann.get(path).await.expect_error(400, "bad_request");
    }
}
