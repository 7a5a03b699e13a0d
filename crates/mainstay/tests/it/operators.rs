//! The operators of `where[field][op]`, one by one.

use mainstay_test::{Actor, TestApp};
use serde_json::{Value, json};

use crate::app;
use crate::models::thing;

/// Things with these values of one field, in this order.
async fn things(app: &TestApp, field: &str, values: &[Value]) -> Actor {
    let ann = app.user("ann").await;
    for (number, value) in values.iter().enumerate() {
        let fields = thing(json!({ field: value, "small": number }));
        let _ = ann.post("/v1/things", fields).await.expect_status(201);
    }
    ann
}

/// The positions of the things that a condition lets through.
async fn matching(actor: &Actor, condition: &str) -> Vec<i64> {
    let condition = escaped(condition);
    let answer = actor.get(&format!("/v1/things?sort=small&{condition}")).await.expect_status(200);
    let found: Vec<i64> = answer.column("small").iter().filter_map(Value::as_i64).collect();
    assert_eq!(answer.result()["total"], found.len(), "{condition}");
    found
}

/// What may not stand in a target as it is.
fn escaped(query: &str) -> String {
    query.replace('"', "%22").replace('{', "%7B").replace('}', "%7D")
}

#[mainstay::test(app = app)]
async fn a_pattern_folds_case_only_when_asked_and_ascii_alone(app: TestApp) {
    let texts = ["abc", "ABC", "aébc", "aÉbc", "100%", "a_c", "a\\c", ""];
    let mut values: Vec<Value> = texts.iter().map(|it| json!(it)).collect();
    values.push(json!(null));
    let ann = things(&app, "maybeText", &values).await;
    for (condition, found) in [
        ("where[maybeText][like]=a%25", &[0, 2, 3, 5, 6][..]),
        ("where[maybeText][like]=A%25", &[1]),
        ("where[maybeText][ilike]=A%25C", &[0, 1, 2, 3, 5, 6]),
        ("where[maybeText][ilike]=A%C3%89BC", &[3]),
        ("where[maybeText][ilike]=A%C3%A9BC", &[2]),
        ("where[maybeText][like]=a_c", &[0, 5, 6]),
        ("where[maybeText][like]=a__c", &[2, 3]),
        ("where[maybeText][like]=a_bc", &[2, 3]),
        ("where[maybeText][like]=a%5C_c", &[5]),
        ("where[maybeText][like]=100%5C%25", &[4]),
        ("where[maybeText][like]=a%5C%5Cc", &[6]),
        ("where[maybeText][like]=a%5C", &[]),
        ("where[maybeText][like]=%25%5C", &[]),
        ("where[maybeText][like]=%25", &[0, 1, 2, 3, 4, 5, 6, 7]),
        ("where[maybeText][like]=", &[7]),
        ("where[maybeText][contains]=%25", &[4]),
        ("where[maybeText][contains]=_", &[5]),
        ("where[maybeText][contains]=b", &[0, 2, 3]),
        ("where[maybeText][contains]=", &[0, 1, 2, 3, 4, 5, 6, 7]),
        ("where[maybeText][prefix]=a", &[0, 2, 3, 5, 6]),
        ("where[maybeText][prefix]=a_", &[5]),
        ("where[maybeText][prefix]=", &[0, 1, 2, 3, 4, 5, 6, 7]),
        ("where[maybeText][nin]=abc,ABC", &[2, 3, 4, 5, 6, 7]),
    ] {
        assert_eq!(matching(&ann, condition).await, found, "{condition}");
    }
}

#[mainstay::test(app = app)]
async fn a_prefix_ends_where_its_last_character_does(app: TestApp) {
    let texts = ["\u{d7ff}", "\u{d7ff}a", "\u{e000}", "\u{10ffff}", "\u{10ffff}z", "a\u{10ffff}", "a", "b"];
    let ann = things(&app, "maybeText", &texts.map(|it| json!(it))).await;
    for (prefix, found) in [
        ("%ED%9F%BF", &[0, 1][..]),
        ("%EE%80%80", &[2]),
        ("%F4%8F%BF%BF", &[3, 4]),
        ("a", &[5, 6]),
        ("a%F4%8F%BF%BF", &[5]),
    ] {
        assert_eq!(matching(&ann, &format!("where[maybeText][prefix]={prefix}")).await, found, "{prefix}");
    }
}

