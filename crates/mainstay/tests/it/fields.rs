//! Fields on their way in: their types, their rules, and who may set them.

use mainstay_test::{Actor, TestApp};
use serde_json::{Value, json};

use crate::app;
use crate::models::thing;

const KINDS: [&str; 14] = [
    "text",
    "big",
    "small",
    "ratio",
    "flag",
    "at",
    "key",
    "blob",
    "maybeText",
    "maybeBig",
    "maybeRatio",
    "maybeFlag",
    "code",
    "number",
];

/// A value of the field's own type, and what of these is of another one.
fn fits(field: &str, value: &Value) -> bool {
    match field {
        "text" => value.is_string(),
        "maybeText" | "code" => value.is_string() || value.is_null(),
        "big" | "small" => value.is_i64(),
        "maybeBig" | "number" => value.is_i64() || value.is_null(),
        "ratio" => value.is_number(),
        "maybeRatio" => value.is_number() || value.is_null(),
        "flag" => value.is_boolean(),
        "maybeFlag" => value.is_boolean() || value.is_null(),
        "at" => value == "2026-01-31T12:00:00+01:00" || value.is_null(),
        "key" => value == "0190b6a0-0000-7000-8000-000000000000" || value.is_null(),
        "blob" => ["", "AP+A", "true"].iter().any(|it| value == it) || value.is_null(),
        other => panic!("no such field: {other}"),
    }
}

#[mainstay::test(app = app)]
async fn a_value_of_the_wrong_type_is_422_for_every_kind(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/things", thing(json!({}))).await.expect_status(201);
    let path = format!("/v1/things/{}", made.id());
    let values = [
        json!(null),
        json!(true),
        json!(1),
        json!(-1.5),
        json!(""),
        json!("true"),
        json!("1"),
        json!("x y"),
        json!("AP+A"),
        json!("2026-01-31T12:00:00+01:00"),
        json!("2026-01-31"),
        json!("0190b6a0-0000-7000-8000-000000000000"),
        json!([]),
        json!([1]),
        json!({}),
        json!({ "a": 1 }),
    ];
    for field in KINDS {
        for value in &values {
            let answer = ann.put(&path, json!({ field: value })).await;
            if fits(field, value) {
                let _ = answer.expect_status(200);
            } else {
                let faults = answer.expect_error(422, "validation_failed").faults();
                let code = if value.is_null() { "required" } else { "wrong_type" };
                assert_eq!(faults, [format!("{field}: {code}")], "{value}");
            }
        }
    }
}

#[mainstay::test(app = app)]
async fn every_kind_comes_back_as_it_was_given(app: TestApp) {
    let ann = app.user("ann").await;
    let given = json!({
        "text": "é😀\u{7f}\u{feff}", "big": i64::MIN, "small": -7, "ratio": 0.1, "flag": true, "doc": { "a": [1, null] },
        "at": "2026-01-31T12:00:00.123Z", "key": "0190b6a0-0000-7000-8000-000000000000", "blob": "AP+A",
        "maybeText": "", "maybeBig": 0, "maybeRatio": -2.5, "maybeFlag": false, "maybeDoc": [], "code": "c",
        "area": "a", "number": 3, "born": "here",
    });
    let made = ann.post("/v1/things", given.clone()).await.expect_status(201);
    let read = ann.get(&format!("/v1/things/{}", made.id())).await.expect_status(200);
    assert_eq!(read.body, made.body);
    for (field, value) in given.as_object().expect("an object") {
        assert_eq!(&read.result()[field], value, "{field}");
    }
}

#[mainstay::test(app = app)]
async fn what_a_create_leaves_out_is_missing_or_the_smallest_of_its_kind(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/things", json!({ "text": "t" })).await.expect_status(201);
    for (field, value) in [
        ("big", json!(0)),
        ("small", json!(0)),
        ("ratio", json!(0.0)),
        ("flag", json!(false)),
        ("doc", json!(null)),
        ("maybeText", json!(null)),
        ("maybeDoc", json!(null)),
        ("at", json!(null)),
        ("views", json!(0)),
    ] {
        assert_eq!(made.result()[field], value, "{field}");
    }
    let refused = ann.post("/v1/things", json!({})).await.expect_error(422, "validation_failed");
    assert_eq!(refused.faults(), ["text: required"]);
}

