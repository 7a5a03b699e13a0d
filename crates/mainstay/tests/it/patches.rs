//! PATCH: JSON Patch and JSON Merge Patch through the HTTP door.

use futures_util::future::join_all;
use http::Method;
use mainstay_test::{Actor, Answer, TestApp};
use serde_json::{Value, json};

use crate::app;
use crate::models::thing;

/// A note of this body; its path.
async fn note(actor: &Actor, body: Value) -> String {
    let made = actor.post("/v1/notes", json!({ "body": body })).await.expect_status(201);
    format!("/v1/notes/{}", made.id())
}

async fn merge(actor: &Actor, path: &str, patch: Value) -> Answer {
    let actor = actor.clone().header("content-type", "application/merge-patch+json");
    actor.send(Method::PATCH, path, patch.to_string()).await
}

/// What becomes of this document as a note's body.
async fn patched(actor: &Actor, body: Value, operations: Value) -> Answer {
    let path = note(actor, body).await;
    let answer = actor.patch(&path, operations).await;
    let stored = actor.get(&path).await.expect_status(200);
    if answer.status == 200 {
        assert_eq!(answer.result(), stored.result(), "the answer is the row as stored");
        assert_eq!(answer.header("etag"), stored.header("etag"));
    }
    answer
}

#[mainstay::test(app = app)]
async fn a_patch_does_all_six_operations_or_none(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "a": [1, 2], "b": { "c": "d" }, "e": 1.0 });
    let all = json!([
        { "op": "test", "path": "/body/e", "value": 1 },
        { "op": "add", "path": "/body/a/0", "value": 0 },
        { "op": "add", "path": "/body/a/-", "value": 3 },
        { "op": "remove", "path": "/body/a/1" },
        { "op": "replace", "path": "/body/b/c", "value": { "x": null } },
        { "op": "move", "from": "/body/b/c", "path": "/body/f" },
        { "op": "copy", "from": "/body/a", "path": "/body/g" },
    ]);
    let done = patched(&ann, body.clone(), all.clone()).await.expect_status(200);
    let expected = json!({ "a": [0, 2, 3], "b": {}, "e": 1.0, "f": { "x": null }, "g": [0, 2, 3] });
    assert_eq!(done.result()["body"], expected);
    let mut failing = all;
    failing.as_array_mut().expect("a list").push(json!({ "op": "remove", "path": "/body/nowhere" }));
    let path = note(&ann, body).await;
    let before = ann.get(&path).await;
    let refused = ann.patch(&path, failing).await.expect_error(422, "validation_failed");
    assert_eq!(refused.faults(), ["body: no_such_location"]);
    assert!(refused.fault("body").expect("a fault")["message"].to_string().contains("`/body/nowhere`"));
    let after = ann.get(&path).await;
    assert_eq!((after.body, after.headers.get("etag")), (before.body, before.headers.get("etag")));
}

#[mainstay::test(app = app)]
async fn what_one_operation_adds_the_next_one_sees(app: TestApp) {
    let ann = app.user("ann").await;
    for (body, operations, expected) in [
        (
            json!({}),
            json!([{"op": "add", "path": "/body/b", "value": [1, 2, 3]}, {"op": "add", "path": "/body/b/1", "value": 99}]),
            json!({"b": [1, 99, 2, 3]}),
        ),
        (
            json!({"a": {"x": 1, "y": 2}}),
            json!([{"op": "remove", "path": "/body/a"}, {"op": "add", "path": "/body/a", "value": {"x": 3}}]),
            json!({"a": {"x": 3}}),
        ),
        (
            json!({"a": [{"b": {"c": 1}}]}),
            json!([
                {"op": "test", "path": "/body/a/0/b", "value": {"c": 1.0}},
                {"op": "replace", "path": "/body/a/0/b/c", "value": 2},
                {"op": "test", "path": "/body/a/0/b/c", "value": 2},
            ]),
            json!({"a": [{"b": {"c": 2}}]}),
        ),
        (
            json!({"a/b": 1, "m~n": 2, "~1": 3, "x,y": 4, "": 5}),
            json!([
                {"op": "replace", "path": "/body/a~1b", "value": "slash"},
                {"op": "replace", "path": "/body/m~0n", "value": "tilde"},
                {"op": "replace", "path": "/body/~01", "value": "both"},
                {"op": "replace", "path": "/body/x,y", "value": "comma"},
                {"op": "replace", "path": "/body/", "value": "empty"},
            ]),
            json!({"a/b": "slash", "m~n": "tilde", "~1": "both", "x,y": "comma", "": "empty"}),
        ),
        (json!({"a": 1}), json!([{"op": "replace", "path": "/body", "value": [null]}]), json!([null])),
        (json!([1]), json!({"ops": [{"op": "add", "path": "/body/-", "value": 2}]}), json!([1, 2])),
        (json!("x"), json!([]), json!("x")),
    ] {
        let done = patched(&ann, body, operations.clone()).await.expect_status(200);
        assert_eq!(done.result()["body"], expected, "{operations}");
    }
}

