use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app;

#[mainstay::test(app = app)]
async fn a_declared_error_has_its_status_code_and_data(app: TestApp) {
    let room = app.anonymous().post("/v1/rooms", json!({ "label": "blue" })).await.expect_status(201);
    let path = format!("/v1/rooms/{}/sessions", room.id());
    let ann = app.user("ann").await;
    let taken = ann.post(&path, json!({ "title": "taken" })).await.expect_error(409, "room_taken");
    assert_eq!(
        (taken.description(), &taken.body["data"]),
        ("the room is taken by ann", &json!({ "by": "ann" }))
    );
    let closed = ann.post(&path, json!({ "title": "closed" })).await.expect_error(423, "closed");
    assert_eq!((closed.header("retry-after"), &closed.body["data"]), ("30", &json!({ "seconds": 30 })));
    let nowhere = format!("/v1/rooms/{}/sessions", Id::<()>::new());
    let _ = ann.post(&nowhere, json!({ "title": "x" })).await.expect_error(404, "room_not_found");
    let _ = ann.post(&path, json!({ "title": "twin" })).await.expect_error(409, "unique_violation");
}

#[mainstay::test(app = app)]
async fn a_row_is_answered_as_declared_and_as_everybody_sees_it(app: TestApp) {
    let room = app.anonymous().post("/v1/rooms", json!({ "label": "blue" })).await.expect_status(201);
    let path = format!("/v1/rooms/{}", room.id());
    let generated = app.anonymous().get(&path).await.expect_status(200);
    let ed = app.user_with("ed", json!({ "roles": ["editor"] })).await;
    let own = ed.get(&format!("{path}/plain")).await.expect_status(200);
    let declared = json!({ "id": room.id(), "type": "room", "label": "blue" });
    assert_eq!(own.result(), &declared);
    assert_eq!(generated.result()["createdAt"], generated.result()["updatedAt"]);
}

#[mainstay::test(app = app)]
async fn what_is_not_what_its_schema_says_is_never_sent(app: TestApp) {
    let fine = app.anonymous().post("/v1/wrong", json!("short")).await.expect_status(200);
    assert_eq!(fine.result()["title"], "short");
    let wrong = app.anonymous().post("/v1/wrong", json!("longer than twelve")).await;
    assert!(!wrong.expect_error(500, "internal_error").body.to_string().contains("longer than twelve"));
}

#[mainstay::test(app = app)]
async fn nothing_to_say_is_204_and_streams_are_sent_as_they_come(app: TestApp) {
    let nothing = app.anonymous().delete("/v1/nothing").await.expect_status(204);
    assert!(nothing.bytes.is_empty());
    let ticks = app.anonymous().get("/v1/ticks").await.expect_status(200);
    assert_eq!(
        (ticks.header("content-type"), &ticks.bytes[..]),
        ("text/event-stream", &b"data: 1\n\ndata: 2\n\n"[..])
    );
}

#[mainstay::test(app = app)]
async fn an_endpoint_stands_in_for_a_generated_route(app: TestApp) {
    assert_eq!(app.anonymous().get("/v1/members").await.expect_status(200).result(), &json!(["nobody"]));
    let ann = app.user("ann").await;
    let _ = ann.get("/v1/wanted?count=1").await.expect_status(200);
    let row = app.db().reader().sql("select count(*) from members").one::<i64>().await.expect("a count");
    assert_eq!(row, Some(1));
}

#[mainstay::test(app = app)]
async fn head_is_answered_wherever_get_is(app: TestApp) {
    let head = app.anonymous().send(http::Method::HEAD, "/v1/wanted?count=1", "").await.expect_status(200);
    assert!(head.bytes.is_empty());
}
