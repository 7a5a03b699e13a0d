//! Versions of rows: `ETag`, `If-Match`, `If-None-Match`.

use futures_util::future::join_all;
use mainstay_test::{Actor, TestApp};
use serde_json::json;

use crate::app;
use crate::models::thing;

async fn row(app: &TestApp) -> (Actor, String) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/things", thing(json!({}))).await.expect_status(201);
    assert_eq!(made.header("etag"), "\"1\"");
    (ann, format!("/v1/things/{}", made.id()))
}

fn matching(actor: &Actor, tags: &str) -> Actor {
    actor.clone().header("if-match", tags)
}

#[mainstay::test(app = app)]
async fn each_update_has_a_version_of_its_own(app: TestApp) {
    let (ann, path) = row(&app).await;
    for version in ["\"2\"", "\"3\""] {
        let changed = ann.put(&path, json!({ "text": version })).await.expect_status(200);
        assert_eq!(changed.header("etag"), version);
        assert_eq!(ann.get(&path).await.header("etag"), version);
    }
}

#[mainstay::test(app = app)]
async fn an_update_of_a_version_that_is_gone_is_412(app: TestApp) {
    let (ann, path) = row(&app).await;
    let _ = matching(&ann, "\"1\"").put(&path, json!({ "text": "x" })).await.expect_status(200);
    for (tags, body) in [
        ("\"1\"", json!({ "text": "y" })),
        ("\"1\"", json!({})),
        ("\"3\", \"1\"", json!({ "text": "y" })),
        ("W/\"2\"", json!({ "text": "y" })),
        ("2", json!({ "text": "y" })),
        ("\"x\"", json!({ "text": "y" })),
        ("\"99999999999999999999\"", json!({ "text": "y" })),
    ] {
        let _ = matching(&ann, tags).put(&path, body.clone()).await.expect_error(412, "stale_version");
        let keyed = matching(&ann, tags).key(&format!("{tags}{body}"));
        let _ = keyed.put(&path, body).await.expect_error(412, "stale_version");
        let _ = matching(&ann, tags).delete(&path).await.expect_error(412, "stale_version");
    }
    assert_eq!(ann.get(&path).await.result()["text"], "x");
    for tags in ["*", "\"1\", \"2\"", " \"2\" "] {
        let _ = matching(&ann, tags).put(&path, json!({})).await.expect_status(200);
    }
    let _ = matching(&ann, "\"2\"").delete(&path).await.expect_status(200);
    let _ = matching(&ann, "*").delete(&path).await.expect_error(404, "thing_not_found");
}

#[mainstay::test(app = app)]
async fn of_two_updates_of_one_version_one_is_refused(app: TestApp) {
    let (ann, path) = row(&app).await;
    let update = |text: &'static str| {
        let (actor, path) = (matching(&ann, "\"1\""), path.clone());
        async move { actor.put(&path, json!({ "text": text })).await.status.as_u16() }
    };
    let mut statuses = join_all(["a", "b", "c", "d"].map(update)).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
}

#[mainstay::test(app = app)]
async fn a_client_that_has_the_version_is_not_sent_it_again(app: TestApp) {
    let (ann, path) = row(&app).await;
    let known = |tags: &str| ann.clone().header("if-none-match", tags);
    for tags in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
        let answer = known(tags).get(&path).await.expect_status(304);
        assert_eq!((answer.header("etag"), answer.bytes.len()), ("\"1\"", 0), "{tags}");
    }
    for tags in ["\"2\"", "1", "x"] {
        let _ = known(tags).get(&path).await.expect_status(200);
    }
    let _ = ann.put(&path, json!({ "text": "x" })).await.expect_status(200);
    let _ = known("\"1\"").get(&path).await.expect_status(200);
}

#[mainstay::test(app = app)]
async fn a_version_does_not_tell_of_a_row_that_is_out_of_reach(app: TestApp) {
    let ann = app.user("ann").await;
    let note = ann.post("/v1/notes", json!({ "body": 1 })).await.expect_status(201);
    let path = format!("/v1/notes/{}", note.id());
    for tags in ["\"1\"", "\"2\"", "*"] {
        let bob = app.user("bob").await;
        let _ =
            matching(&bob, tags).put(&path, json!({ "body": 2 })).await.expect_error(404, "note_not_found");
        let _ = matching(&bob, tags).delete(&path).await.expect_error(404, "note_not_found");
        let reader = bob.header("if-none-match", tags);
        let _ = reader.get(&path).await.expect_error(404, "note_not_found");
    }
}