#[mainstay::test(app = app)]
async fn a_failed_test_is_409_with_its_pointer_and_changes_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let path = note(&ann, json!({ "a/b": [{ "c": 1 }] })).await;
    let before = ann.get(&path).await;
    for pointer in
        ["/body/a~1b/0/c", "/body/a~1b/0", "/body/a~1b/7", "/body/nowhere/at/all", "/id", "", "/secret"]
    {
        let operations = json!([
            { "op": "replace", "path": "/body", "value": "changed" },
            { "op": "test", "path": pointer, "value": 2 },
        ]);
        let failed = ann.patch(&path, operations).await.expect_error(409, "patch_test_failed");
        assert_eq!(failed.body["data"], json!({ "pointer": pointer }));
    }
    assert_eq!(ann.get(&path).await.body, before.body);
    let same = ann.patch(&path, json!([{ "op": "test", "path": "", "value": before.result() }])).await;
    assert_eq!(same.expect_status(200).body, before.body, "a row may be tested whole");
}

#[mainstay::test(app = app)]
async fn a_body_that_is_no_patch_is_400_and_of_another_type_415(app: TestApp) {
    let ann = app.user("ann").await;
    let path = note(&ann, json!({})).await;
    for body in [
        json!(null),
        json!("x"),
        json!({}),
        json!({ "body": 1 }),
        json!({ "ops": {} }),
        json!({ "ops": [], "body": 1 }),
        json!([1]),
        json!([{}]),
        json!([{ "op": "spam", "path": "/body" }]),
        json!([{ "op": "add", "path": "/body" }]),
        json!([{ "op": "add", "path": null, "value": 1 }]),
        json!([{ "op": "add", "path": "body", "value": 1 }]),
        json!([{ "op": "add", "path": "/body/~2", "value": 1 }]),
        json!([{ "op": "move", "path": "/body" }]),
        json!(vec![json!({ "op": "test", "path": "/body", "value": {} }); 1001]),
    ] {
        let _ = ann.patch(&path, body).await.expect_error(400, "bad_request");
    }
    for body in [json!([]), json!(null), json!("x")] {
        let _ = merge(&ann, &path, body).await.expect_error(400, "bad_request");
    }
    for media in ["text/plain", "application/vnd.api+json", "application/x-www-form-urlencoded", "\u{e9}"] {
        let actor = ann.clone().header("content-type", media);
        let refused =
            actor.send(Method::PATCH, &path, "[]").await.expect_error(415, "unsupported_media_type");
        let accepted = "application/json-patch+json, application/merge-patch+json, application/json";
        assert_eq!(refused.header("accept-patch"), accepted);
    }
    for media in ["application/json-patch+json", "Application/JSON; charset=utf-8"] {
        let actor = ann.clone().header("content-type", media);
        let _ = actor.send(Method::PATCH, &path, "[]").await.expect_status(200);
    }
}

