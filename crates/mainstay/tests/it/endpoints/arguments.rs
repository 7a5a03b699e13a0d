use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app;

#[mainstay::test(app = app)]
async fn an_endpoint_is_given_what_its_arguments_ask_for(app: TestApp) {
    let room = app.anonymous().post("/v1/rooms", json!({ "label": "blue" })).await.expect_status(201);
    let path = format!("/v1/rooms/{}/sessions", room.id());
    let ann = app.user("ann").await;
    let held = ann.post(&path, json!({ "title": "plans", "guests": [{ "email": "bob@example.com" }] })).await;
    assert_eq!(
        held.expect_status(200).result(),
        &json!({ "room": room.id(), "title": "plans", "host": "ann" })
    );
    let _ = app.anonymous().post(&path, json!({ "title": "plans" })).await.expect_error(401, "unauthorized");
    let _ = app.robot().post(&path, json!({ "title": "plans" })).await.expect_error(403, "forbidden");
    let _ = ann.post("/v1/rooms/7/sessions", json!({ "title": "x" })).await.expect_error(400, "bad_request");
}

#[mainstay::test(app = app)]
async fn a_body_that_does_not_fit_is_told_where(app: TestApp) {
    let room = app.anonymous().post("/v1/rooms", json!({ "label": "blue" })).await.expect_status(201);
    let path = format!("/v1/rooms/{}/sessions", room.id());
    let ann = app.user("ann").await;
    for (body, fault) in [
        (json!({}), "title: required"),
        (json!({ "title": 7 }), "title: wrong_type"),
        (json!({ "title": "x", "titel": "y" }), "titel: unknown_field"),
        (json!({ "title": "" }), "title: length"),
        (json!({ "title": "x", "lengthMinutes": 601 }), "lengthMinutes: range"),
        (json!({ "title": "x", "lengthMinutes": -1 }), "lengthMinutes: wrong_type"),
        (
            json!({ "title": "x", "guests": [{ "email": "a@b.de" }, { "email": "b" }] }),
            "guests[1].email: email",
        ),
        (json!({ "title": "x", "guests": [{}] }), "guests[0].email: required"),
    ] {
        let answer = ann.post(&path, body.clone()).await.expect_error(422, "validation_failed");
        assert_eq!(answer.faults(), [fault], "{body}");
    }
    let slip = ann.post(&path, json!({ "title": "x", "titel": "y" })).await;
    let message = slip.body["data"]["fields"][0]["message"].clone();
    assert_eq!(message, "unknown field `titel`, did you mean `title`?");
    let _ = ann.send(http::Method::POST, &path, "{").await.expect_error(400, "bad_request");
    for path in [path.as_str(), "/v1/rooms"] {
        let empty = ann.send(http::Method::POST, path, "").await.expect_error(400, "bad_request");
        assert_eq!(empty.description(), "the body is empty, expected JSON");
    }
    let typed = app.user("ann").await.header("content-type", "text/plain");
    let _ = typed.post(&path, json!({ "title": "x" })).await.expect_error(415, "unsupported_media_type");
}

#[mainstay::test(app = app)]
async fn a_parameter_that_does_not_fit_is_told_by_its_name(app: TestApp) {
    let get = async |query: &str| app.anonymous().get(&format!("/v1/wanted?{query}")).await;
    let found = get("count=3&tags=a&tags=b").await.expect_status(200);
    assert_eq!(found.result(), &json!({ "count": 3, "tags": ["a", "b"], "by": null }));
    assert_eq!(app.user("ann").await.get("/v1/wanted?count=1").await.result()["by"], "ann");
    for (query, code, said) in [
        ("", "bad_request", "the parameter `count` is missing"),
        ("count=x", "bad_request", "the parameter `count`: "),
        ("count=3&tag=a", "unknown_field", "unknown field `tag`, did you mean `tags`?"),
    ] {
        let answer = get(query).await.expect_error(400, code);
        assert!(answer.description().starts_with(said), "{query}: {}", answer.description());
    }
    assert_eq!(get("count=11").await.expect_error(422, "validation_failed").faults(), ["count: range"]);
}

#[mainstay::test(app = app)]
async fn roles_are_asked_for_by_word_and_by_type(app: TestApp) {
    let ed = app.user_with("ed", json!({ "roles": ["editor"] })).await;
    let ann = app.user("ann").await;
    for path in ["/v1/desk", "/v1/own-desk"] {
        let _ = app.anonymous().get(path).await.expect_error(401, "unauthorized");
        let refused = ann.get(path).await.expect_error(403, "forbidden");
        assert!(refused.description().contains("`editor`"), "{}", refused.description());
        let _ = ed.get(path).await.expect_status(200);
    }
    assert_eq!(ed.get("/v1/own-desk").await.result(), "ed");
}

#[mainstay::test(app = app)]
async fn what_came_with_the_request_is_there(app: TestApp) {
    let actor = app.anonymous().header("x-client-sdk", "mainstay-js/1").header("user-agent", "test");
    let actor = actor.header("x-request-id", "mine").header("x-client-os-version", &"9".repeat(200));
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let actor = actor.header("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"));
    let told = actor.get("/v1/client").await.expect_status(200);
    assert_eq!(
        told.result(),
        &json!({ "sdk": "mainstay-js/1", "os": null, "id": "mine", "trace": trace, "agent": "test" })
    );
}
