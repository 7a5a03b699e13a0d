//! One error, three formats.

use mainstay_test::TestApp;
use serde_json::Value;

use crate::app;

const MISSING: &str = "/v1/posts/0190b6a0-0000-7000-8000-000000000000";

#[mainstay::test(app = app)]
async fn an_error_is_an_envelope_that_both_families_of_clients_read(app: TestApp) {
    let answer = app.anonymous().get(MISSING).await.expect_error(404, "post_not_found");
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(answer.body.get("data").is_none(), "{}", answer.body);
    assert!(answer.header("x-request-id").starts_with("req_"));
    let named = app.anonymous().header("x-request-id", "mine").get(MISSING).await;
    assert_eq!(named.expect_error(404, "post_not_found").body["request_id"], "mine");
}

#[mainstay::test(app = app)]
async fn who_asks_for_problem_json_gets_rfc_9457(app: TestApp) {
    let actor = app.user("ann").await.header("accept", "application/problem+json");
    let answer = actor.post("/v1/posts", serde_json::json!({ "title": "" })).await.expect_status(422);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.body["type"], "about:blank");
    assert_eq!(answer.body["title"], "Unprocessable Entity");
    assert_eq!(answer.body["status"], 422);
    assert_eq!(answer.body["instance"], "/v1/posts");
    assert_eq!(answer.body["code"], "validation_failed");
    assert!(answer.body["detail"].is_string());
    assert_eq!(answer.body["data"]["fields"][0]["field"], "title");
}

#[mainstay::test(app = app)]
async fn a_browser_gets_a_page_in_which_nothing_is_markup(app: TestApp) {
    let browser = app.anonymous().header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let answer = browser.get("/v1/posts?%3Cscript%3E=1").await.expect_status(400);
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(answer.body, Value::Null);
    let page = String::from_utf8(answer.bytes.to_vec()).expect("a page is UTF-8");
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"), "{page}");
    assert!(page.contains("bad_request"), "{page}");
}

#[mainstay::test(app = app)]
async fn a_head_of_an_error_has_no_body(app: TestApp) {
    let answer = app.anonymous().send(http::Method::HEAD, MISSING, "").await.expect_status(404);
    assert!(answer.bytes.is_empty());
}