#[mainstay::test(app = app)]
async fn a_merge_patch_takes_away_what_is_null(app: TestApp) {
    let ann = app.user("ann").await;
    let made =
        ann.post("/v1/things", thing(json!({ "maybeText": "m", "doc": { "a": 1, "b": { "c": 2 } } }))).await;
    let path = format!("/v1/things/{}", made.expect_status(201).id());
    let patch = json!({ "maybeText": null, "text": "u", "doc": { "a": null, "b": { "d": [null] }, "e": { "f": null } } });
    let done = merge(&ann, &path, patch).await.expect_status(200);
    assert_eq!(done.result()["maybeText"], Value::Null);
    assert_eq!(done.result()["text"], "u");
    assert_eq!(done.result()["doc"], json!({ "b": { "c": 2, "d": [null] }, "e": {} }));
    assert_eq!(ann.get(&path).await.body, done.body);
    for (patch, fault) in [
        (json!({ "text": null }), "text: required"),
        (json!({ "doc": null }), "doc: required"),
        (json!({ "flag": 1 }), "flag: wrong_type"),
        (json!({ "nonsense": null }), "nonsense: unknown_field"),
    ] {
        assert_eq!(merge(&ann, &path, patch).await.expect_error(422, "validation_failed").faults(), [fault]);
    }
    let refused = merge(&ann, &path, json!({ "id": done.id(), "views": 0 })).await;
    assert_eq!(
        refused.expect_error(422, "read_only_field").faults(),
        ["id: read_only_field", "views: read_only_field"]
    );
    assert_eq!(ann.get(&path).await.body, done.body);
}

#[mainstay::test(app = app)]
async fn what_becomes_of_a_row_is_validated(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "t", "tags": ["a", "b"] })).await.expect_status(201);
    let path = format!("/v1/posts/{}", made.id());
    for (operation, fault) in [
        (json!({ "op": "remove", "path": "/title" }), "title: required"),
        (json!({ "op": "remove", "path": "/tags" }), "tags: required"),
        (json!({ "op": "move", "from": "/title", "path": "/body" }), "title: required"),
        (json!({ "op": "replace", "path": "/title", "value": "" }), "title: length"),
        (json!({ "op": "add", "path": "/tags/-", "value": 1 }), "tags: wrong_type"),
        (json!({ "op": "add", "path": "/tags/0", "value": "" }), "tags: length"),
        (json!({ "op": "copy", "from": "/tags", "path": "/title" }), "title: wrong_type"),
        (json!({ "op": "add", "path": "/titel", "value": "x" }), "titel: unknown_field"),
        (json!({ "op": "add", "path": "/body", "value": "a\0" }), "body: nul"),
        (json!({ "op": "replace", "path": "", "value": [] }), ": wrong_type"),
    ] {
        let refused = ann.patch(&path, json!([operation])).await.expect_error(422, "validation_failed");
        assert_eq!(refused.faults(), [fault], "{operation}");
    }
    let long = json!([{ "op": "add", "path": "/tags/-", "value": "c" }, { "op": "add", "path": "/tags/-", "value": "d" }]);
    assert_eq!(
        ann.patch(&path, long).await.expect_error(422, "validation_failed").faults(),
        ["tags: length"]
    );
    assert_eq!(ann.get(&path).await.body, made.body);
    let other =
        ann.post("/v1/things", thing(json!({ "maybeText": "m", "code": "c" }))).await.expect_status(201);
    let path = format!("/v1/things/{}", other.id());
    let removed =
        ann.patch(&path, json!([{ "op": "remove", "path": "/maybeText" }])).await.expect_status(200);
    assert_eq!(removed.result()["maybeText"], Value::Null);
    let taken = ann.post("/v1/things", thing(json!({ "code": "d" }))).await.expect_status(201);
    let path = format!("/v1/things/{}", taken.id());
    let refused = ann.patch(&path, json!([{ "op": "replace", "path": "/code", "value": "c" }])).await;
    assert_eq!(refused.expect_error(409, "unique_violation").faults(), ["code: unique_violation"]);
}

