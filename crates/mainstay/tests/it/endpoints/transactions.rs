use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app;
use super::app::guarded;

async fn rooms(app: &TestApp) -> Vec<Value> {
    app.anonymous().get("/v1/rooms?sort=label").await.expect_status(200).column("label")
}

#[mainstay::test(app = app)]
async fn what_an_endpoint_wrote_before_its_error_is_gone(app: TestApp) {
    let room = app.anonymous().post("/v1/rooms", json!({ "label": "blue" })).await.expect_status(201);
    let ann = app.user("ann").await;
    let path = format!("/v1/rooms/{}/sessions", room.id());
    let _ = ann.post(&path, json!({ "title": "taken" })).await.expect_error(409, "room_taken");
    let ed = app.user_with("ed", json!({ "roles": ["editor"] })).await;
    let opened = async || ed.get(&format!("/v1/rooms/{}", room.id())).await.result()["opened"].clone();
    assert_eq!(opened().await, 0);
    let _ = ann.post(&path, json!({ "title": "plans" })).await.expect_status(200);
    assert_eq!(opened().await, 1);
}

#[mainstay::test(app = app)]
async fn an_answer_that_is_an_error_undoes_the_transaction(app: TestApp) {
    let clear =
        async |body: &'static str| app.anonymous().send(http::Method::POST, "/v1/rooms/clear", body).await;
    let _ = clear("refuse").await.expect_error(403, "forbidden");
    assert!(rooms(&app).await.is_empty());
    let kept = clear("fine").await.expect_status(200);
    assert_eq!((kept.header("x-own"), &kept.bytes[..]), ("yes", &b"kept"[..]));
    assert_eq!(rooms(&app).await, ["fine"]);
}

#[mainstay::test(app = app)]
async fn a_stream_is_no_answer_of_a_transaction(app: TestApp) {
    let answer = app.anonymous().send(http::Method::POST, "/v1/rooms/clear", "stream").await;
    let _ = answer.expect_error(500, "internal_error");
    assert!(rooms(&app).await.is_empty());
}

#[mainstay::test(app = guarded)]
async fn an_endpoint_that_runs_again_reads_its_arguments_anew(app: TestApp) {
    let answer = app.anonymous().post("/v1/again", json!("run")).await.expect_status(200);
    assert_eq!(answer.result(), 1);
    assert_eq!(rooms(&app).await, ["run 1"]);
}
