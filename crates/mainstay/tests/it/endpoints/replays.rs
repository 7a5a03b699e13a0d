use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app;

#[mainstay::test(app = app)]
async fn a_repeated_request_is_answered_as_the_first_and_does_not_run(app: TestApp) {
    let room = app.anonymous().post("/v1/rooms", json!({ "label": "blue" })).await.expect_status(201);
    let path = format!("/v1/rooms/{}/sessions", room.id());
    let ann = app.user("ann").await.key("k1");
    let first = ann.post(&path, json!({ "title": "plans" })).await.expect_status(200);
    let again = ann.post(&path, json!({ "title": "plans" })).await.expect_status(200);
    assert_eq!((again.header("idempotent-replayed"), &again.bytes), ("true", &first.bytes));
    assert_eq!(again.header("content-type"), first.header("content-type"));
    let other = ann.post(&path, json!({ "title": "other" })).await;
    let _ = other.expect_error(409, "request_id_conflict");
    let ed = app.user_with("ed", json!({ "roles": ["editor"] })).await;
    assert_eq!(ed.get(&format!("/v1/rooms/{}", room.id())).await.result()["opened"], 1);
}

#[mainstay::test(app = app)]
async fn a_declared_error_is_repeated_and_a_fault_of_the_input_is_not(app: TestApp) {
    let room = app.anonymous().post("/v1/rooms", json!({ "label": "blue" })).await.expect_status(201);
    let path = format!("/v1/rooms/{}/sessions", room.id());
    let ann = app.user("ann").await.key("k1");
    let _ = ann.post(&path, json!({ "title": "taken" })).await.expect_error(409, "room_taken");
    let again = ann.post(&path, json!({ "title": "taken" })).await.expect_error(409, "room_taken");
    assert_eq!((again.header("idempotent-replayed"), &again.body["data"]["by"]), ("true", &json!("ann")));
    let ann = app.user("ann").await.key("k2");
    let _ = ann.post(&path, json!({ "title": "" })).await.expect_error(422, "validation_failed");
    let _ = ann.post(&path, json!({ "title": "plans" })).await.expect_status(200);
}

#[mainstay::test(app = app)]
async fn an_endpoint_without_a_transaction_is_repeated_too_and_does_not_run(app: TestApp) {
    let name = json!(format!("{:?}", app.db().dialect()));
    let robot = app.robot().key("k1");
    let first = robot.post("/v1/ran", name.clone()).await.expect_status(200);
    let again = robot.post("/v1/ran", name.clone()).await.expect_status(200);
    assert_eq!((again.header("idempotent-replayed"), again.result()), ("true", first.result()));
    let _ = robot.post("/v1/ran?x=1", name.clone()).await.expect_error(409, "request_id_conflict");
    assert_eq!(app.robot().key("k2").post("/v1/ran", name).await.expect_status(200).result(), 2);
}

#[mainstay::test(app = app)]
async fn an_answer_that_holds_a_secret_is_not_kept(app: TestApp) {
    let ann = app.user("ann").await.key("k1");
    let first = ann.post("/v1/keys", json!({})).await.expect_status(201);
    assert_eq!(first.result()["key"], "s3cret");
    assert!(first.header("location").starts_with("/v1/rooms/"));
    let _ = ann.post("/v1/keys", json!({})).await.expect_error(409, "already_done");
    assert_eq!(app.anonymous().get("/v1/rooms").await.result()["total"], 1);
    let kept = app
        .db()
        .reader()
        .sql("select body from mainstay_result")
        .all::<Vec<u8>>()
        .await
        .expect("what is kept");
    assert!(kept.iter().all(|it| !String::from_utf8_lossy(it).contains("s3cret")) && kept.len() == 1);
}
