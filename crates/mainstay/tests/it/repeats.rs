//! `Idempotency-Key`: a request that is sent again does not run again.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use mainstay_test::{Answer, TestApp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app;
use crate::models::thing;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

fn is_replayed(answer: &Answer) -> bool {
    answer.header("idempotent-replayed") == "true"
}

async fn count(app: &TestApp, plural: &str) -> i64 {
    let counted = app.db().reader().sql(&format!("select count(*) from {plural}")).one().await;
    counted.expect("a count").expect("one row")
}

#[mainstay::test(app = app)]
async fn a_replayed_request_does_not_run_twice(app: TestApp) {
    let ann = app.user("ann").await.key("k");
    let first = ann.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    assert!(!is_replayed(&first));
    app.advance(Duration::from_secs(600));
    let second = ann.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    assert!(is_replayed(&second));
    assert_eq!(second.bytes, first.bytes);
    for name in ["location", "etag", "content-type"] {
        assert_eq!(second.header(name), first.header(name), "{name}");
        assert!(!first.header(name).is_empty(), "{name}");
    }
    assert_ne!(second.header("x-request-id"), first.header("x-request-id"));
    assert_eq!(count(&app, "posts").await, 1);
}

#[mainstay::test(app = app)]
async fn updates_and_deletes_are_replayed_too(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "a" })).await.expect_status(201);
    let path = format!("/v1/posts/{}", made.id());
    let keyed = ann.clone().key("k").header("if-match", "\"1\"");
    let first = keyed.put(&path, json!({ "title": "b" })).await.expect_status(200);
    let _ = ann.put(&path, json!({ "title": "c" })).await.expect_status(200);
    let second = keyed.put(&path, json!({ "title": "b" })).await.expect_status(200);
    assert!(is_replayed(&second) && second.bytes == first.bytes && second.header("etag") == "\"2\"");
    assert_eq!(ann.get(&path).await.result()["title"], "c");
    let gone = ann.clone().key("k").delete(&path).await.expect_status(200);
    let again = ann.clone().key("k").delete(&path).await.expect_status(200);
    assert!(!is_replayed(&gone) && is_replayed(&again) && again.bytes == gone.bytes);
    let _ = ann.delete(&path).await.expect_error(404, "post_not_found");
}

#[mainstay::test(app = app)]
async fn a_key_with_another_body_is_409_and_changes_nothing(app: TestApp) {
    let ann = app.user("ann").await.key("k");
    let _ = ann.post("/v1/posts", json!({ "title": "a" })).await.expect_status(201);
    for body in [json!({ "title": "b" }), json!({ "title": "a", "body": "x" })] {
        let _ = ann.post("/v1/posts", body).await.expect_error(409, "request_id_conflict");
    }
    let spaced = ann.send(Method::POST, "/v1/posts", "{\"title\": \"a\"}").await;
    let _ = spaced.expect_error(409, "request_id_conflict");
    assert_eq!(count(&app, "posts").await, 1);
}

#[mainstay::test(app = app)]
async fn a_key_is_its_callers_and_its_routes_own(app: TestApp) {
    let (ann, bob) = (app.user("ann").await.key("k"), app.user("bob").await.key("k"));
    let one = ann.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    let other = bob.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    assert!(!is_replayed(&other) && one.id() != other.id());
    let shelf = ann.post("/v1/shelves", json!({ "label": "t" })).await.expect_status(201);
    let tag = ann.post("/v1/tags", json!({ "label": "t" })).await.expect_status(201);
    assert!(!is_replayed(&shelf) && !is_replayed(&tag));
    let path = format!("/v1/posts/{}", one.id());
    let changed = ann.put(&path, json!({ "title": "t" })).await.expect_status(200);
    assert!(!is_replayed(&changed));
    let nobody =
        app.anonymous().key("k").post("/v1/shelves", json!({ "label": "t" })).await.expect_status(201);
    assert!(!is_replayed(&nobody) && nobody.id() != shelf.id());
    let robot = app.robot().key("k").post("/v1/shelves", json!({ "label": "t" })).await.expect_status(201);
    assert!(!is_replayed(&robot));
}

#[mainstay::test(app = app)]
async fn two_hundred_concurrent_posts_with_one_key_make_one_row_and_identical_answers(app: TestApp) {
    let ann = app.user("ann").await.key("k");
    let posts = (0..200).map(|_| ann.post("/v1/posts", json!({ "title": "once" })));
    let answers = join_all(posts).await;
    assert_eq!(answers.iter().filter(|it| !is_replayed(it)).count(), 1);
    for answer in &answers {
        assert_eq!((answer.status.as_u16(), &answer.bytes), (201, &answers[0].bytes));
        assert_eq!(answer.header("location"), answers[0].header("location"));
    }
    assert_eq!(count(&app, "posts").await, 1);
    assert_eq!(count(&app, "mainstay_result").await, 1);
}

#[mainstay::test(app = app)]
async fn concurrent_repeats_of_an_update_count_one_version(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "a" })).await.expect_status(201);
    let path = format!("/v1/posts/{}", made.id());
    let keyed = ann.clone().key("k");
    let answers = join_all((0..30).map(|_| keyed.put(&path, json!({ "title": "b" })))).await;
    assert!(answers.iter().all(|it| it.bytes == answers[0].bytes));
    assert_eq!(ann.get(&path).await.header("etag"), "\"2\"");
}

