use mainstay::ErrorKind;
use mainstay::prelude::*;
use mainstay::queue::operation::Client;
use mainstay_test::TestApp;

use super::app::{app, entries, rare};

const RARE: &str = "/v1/ops/notes.rare";

#[mainstay::test(app = app)]
async fn who_calls_too_often_is_told_when_to_come_back(app: TestApp) {
    let ann = app.user("ann").await;
    for (text, left) in [("1", "1"), ("2", "0")] {
        let answer = ann.post(RARE, json!(text)).await.expect_status(200);
        assert_eq!((answer.header("ratelimit-limit"), answer.header("ratelimit-remaining")), ("2", left));
    }
    let refused = ann.post(RARE, json!("3")).await.expect_error(429, "rate_limited");
    assert_eq!(refused.body["data"], json!({ "retryAfter": 30 }));
    let headers = ["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    assert_eq!(headers.map(|it| refused.header(it)), ["30", "2", "0", "60"]);
    let _ = app.user("eve").await.post(RARE, json!("eve")).await.expect_status(200);
    app.advance(secs(30));
    let _ = ann.post(RARE, json!("4")).await.expect_status(200);
    assert_eq!(entries(app.db()).await, ["1", "2", "eve", "4"]);
}

#[mainstay::test(app = app)]
async fn it_is_asked_before_the_body_is_read_and_the_database_is(app: TestApp) {
    for path in [RARE, "/v1/rare"] {
        let robot = app.robot();
        while robot.post(path, json!("x")).await.status == 200 {}
        let before = app.db().statements();
        let refused = robot.send(http::Method::POST, path, "{ no JSON").await;
        let _ = refused.expect_error(429, "rate_limited");
        let _ = robot.clone().key("k1").post(path, json!("x")).await.expect_error(429, "rate_limited");
        assert_eq!(app.db().statements(), before, "{path}");
    }
}

#[mainstay::test(app = app)]
async fn a_call_from_within_is_counted_as_one_over_http(app: TestApp) {
    let ann = app.user("ann").await;
    let client = Client::new(app.db()).acting_for(app.caller(&ann).await);
    client.call(rare, "1".to_owned()).await.unwrap();
    let _ = ann.post(RARE, json!("2")).await.expect_status(200);
    let refused = client.call(rare, "3".to_owned()).await.unwrap_err();
    assert!(
        matches!(refused.kind(), ErrorKind::RateLimited(quota) if quota.retry_after == secs(30)),
        "{refused}"
    );
    let _ = ann.post(RARE, json!("4")).await.expect_error(429, "rate_limited");
}

#[mainstay::test(app = app)]
async fn tasks_are_not_counted(app: TestApp) {
    for text in ["1", "2", "3", "4"] {
        write_tx!(app.db(), |tx| { tx.enqueue(rare, text.to_owned()).await.map(drop) }).await.unwrap();
    }
    assert_eq!(app.tasks().run().await, 4);
    assert_eq!(entries(app.db()).await.len(), 4);
}

#[mainstay::test(app = app, sqlite)]
async fn who_shows_no_credential_is_counted_by_the_address(app: TestApp) {
    let address = app.listen().await;
    let anonymous = || app.anonymous().over(address);
    let _ = anonymous().post("/v1/rare", json!("x")).await.expect_status(200);
    let _ = anonymous().post("/v1/rare", json!("x")).await.expect_error(429, "rate_limited");
    let _ = app.user("ann").await.over(address).post("/v1/rare", json!("x")).await.expect_status(200);
    let _ = app.bearer("Bearer x").over(address).post("/v1/rare", json!("x")).await.expect_status(401);
}

#[mainstay::test(app = app, sqlite)]
async fn a_rate_is_described(app: TestApp) {
    let document = app.anonymous().get("/openapi.json").await.expect_status(200).body;
    for path in [RARE, "/v1/rare"] {
        let answers = &document["paths"][path]["post"]["responses"];
        assert!(answers["200"]["headers"]["RateLimit-Remaining"].is_object(), "{answers}");
        let refusal = answers["429"]["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
        let refusal = refusal.and_then(|it| document.pointer(it)).unwrap_or(&answers["429"]);
        assert!(refusal["headers"]["Retry-After"].is_object(), "{refusal}");
    }
}