#[mainstay::test(app = app)]
async fn a_field_that_is_not_the_clients_to_set_is_not_patched(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    let path = format!("/v1/posts/{}", made.id());
    for field in ["id", "type", "createdAt", "updatedAt", "version", "user", "views"] {
        let place = format!("/{field}");
        for operation in [
            json!({ "op": "add", "path": place, "value": made.result()[field] }),
            json!({ "op": "replace", "path": place, "value": 1 }),
            json!({ "op": "remove", "path": place }),
            json!({ "op": "move", "from": place, "path": "/title" }),
            json!({ "op": "copy", "from": "/title", "path": place }),
            json!({ "op": "add", "path": format!("{place}/deeper"), "value": 1 }),
        ] {
            let refused = ann.patch(&path, json!([operation])).await.expect_error(422, "read_only_field");
            assert_eq!(refused.faults(), [format!("{field}: read_only_field")], "{operation}");
        }
        let mut whole = made.result().clone();
        whole[field] = json!("x");
        let refused = ann.patch(&path, json!([{ "op": "replace", "path": "", "value": whole }])).await;
        assert_eq!(
            refused.expect_error(422, "read_only_field").faults(),
            [format!("{field}: read_only_field")]
        );
    }
    assert_eq!(ann.get(&path).await.body, made.body);
    let mut whole = made.result().clone();
    whole["title"] = json!("u");
    let done =
        ann.patch(&path, json!([{ "op": "replace", "path": "", "value": whole }])).await.expect_status(200);
    assert_eq!((&done.result()["title"], done.header("etag")), (&json!("u"), "\"2\""));
}

/// Asks the same of two rows that differ only in what is hidden.
async fn same_of_both(actor: &Actor, rows: [&str; 2], operations: &Value) -> Value {
    let mut told = Vec::new();
    for path in rows {
        let answer = actor.patch(path, operations.clone()).await;
        let mut body = answer.body.clone();
        body["request_id"] = Value::Null;
        let id = path.rsplit('/').next().unwrap_or_default();
        told.push((answer.status, answer.header("etag").to_owned(), body.to_string().replace(id, "#")));
    }
    assert_eq!(told[0], told[1], "{operations}");
    serde_json::from_str(&told[0].2).expect("an answer")
}

#[mainstay::test(app = app)]
async fn no_patch_tells_of_a_field_that_its_caller_does_not_see(app: TestApp) {
    let ann = app.user("ann").await;
    let mut rows = Vec::new();
    for secret in ["hush", "psst"] {
        let made =
            ann.post("/v1/things", thing(json!({ "text": "t", "secret": secret }))).await.expect_status(201);
        rows.push(format!("/v1/things/{}", made.id()));
    }
    let rows = [rows[0].as_str(), rows[1].as_str()];
    for field in ["secret", "grade", "version", "nothing"] {
        let place = format!("/{field}");
        for value in [json!("hush"), json!(null), json!(1)] {
            let told =
                same_of_both(&ann, rows, &json!([{ "op": "test", "path": place, "value": value }])).await;
            assert_eq!(told["error"], "patch_test_failed", "{field}");
        }
        for path in ["/maybeText", "/doc"] {
            let told =
                same_of_both(&ann, rows, &json!([{ "op": "copy", "from": place, "path": path }])).await;
            assert_eq!(told["error"], "validation_failed", "{field}");
            let told =
                same_of_both(&ann, rows, &json!([{ "op": "move", "from": place, "path": path }])).await;
            assert_eq!(told["error"], "validation_failed", "{field}");
        }
        same_of_both(&ann, rows, &json!([{ "op": "add", "path": format!("{place}/0"), "value": 1 }])).await;
    }
    // The same value again is a change like any other: that it counted none would tell.
    let told = same_of_both(&ann, rows, &json!([{ "op": "add", "path": "/secret", "value": "hush" }])).await;
    assert_eq!(told["success"], true);
    for operation in ["replace", "remove"] {
        let operations = json!([{ "op": operation, "path": "/secret", "value": "psst" }]);
        assert_eq!(same_of_both(&ann, rows, &operations).await["success"], true);
    }
    let stored = app.db().reader().sql("select secret from things").all::<Option<String>>().await;
    assert_eq!(stored.expect("rows"), [None, None]);
    let own = json!([
        { "op": "add", "path": "/secret", "value": "mine" },
        { "op": "test", "path": "/secret", "value": "mine" },
    ]);
    assert_eq!(same_of_both(&ann, rows, &own).await["success"], true);
    let _ = merge(&ann, rows[0], json!({ "secret": null })).await.expect_status(200);
    let stored = app.db().reader().sql("select secret from things").all::<Option<String>>().await;
    let mut stored = stored.expect("rows");
    stored.sort_unstable();
    assert_eq!(stored, [None, Some("mine".to_owned())]);
}