/// A second process does not know of the first one's running request: only the database can tell.
#[mainstay::test(app = app)]
async fn a_duplicate_that_fails_on_the_first_ones_unique_row_replays_instead(app: TestApp) {
    let ann = app.user("ann").await.key("k");
    let body = thing(json!({ "code": "once" }));
    let first = ann.post("/v1/things", body.clone()).await.expect_status(201);
    let second = ann.post("/v1/things", body.clone()).await.expect_status(201);
    assert!(is_replayed(&second) && second.bytes == first.bytes);
    let other = app.user("ann").await.key("another").post("/v1/things", body).await;
    let _ = other.expect_error(409, "unique_violation");
}

#[mainstay::test(app = app)]
async fn a_found_error_is_stored_and_outlives_its_cause(app: TestApp) {
    let ann = app.user("ann").await;
    let blocker = ann.post("/v1/things", thing(json!({ "code": "c" }))).await.expect_status(201);
    let keyed = ann.clone().key("k");
    let refused = keyed.post("/v1/things", thing(json!({ "code": "c" }))).await;
    let refused = refused.expect_error(409, "unique_violation");
    assert!(!is_replayed(&refused));
    let _ = ann.delete(&format!("/v1/things/{}", blocker.id())).await.expect_status(200);
    let again = keyed.post("/v1/things", thing(json!({ "code": "c" }))).await;
    let again = again.expect_error(409, "unique_violation");
    assert!(is_replayed(&again));
    assert_eq!((again.faults(), again.description()), (refused.faults(), refused.description()));

    let path = "/v1/posts/0190b6a0-0000-7000-8000-000000000000";
    for _ in 0..2 {
        let _ = keyed.put(path, json!({ "title": "t" })).await.expect_error(404, "post_not_found");
        let _ = keyed.delete(path).await.expect_error(404, "post_not_found");
    }
    assert!(is_replayed(&keyed.delete(path).await));
    let stale = ann.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    let matching = keyed.clone().header("if-match", "\"7\"");
    for replayed in [false, true] {
        let answer = matching.put(&format!("/v1/posts/{}", stale.id()), json!({ "title": "u" })).await;
        assert_eq!(is_replayed(&answer.expect_error(412, "stale_version")), replayed);
    }
}

#[mainstay::test(app = app)]
async fn an_error_of_the_input_or_the_moment_is_not_stored(app: TestApp) {
    let ann = app.user("ann").await;
    let keyed = ann.clone().key("k");
    let _ = keyed.post("/v1/posts", json!({ "title": "" })).await.expect_error(422, "validation_failed");
    let _ = keyed
        .post("/v1/posts", json!({ "title": "t", "views": 1 }))
        .await
        .expect_error(422, "read_only_field");
    let _ = keyed.send(Method::POST, "/v1/posts", "{").await.expect_error(400, "bad_request");
    let _ = keyed
        .clone()
        .header("content-type", "text/plain")
        .post("/v1/posts", json!({}))
        .await
        .expect_status(415);
    let _ = app
        .anonymous()
        .key("k")
        .post("/v1/posts", json!({ "title": "t" }))
        .await
        .expect_error(401, "unauthorized");
    let _ = keyed.post("/v1/audits", json!({ "line": "t" })).await.expect_error(403, "forbidden");
    assert_eq!(count(&app, "mainstay_result").await, 0);
    let made = keyed.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    assert!(!is_replayed(&made), "the key is still free");
}

#[mainstay::test(app = app)]
async fn answers_are_forgotten_after_a_week_and_the_key_runs_again(app: TestApp) {
    let ann = async || app.user("ann").await.key("k");
    let first = ann().await.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    app.advance(WEEK - Duration::from_secs(1));
    app.db().expire().await.expect("expiry");
    let kept = ann().await.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    assert!(is_replayed(&kept));
    app.advance(Duration::from_secs(2));
    app.db().expire().await.expect("expiry");
    let second = ann().await.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    assert!(!is_replayed(&second) && second.id() != first.id());
}

#[mainstay::test(app = app)]
async fn a_key_that_is_a_uuid_of_more_than_a_week_ago_is_refused(app: TestApp) {
    let at = |before: Duration| {
        let seconds = u64::try_from(app.now().minus(before).as_millis() / 1000).expect("after 1970");
        Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0)).to_string()
    };
    let ann = app.user("ann").await;
    let late = ann.clone().key(&at(WEEK + Duration::from_secs(2)));
    for _ in 0..2 {
        let _ = late.post("/v1/posts", json!({ "title": "t" })).await.expect_error(409, "request_expired");
    }
    assert_eq!(count(&app, "posts").await, 0);
    let just = ann.clone().key(&at(WEEK - Duration::from_secs(2)));
    let _ = just.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    let random = ann.key(&Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef).to_string());
    let _ = random.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
}

#[mainstay::test(app = app)]
async fn a_key_is_given_once_as_printable_ascii(app: TestApp) {
    let ann = app.user("ann").await;
    for keys in [&[""][..], &["a\tb"], &["a", "a"], &["a", "b"]] {
        let actor = keys.iter().fold(ann.clone(), |actor, key| actor.key(key));
        let _ = actor.post("/v1/posts", json!({ "title": "t" })).await.expect_error(400, "bad_request");
    }
    let long = ann.clone().key(&"k".repeat(256));
    let _ = long.post("/v1/posts", json!({ "title": "t" })).await.expect_error(400, "bad_request");
    assert_eq!(count(&app, "posts").await, 0);
    for key in ["k".repeat(255), "\"quoted, key\"".to_owned()] {
        let _ = ann.clone().key(&key).post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    }
}

#[mainstay::test(app = app)]
async fn a_read_ignores_the_key(app: TestApp) {
    let ann = app.user("ann").await.key("k");
    assert_eq!(ann.get("/v1/posts").await.result()["total"], 0);
    let _ = app.user("ann").await.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    let again = ann.get("/v1/posts").await;
    assert_eq!((&again.result()["total"], is_replayed(&again)), (&Value::from(1), false));
}