#[mainstay::test(app = app)]
async fn json_holds_a_part_of_itself(app: TestApp) {
    let documents = [
        json!({"a": 1, "tags": ["x", "y"], "in": {"b": 2.0, "n": null}}),
        json!({"a": 1.0, "tags": ["x"]}),
        json!(["x", "y", [1]]),
        json!("x"),
        json!({}),
        json!(null),
    ];
    let ann = things(&app, "maybeDoc", &documents).await;
    for (condition, found) in [
        ("where[maybeDoc][contains]={\"a\":1}", &[0, 1][..]),
        ("where[maybeDoc][contains]={\"tags\":[\"y\"]}", &[0]),
        ("where[maybeDoc][contains]={\"tags\":\"y\"}", &[]),
        ("where[maybeDoc][contains]={\"in\":{\"b\":2}}", &[0]),
        ("where[maybeDoc][contains]={}", &[0, 1, 4]),
        ("where[maybeDoc][contains]=x", &[2, 3]),
        ("where[maybeDoc][contains]=\"x\"", &[2, 3]),
        ("where[maybeDoc][contains]=[\"x\"]", &[2]),
        ("where[maybeDoc][contains]=[[1]]", &[2]),
        ("where[maybeDoc][contains]=1", &[]),
        ("where[maybeDoc.a]=1", &[0, 1]),
        ("where[maybeDoc.a][ne]=2", &[0, 1]),
        ("where[maybeDoc.in.b]=2.0", &[0]),
        ("where[maybeDoc.in.n][null]=true", &[0, 1, 2, 3, 4, 5]),
        ("where[maybeDoc.in][null]=false", &[0]),
        ("where[maybeDoc.a][in]=7,1", &[0, 1]),
        ("where[maybeDoc.a][nin]=7,8", &[0, 1]),
        ("where[maybeDoc.tags]=[\"x\"]", &[1]),
        ("where[maybeDoc.0]=x", &[]),
    ] {
        assert_eq!(matching(&ann, condition).await, found, "{condition}");
    }
}

#[mainstay::test(app = app)]
async fn an_operator_that_the_kind_does_not_take_is_400(app: TestApp) {
    let ann = app.user("ann").await;
    for (condition, code) in [
        ("where[big][like]=1", "unknown_operator"),
        ("where[at][prefix]=2026", "unknown_operator"),
        ("where[flag][contains]=t", "unknown_operator"),
        ("where[doc][like]=x", "unknown_operator"),
        ("where[doc.a][gt]=1", "unknown_operator"),
        ("where[text.a]=1", "unknown_field"),
        ("where[doc..a]=1", "bad_request"),
        ("where[doc.]=1", "bad_request"),
        ("where[doc.a.b.c.d.e.f.g.h.i]=1", "bad_request"),
        ("where[doc.%00]=1", "bad_request"),
        ("where[doc][contains]=\"%5Cu0000\"", "bad_request"),
        ("where[doc.a]=\"%5Cu0000\"", "bad_request"),
        ("where[text][like]=%00", "bad_request"),
        ("where[text][prefix]=%00", "bad_request"),
        ("where[secret.a]=1", "unknown_field"),
        ("where[secret][contains]=a", "unknown_field"),
    ] {
        let _ = ann.get(&format!("/v1/things?{}", escaped(condition))).await.expect_error(400, code);
    }
    let long = format!("where[text][like]={}", "%25a".repeat(501));
    let _ = ann.get(&format!("/v1/things?{long}")).await.expect_error(400, "bad_request");
    let refused = ann.get("/v1/things?where[doc][eq]=1").await.expect_error(400, "unknown_operator");
    assert_eq!(refused.description(), "`doc` does not take `eq`, expected one of null, contains");
}