#[mainstay::test(app = app)]
async fn a_gated_field_is_patched_by_its_role_like_any_other(app: TestApp) {
    let ed = app.user_with("ed", json!({ "roles": ["editor"] })).await;
    let made = ed.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    let path = format!("/v1/posts/{}", made.id());
    let notes = json!([
        { "op": "test", "path": "/notes", "value": null },
        { "op": "replace", "path": "/notes", "value": "n" },
        { "op": "copy", "from": "/notes", "path": "/body" },
    ]);
    let done = ed.patch(&path, notes).await.expect_status(200);
    assert_eq!([&done.result()["notes"], &done.result()["body"]], ["n", "n"]);
}

#[mainstay::test(app = app)]
async fn a_patch_obeys_the_scope_before_and_after(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let me = |actor: &Actor| {
        let actor = actor.clone();
        async move { actor.get("/v1/users").await.rows()[0]["id"].clone() }
    };
    let (ann_id, bob_id) = (me(&ann).await, me(&bob).await);
    let path = note(&ann, json!({ "secret": 1 })).await;
    let test = json!([{ "op": "test", "path": "/body/secret", "value": 1 }]);
    let nowhere = "/v1/notes/0190b6a0-0000-7000-8000-000000000000";
    for place in [path.as_str(), nowhere] {
        let _ = bob.patch(place, test.clone()).await.expect_error(404, "note_not_found");
        let _ = app.anonymous().patch(place, test.clone()).await.expect_error(401, "unauthorized");
    }
    let _ = ann.patch(&path, test).await.expect_status(200);
    let parcel = ann.post("/v1/parcels", json!({ "owner": ann_id })).await.expect_status(201);
    let path = format!("/v1/parcels/{}", parcel.id());
    let give = json!([{ "op": "replace", "path": "/owner", "value": bob_id }]);
    let _ = ann.patch(&path, give).await.expect_error(403, "forbidden");
    assert_eq!(ann.get(&path).await.body, parcel.body);
    let audit = app
        .user_with("root", json!({ "roles": ["admin"] }))
        .await
        .post("/v1/audits", json!({ "line": "l" }))
        .await;
    let path = format!("/v1/audits/{}", audit.expect_status(201).id());
    let _ = ann.patch(&path, json!([])).await.expect_error(403, "forbidden");
}

#[mainstay::test(app = app)]
async fn a_patch_refers_to_nothing_that_its_caller_cannot_read(app: TestApp) {
    let somebody = app.anonymous();
    let shelf = somebody.post("/v1/shelves", json!({ "label": "s" })).await.expect_status(201);
    let book = somebody.post("/v1/books", json!({ "shelf": shelf.id() })).await.expect_status(201);
    let path = format!("/v1/books/{}", book.id());
    let lent = json!([{ "op": "copy", "from": "/shelf", "path": "/lentFrom" }]);
    assert_eq!(somebody.patch(&path, lent).await.expect_status(200).result()["lentFrom"], shelf.id());
    let nobody =
        json!([{ "op": "replace", "path": "/lentFrom", "value": "0190b6a0-0000-7000-8000-000000000000" }]);
    let refused = somebody.patch(&path, nobody).await.expect_error(409, "foreign_key_violation");
    assert_eq!(refused.faults(), ["lentFrom: foreign_key_violation"]);
}

#[mainstay::test(app = app)]
async fn concurrent_patches_of_one_field_all_survive(app: TestApp) {
    let ann = app.user("ann").await;
    let path = note(&ann, json!(vec![0; 8])).await;
    // Fewer than the runs of a transaction: whoever conflicts does so with one that got through.
    let patches = (0..8).map(|at| {
        let path = path.clone();
        let actor = if at % 2 == 0 { ann.clone() } else { ann.clone().key(&format!("k{at}")) };
        async move {
            let change = json!([{ "op": "replace", "path": format!("/body/{at}"), "value": at + 1 }]);
            actor.patch(&path, change).await.expect_status(200)
        }
    });
    join_all(patches).await;
    let row = ann.get(&path).await;
    assert_eq!(row.result()["body"], json!((1..=8).collect::<Vec<_>>()));
    assert_eq!(row.header("etag"), "\"9\"");
}