#[mainstay::test(app = app)]
async fn a_time_is_kept_to_the_microsecond_and_shown_to_the_millisecond_in_utc(app: TestApp) {
    let ann = app.user("ann").await;
    for (given, shown) in [
        ("2026-01-31T12:00:00.1239999Z", "2026-01-31T12:00:00.123Z"),
        ("2026-01-31T12:00:00+01:30", "2026-01-31T10:30:00.000Z"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-30T00:00:00Z", "9999-12-30T00:00:00.000Z"),
    ] {
        let made = ann.post("/v1/things", thing(json!({ "at": given }))).await.expect_status(201);
        assert_eq!(made.result()["at"], shown);
        assert_eq!(ann.get(&format!("/v1/things/{}", made.id())).await.result()["at"], shown);
    }
    for bad in [
        "0000-12-31T23:59:59Z",
        "-000044-03-15T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-31T25:00:00Z",
        "now",
    ] {
        let refused = ann.post("/v1/things", thing(json!({ "at": bad }))).await;
        assert_eq!(refused.expect_error(422, "validation_failed").faults(), ["at: wrong_type"], "{bad}");
    }
}

#[mainstay::test(app = app)]
async fn an_unknown_field_is_422_and_the_nearest_is_named(app: TestApp) {
    let ann = app.user("ann").await;
    let refused = ann.post("/v1/posts", json!({ "titel": "x", "title": "x" })).await;
    let refused = refused.expect_error(422, "validation_failed");
    let message = &refused.fault("titel").expect("a fault of that field")["message"];
    assert_eq!(message, "unknown field `titel`, did you mean `title`?");
    for name in ["", "Title", "__proto__", "title ", "posts.title", "user_id", "created_at"] {
        let answer = ann.post("/v1/posts", json!({ name: 1, "title": "x" })).await;
        assert_eq!(
            answer.expect_error(422, "validation_failed").faults(),
            [format!("{name}: unknown_field")]
        );
    }
}

#[mainstay::test(app = app)]
async fn a_field_that_is_not_the_clients_to_set_is_refused_not_ignored(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    let path = format!("/v1/posts/{}", made.id());
    for field in ["id", "type", "createdAt", "updatedAt", "version", "user", "views"] {
        let value = made.result()[field].clone();
        let created = ann.post("/v1/posts", json!({ "title": "t", field: value })).await;
        assert_eq!(
            created.expect_error(422, "read_only_field").faults(),
            [format!("{field}: read_only_field")]
        );
        let updated = ann.put(&path, json!({ field: value })).await;
        assert_eq!(
            updated.expect_error(422, "read_only_field").faults(),
            [format!("{field}: read_only_field")]
        );
    }
    assert_eq!(ann.get(&path).await.body, made.body);
}

#[mainstay::test(app = app)]
async fn a_field_may_be_writable_once_or_only_later(app: TestApp) {
    let ann = app.user("ann").await;
    let refused = ann.post("/v1/things", thing(json!({ "remark": "r" }))).await;
    assert_eq!(refused.expect_error(422, "read_only_field").faults(), ["remark: read_only_field"]);
    let made = ann.post("/v1/things", thing(json!({ "born": "here" }))).await.expect_status(201);
    let path = format!("/v1/things/{}", made.id());
    let refused = ann.put(&path, json!({ "born": "there" })).await;
    assert_eq!(refused.expect_error(422, "read_only_field").faults(), ["born: read_only_field"]);
    assert_eq!(ann.put(&path, json!({ "remark": "r" })).await.result()["remark"], "r");
}

#[mainstay::test(app = app)]
async fn everything_wrong_is_told_at_once(app: TestApp) {
    let ann = app.user("ann").await;
    let faults = |answer: mainstay_test::Answer| {
        let mut faults = answer.faults();
        faults.sort_unstable();
        faults
    };
    let answer = ann.post("/v1/things", json!({ "big": "x", "flag": 1, "nonsense": 1, "at": "x" })).await;
    assert_eq!(
        faults(answer.expect_error(422, "validation_failed")),
        [
            "at: wrong_type",
            "big: wrong_type",
            "flag: wrong_type",
            "nonsense: unknown_field",
            "text: required"
        ]
    );
    let answer = ann.post("/v1/posts", json!({ "title": "", "tags": ["", "b", "c", "d"], "views": 1 })).await;
    let found = faults(answer.expect_error(422, "read_only_field"));
    assert!(
        found.contains(&"title: length".to_owned()) && found.contains(&"views: read_only_field".to_owned())
    );
    assert!(found.iter().filter(|it| it.starts_with("tags")).count() >= 1, "{found:?}");
}

#[mainstay::test(app = app)]
async fn a_rule_of_a_field_holds_for_create_and_update(app: TestApp) {
    let ann = app.user("ann").await;
    let refused = ann.post("/v1/posts", json!({ "title": "x".repeat(201) })).await;
    let refused = refused.expect_error(422, "validation_failed");
    assert_eq!(refused.faults(), ["title: length"]);
    assert!(
        refused.fault("title").and_then(|it| it["message"].as_str()).is_some_and(|it| it.contains("200"))
    );
    let made = ann.post("/v1/posts", json!({ "title": "é".repeat(200) })).await.expect_status(201);
    let refused = ann.put(&format!("/v1/posts/{}", made.id()), json!({ "title": "" })).await;
    assert_eq!(refused.expect_error(422, "validation_failed").faults(), ["title: length"]);
    let refused = ann.post("/v1/posts", json!({ "title": "t", "tags": [1] })).await;
    assert_eq!(refused.expect_error(422, "validation_failed").faults(), ["tags: wrong_type"]);
}

/// A PostgreSQL index holds no entry beyond 2704 bytes, and SQLite any: the model says no for both.
#[mainstay::test(app = app)]
async fn a_text_too_long_for_its_index_is_422(app: TestApp) {
    let ann = app.user("ann").await;
    let noise = noise(4000);
    for field in ["code", "area"] {
        let refused = ann.post("/v1/things", thing(json!({ field: noise, "number": 1 }))).await;
        assert_eq!(refused.expect_error(422, "validation_failed").faults(), [format!("{field}: too_long")]);
    }
    let made = ann.post("/v1/things", thing(json!({ "maybeText": noise, "code": noise[..2000] }))).await;
    let made = made.expect_status(201);
    let refused = ann.put(&format!("/v1/things/{}", made.id()), json!({ "code": noise })).await;
    assert_eq!(refused.expect_error(422, "validation_failed").faults(), ["code: too_long"]);
}

/// Text that does not compress.
fn noise(length: usize) -> String {
    let mut state = 88_172_645_463_325_252_u64;
    let letter = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        char::from(b'!' + u8::try_from(state % 90).unwrap_or(0))
    };
    (0..length).map(letter).collect()
}

async fn labels(actor: &Actor) -> Vec<Value> {
    actor.get("/v1/tags?sort=label").await.column("label")
}

#[mainstay::test(app = app)]
async fn posting_anothers_id_overwrites_nothing(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let made = ann.post("/v1/posts", json!({ "title": "ann's" })).await.expect_status(201);
    let theft = bob.post("/v1/posts", json!({ "id": made.id(), "title": "bob's" })).await;
    assert_eq!(theft.expect_error(422, "read_only_field").faults(), ["id: read_only_field"]);
    assert_eq!(ann.get(&format!("/v1/posts/{}", made.id())).await.body, made.body);

    let id = "0190b6a0-0000-7000-8000-000000000001";
    let named = ann.post("/v1/tags", json!({ "id": id, "label": "ann's" })).await.expect_status(201);
    assert_eq!(named.id(), id, "a model may let clients name its rows");
    let theft = bob.post("/v1/tags", json!({ "id": id, "label": "bob's" })).await;
    assert_eq!(theft.expect_error(409, "unique_violation").faults(), ["id: unique_violation"]);
    assert_eq!(labels(&ann).await, ["ann's"]);
}
