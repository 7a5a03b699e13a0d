//! Updates write what was sent and nothing else.

use futures_util::future::join_all;
use mainstay_test::TestApp;
use serde_json::json;

use crate::app;
use crate::models::thing;

#[mainstay::test(app = app)]
async fn an_update_changes_only_the_fields_that_were_sent(app: TestApp) {
    let ann = app.user("ann").await;
    let given = json!({ "text": "a", "big": 1, "maybeText": "m", "doc": { "k": 1 }, "secret": "s" });
    let made = ann.post("/v1/things", thing(given)).await.expect_status(201);
    app.advance(std::time::Duration::from_secs(60));
    let path = format!("/v1/things/{}", made.id());
    let changed = ann.put(&path, json!({ "big": 2, "maybeText": null })).await.expect_status(200);
    let mut expected = made.result().clone();
    expected["big"] = json!(2);
    expected["maybeText"] = json!(null);
    expected["updatedAt"] = json!("2026-01-01T00:01:00.000Z");
    assert_eq!(changed.result(), &expected);
    assert_eq!(ann.get(&path).await.result(), &expected);
    let stored = app.db().reader().sql("select secret from things").one::<String>().await;
    assert_eq!(stored.expect("a row").as_deref(), Some("s"));
}

#[mainstay::test(app = app)]
async fn concurrent_updates_of_different_fields_all_survive(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/things", thing(json!({}))).await.expect_status(201);
    let path = format!("/v1/things/{}", made.id());
    let changes = [
        ("text", json!("x")),
        ("big", json!(7)),
        ("flag", json!(true)),
        ("ratio", json!(0.5)),
        ("maybeText", json!("y")),
        ("doc", json!([1])),
    ];
    let keyed =
        |at: usize| if at.is_multiple_of(2) { ann.clone() } else { ann.clone().key(&format!("k{at}")) };
    let updates = changes.iter().enumerate().map(|(at, (field, value))| {
        let (actor, path) = (keyed(at), path.clone());
        async move { actor.put(&path, json!({ *field: value })).await.expect_status(200) }
    });
    join_all(updates).await;
    let row = ann.get(&path).await.expect_status(200);
    for (field, value) in &changes {
        assert_eq!(&row.result()[field], value, "{field}");
    }
    assert_eq!(row.header("etag"), "\"7\"", "each update counted");
}

#[mainstay::test(app = app)]
async fn an_update_of_nothing_answers_the_row_and_counts_no_version(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/things", thing(json!({}))).await.expect_status(201);
    let path = format!("/v1/things/{}", made.id());
    for actor in [ann.clone(), ann.clone().key("k")] {
        let same = actor.put(&path, json!({})).await.expect_status(200);
        assert_eq!((same.result(), same.header("etag")), (made.result(), "\"1\""));
    }
}

#[mainstay::test(app = app)]
async fn a_refused_update_changes_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/things", thing(json!({}))).await.expect_status(201);
    let path = format!("/v1/things/{}", made.id());
    let _ = ann.put(&path, json!({ "text": "x", "big": "y" })).await.expect_error(422, "validation_failed");
    let _ = ann.put(&path, json!({ "text": "x", "views": 1 })).await.expect_error(422, "read_only_field");
    assert_eq!(ann.get(&path).await.body, made.body);
}

#[mainstay::test(app = app)]
async fn a_row_is_deleted_once(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/things", thing(json!({}))).await.expect_status(201);
    let path = format!("/v1/things/{}", made.id());
    let both = join_all([ann.delete(&path), ann.delete(&path)]).await;
    let mut statuses: Vec<u16> = both.iter().map(|it| it.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404]);
    let _ = ann.put(&path, json!({ "text": "x" })).await.expect_error(404, "thing_not_found");
}