#[mainstay::test(app = app)]
async fn a_patch_writes_the_changed_columns_only_and_nothing_when_there_are_none(app: TestApp) {
    let ann = app.user("ann").await;
    let made =
        ann.post("/v1/things", thing(json!({ "doc": { "a": 1 }, "at": "2026-01-31T12:00:00.1234Z" }))).await;
    let path = format!("/v1/things/{}", made.expect_status(201).id());
    let before = ann.get(&path).await;
    for same in [
        json!([]),
        json!([{ "op": "replace", "path": "/text", "value": "t" }, { "op": "replace", "path": "/ratio", "value": 0 }]),
        json!([{ "op": "remove", "path": "/doc" }, { "op": "add", "path": "/doc", "value": { "a": 1 } }]),
    ] {
        let answer = ann.patch(&path, same).await.expect_status(200);
        assert_eq!((&answer.body, answer.header("etag")), (&before.body, "\"1\""));
    }
    let changed =
        ann.patch(&path, json!([{ "op": "add", "path": "/doc/b", "value": 2 }])).await.expect_status(200);
    assert_eq!(changed.header("etag"), "\"2\"");
    let at: mainstay::kernel::Timestamp = "2026-01-31T12:00:00.123Z".parse().expect("a time");
    let reader = app.db().reader();
    let later = reader.sql("select count(*) from things where at > ?").bind(at).one::<i64>().await;
    assert_eq!(later.expect("a count"), Some(1), "what is not shown is kept");
}

#[mainstay::test(app = app)]
async fn a_patch_of_a_version_that_is_gone_is_412(app: TestApp) {
    let ann = app.user("ann").await;
    let path = note(&ann, json!({ "a": 1 })).await;
    let change = json!([{ "op": "replace", "path": "/body/a", "value": 2 }]);
    let first = ann.clone().header("if-match", "\"1\"").patch(&path, change.clone()).await.expect_status(200);
    assert_eq!(first.header("etag"), "\"2\"");
    let late = ann.clone().header("if-match", "\"1\"");
    let test = json!([{ "op": "test", "path": "/body/a", "value": 9 }]);
    let _ = late.patch(&path, test).await.expect_error(412, "stale_version");
    let bob = app.user("bob").await.header("if-match", "\"1\"");
    let _ = bob.patch(&path, change).await.expect_error(404, "note_not_found");
}

#[mainstay::test(app = app)]
async fn a_replayed_patch_does_not_run_twice(app: TestApp) {
    let ann = app.user("ann").await;
    let path = note(&ann, json!([])).await;
    let push = json!([{ "op": "add", "path": "/body/-", "value": 1 }]);
    let first = ann.clone().key("k").patch(&path, push.clone()).await.expect_status(200);
    let again = ann.clone().key("k").patch(&path, push).await.expect_status(200);
    assert_eq!((again.body.clone(), again.header("idempotent-replayed")), (first.body, "true"));
    assert_eq!(ann.get(&path).await.result()["body"], json!([1]));
    let other = json!([{ "op": "add", "path": "/body/-", "value": 2 }]);
    let _ = ann.clone().key("k").patch(&path, other).await.expect_error(409, "request_id_conflict");
    let test = json!([{ "op": "test", "path": "/body/0", "value": 2 }]);
    let failed = ann.clone().key("t").patch(&path, test.clone()).await.expect_error(409, "patch_test_failed");
    let _ = ann.put(&path, json!({ "body": [2] })).await.expect_status(200);
    let kept = ann.clone().key("t").patch(&path, test).await.expect_error(409, "patch_test_failed");
    assert_eq!((&kept.body["data"], kept.header("idempotent-replayed")), (&failed.body["data"], "true"));
}

#[mainstay::test(app = app)]
async fn a_patch_cannot_make_a_row_that_cannot_be_read(app: TestApp) {
    let ann = app.user("ann").await;
    let path = note(&ann, json!({})).await;
    let mut deep = vec![json!({ "op": "add", "path": "/body/a", "value": {} })];
    for times in 0..7 {
        deep.push(
            json!({ "op": "copy", "from": "/body/a", "path": format!("/body/a{}", "/a".repeat(1 << times)) }),
        );
    }
    let refused = ann.patch(&path, json!(deep)).await.expect_error(422, "validation_failed");
    assert_eq!(refused.faults(), ["body: too_deep"]);
    for _ in 0..3 {
        let half = format!("/body{}", "/a".repeat(60));
        let mut tower = json!(1);
        for _ in 0..60 {
            tower = json!({ "a": tower });
        }
        let _ = ann.put(&path, json!({ "body": tower })).await.expect_status(200);
        let grown = ann.patch(&path, json!([{ "op": "copy", "from": "/body", "path": half }])).await;
        let _ = grown.expect_status(200);
        let refused = ann.patch(&path, json!([{ "op": "copy", "from": "/body", "path": half }])).await;
        assert_eq!(refused.expect_error(422, "validation_failed").faults(), ["body: too_deep"]);
        let _ = ann.get(&path).await.expect_status(200);
        let _ = ann.get("/v1/notes").await.expect_status(200);
    }
    let mut bomb = vec![json!({ "op": "replace", "path": "/body", "value": ["lol"] })];
    bomb.resize(40, json!({ "op": "copy", "from": "/body", "path": "/body/-" }));
    let refused = ann.patch(&path, json!(bomb)).await.expect_error(422, "validation_failed");
    assert_eq!(refused.faults(), ["body: too_long"]);
    let much = json!([
        { "op": "replace", "path": "/body", "value": ["x".repeat(900_000)] },
        { "op": "copy", "from": "/body/0", "path": "/body/-" },
    ]);
    let refused = ann.patch(&path, much).await.expect_error(422, "validation_failed");
    assert_eq!(refused.faults(), ["body: too_long"]);
}

/// The public suite of JSON Patch, where it lies beside the workspace, each document as a note's body.
#[mainstay::test(app = app)]
async fn the_public_suite_of_json_patch_is_answered_as_it_asks(app: TestApp) {
    let ann = app.user("ann").await;
    let mut ran = 0;
    for file in ["spec_tests.json", "tests.json"] {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/json-patch");
        let Ok(text) = std::fs::read(format!("{folder}/{file}")) else {
            println!("0 cases: the suite is not here");
            return;
        };
        let cases: Vec<Value> = serde_json::from_slice(&text).expect("a suite");
        for case in cases.iter().filter(|case| case["disabled"] != true && case["patch"].is_array()) {
            let answer = patched(&ann, case["doc"].clone(), below_body(&case["patch"])).await;
            match case.get("expected") {
                Some(expected) => assert_eq!(&answer.expect_status(200).result()["body"], expected, "{case}"),
                None if case.get("error").is_some() => {
                    assert!([400, 409, 422].contains(&answer.status.as_u16()), "{case}: {}", answer.body);
                }
                None => drop(answer.expect_status(200)),
            }
            ran += 1;
        }
    }
    println!("{ran} cases");
    assert!(ran > 100, "only {ran} cases ran");
}

/// The operations with each of their pointers led into the field `body`.
fn below_body(operations: &Value) -> Value {
    let mut operations = operations.clone();
    for operation in operations.as_array_mut().into_iter().flatten() {
        for name in ["path", "from"] {
            if let Some(pointer) = operation.get(name).and_then(Value::as_str) {
                operation[name] = json!(format!("/body{pointer}"));
            }
        }
    }
    operations
}

/// The examples of RFC 7396, appendix A, as a note's body. Where an example's patch is null, the member
/// `body` is null, which takes it away; and a note must have one.
#[mainstay::test(app = app)]
async fn every_example_of_a_merge_patch_is_answered_as_the_rfc_says(app: TestApp) {
    let ann = app.user("ann").await;
    for (original, patch, result) in [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b"}), json!({"a": null}), json!({})),
        (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a": "b"}), json!(["c"]), json!(["c"])),
        (json!({"a": "foo"}), json!("bar"), json!("bar")),
        (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
        (json!([1, 2]), json!({"a": "b", "c": null}), json!({"a": "b"})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ] {
        let path = note(&ann, original).await;
        let done = merge(&ann, &path, json!({ "body": patch })).await.expect_status(200);
        assert_eq!(done.result()["body"], result, "{patch}");
        assert_eq!(ann.get(&path).await.result(), done.result());
    }
    let path = note(&ann, json!({ "a": "foo" })).await;
    let refused = merge(&ann, &path, json!({ "body": null })).await.expect_error(422, "validation_failed");
    assert_eq!(refused.faults(), ["body: required"]);
}
