use std::time::Duration;

use axum::http::HeaderValue;
use axum::response::IntoResponse;
use mainstay_kernel::Quota;
use mainstay_web::ApiError;
use serde_json::json;

use crate::application::{SECRET, ask, running};
use crate::wire::Answer;

async fn post(running: &crate::application::Running, path: &str, kind: &str, body: &str) -> Answer {
    let length = body.len();
    let mut client = running.client().await;
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: test\r\ncontent-type: {kind}\r\ncontent-length: {length}");
    client.send(format!("{head}\r\n\r\n{body}")).await;
    client.answer().await
}

#[tokio::test]
async fn no_route_is_404_and_names_the_path_but_not_the_query() {
    let answer = ask(&running().await, "GET /nowhere?token=abc HTTP/1.1").await;
    let body = answer.expect_error(404, "not_found");
    assert_eq!(body["error_description"], "no route for GET /nowhere");
    assert_eq!(body.get("data"), None);
}

#[tokio::test]
async fn a_wrong_method_is_405_with_allow() {
    let answer = ask(&running().await, "DELETE /hello HTTP/1.1").await;
    answer.expect_error(405, "method_not_allowed");
    assert_eq!(answer.header("allow"), Some("GET,HEAD"));
}

#[tokio::test]
async fn what_extractors_refuse_comes_in_the_envelope() {
    let running = running().await;
    post(&running, "/json", "application/json", "{\"a\":").await.expect_error(400, "bad_request");
    post(&running, "/json", "application/json", "").await.expect_error(400, "bad_request");
    post(&running, "/json", "text/plain", "{}").await.expect_error(415, "unsupported_media_type");
    ask(&running, "GET /numbers/seven HTTP/1.1").await.expect_error(400, "bad_request");
    ask(&running, "GET /numbers/-1 HTTP/1.1").await.expect_error(400, "bad_request");
    let deep = "[".repeat(100_000);
    post(&running, "/json", "application/json", &deep).await.expect_error(400, "bad_request");
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_422_and_names_the_field() {
    let running = running().await;
    let body = post(&running, "/drafts", "application/json", r#"{"title":7}"#)
        .await
        .expect_error(422, "validation_failed");
    assert_eq!(body["data"]["fields"][0]["field"], "title");
    assert_eq!(body["data"]["fields"][0]["code"], "invalid");
    let body =
        post(&running, "/drafts", "application/json", "{}").await.expect_error(422, "validation_failed");
    assert_eq!(body["data"]["fields"][0]["field"], "");
}

#[tokio::test]
async fn success_has_its_shape_and_its_headers() {
    let running = running().await;
    let created = post(&running, "/drafts", "application/json", r#"{"title":"hi"}"#).await;
    assert_eq!((created.status, created.header("location")), (201, Some("/drafts/1")));
    assert_eq!(created.json(), json!({ "result": { "title": "hi" }, "success": true }));
    let moved = ask(&running, "GET /see-other HTTP/1.1").await;
    assert_eq!((moved.status, moved.header("location")), (303, Some("/hello")));
    let nothing = ask(&running, "GET /nothing HTTP/1.1").await;
    assert_eq!((nothing.status, nothing.body.len()), (204, 0));
}

#[tokio::test]
async fn the_text_of_a_panic_or_a_driver_is_never_shown() {
    let running = running().await;
    for path in ["/panic", "/bare-500", "/internal"] {
        let answer = ask(&running, &format!("GET {path} HTTP/1.1")).await;
        answer.expect_error(500, "internal_error");
        assert!(!answer.text().contains(SECRET), "{path}: {}", answer.text());
        let page = ask(&running, &format!("GET {path} HTTP/1.1\r\naccept: text/html")).await;
        assert!(!page.text().contains(SECRET), "{path}: {}", page.text());
    }
    assert_eq!(ask(&running, "GET /hello HTTP/1.1").await.status, 200, "the server lives on");
}

#[tokio::test]
async fn a_connection_survives_a_panic() {
    let running = running().await;
    let mut client = running.client().await;
    assert_eq!(client.get("/panic").await.status, 500);
    assert_eq!(client.get("/hello").await.status, 200);
}

#[tokio::test]
async fn a_handlers_own_json_is_left_alone() {
    let answer = ask(&running().await, "GET /own-503 HTTP/1.1").await;
    assert_eq!(answer.json(), json!({ "mine": true }));
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn bare_answers_of_handlers_get_the_envelope() {
    let running = running().await;
    let missing = ask(&running, "GET /bare-404 HTTP/1.1").await.expect_error(404, "not_found");
    assert_eq!(missing["error_description"], "nothing is here");
    let taken = ask(&running, "GET /bare-409 HTTP/1.1").await.expect_error(409, "conflict");
    assert_eq!(taken["error_description"], "<b>taken</b>");
    let unauthorized = ask(&running, "GET /bare-401 HTTP/1.1").await;
    unauthorized.expect_error(401, "unauthorized");
    assert_eq!(unauthorized.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn problem_json_is_given_to_who_asks_for_it() {
    let answer = ask(&running().await, "GET /nowhere?q=1 HTTP/1.1\r\naccept: application/problem+json").await;
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let body = answer.json();
    assert_eq!(body["type"], "about:blank");
    assert_eq!(body["title"], "Not Found");
    assert_eq!(body["status"], 404);
    assert_eq!(body["detail"], "no route for GET /nowhere");
    assert_eq!(body["instance"], "/nowhere");
    assert_eq!(body["code"], "not_found");
}

#[tokio::test]
async fn a_browser_gets_a_page_with_everything_escaped() {
    let answer = ask(&running().await, "GET /bare-409 HTTP/1.1\r\naccept: text/html,*/*;q=0.8").await;
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.text().contains("409 Conflict"));
    assert!(answer.text().contains("&lt;b&gt;taken"), "{}", answer.text());
    assert!(!answer.text().contains("<b>"));
}

#[tokio::test]
async fn head_works_where_get_does_and_has_no_body() {
    let running = running().await;
    let mut client = running.client().await;
    for (path, status) in [("/hello", "200"), ("/nowhere", "404"), ("/panic", "500")] {
        client.send(format!("HEAD {path} HTTP/1.1\r\nhost: test\r\n\r\n")).await;
        client.send("GET /nothing HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await;
        let both = String::from_utf8(client.rest().await).expect("text");
        let (head, rest) = both.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(rest.starts_with("HTTP/1.1 204 "), "{path} had a body: {rest}");
        client = running.client().await;
    }
}

#[test]
fn each_row_of_the_contract_has_its_status_and_code() {
    let fields = [json!({ "field": "title", "code": "required", "message": "is required" })];
    let limit = Quota {
        limit: 5,
        remaining: 0,
        reset: Duration::from_secs(60),
        retry_after: Duration::from_millis(1500),
    };
    for (error, status, code) in [
        (ApiError::bad_request("x"), 400, "bad_request"),
        (ApiError::validation_failed(&fields), 422, "validation_failed"),
        (ApiError::unknown_field("titel", ["title"]), 400, "unknown_field"),
        (ApiError::unknown_operator("eqq", ["eq"]), 400, "unknown_operator"),
        (ApiError::unauthorized("x"), 401, "unauthorized"),
        (ApiError::forbidden("x"), 403, "forbidden"),
        (ApiError::row_not_found("blog_post", 7), 404, "blog_post_not_found"),
        (ApiError::not_found("x"), 404, "not_found"),
        (ApiError::method_not_allowed(HeaderValue::from_static("GET")), 405, "method_not_allowed"),
        (ApiError::unique_violation(&fields), 409, "unique_violation"),
        (ApiError::foreign_key_violation(&fields), 409, "foreign_key_violation"),
        (ApiError::stale_version(), 412, "stale_version"),
        (ApiError::request_id_conflict(), 409, "request_id_conflict"),
        (ApiError::request_in_progress(Duration::from_secs(1)), 409, "request_in_progress"),
        (ApiError::already_done(), 409, "already_done"),
        (ApiError::patch_test_failed("/a"), 409, "patch_test_failed"),
        (ApiError::payload_too_large(9), 413, "payload_too_large"),
        (ApiError::unsupported_media_type("application/json"), 415, "unsupported_media_type"),
        (ApiError::rate_limited(limit), 429, "rate_limited"),
        (ApiError::internal("x"), 500, "internal_error"),
        (ApiError::unavailable("x"), 503, "unavailable"),
        (ApiError::serialization_failure(), 503, "serialization_failure"),
        (ApiError::outcome_unknown(), 503, "outcome_unknown"),
        (ApiError::draining(), 503, "draining"),
        (ApiError::request_timeout(Duration::from_secs(1)), 408, "request_timeout"),
    ] {
        assert_eq!((error.status().as_u16(), error.code()), (status, code));
    }
    assert!(ApiError::unknown_field("titel", ["title"]).description().ends_with("did you mean `title`?"));
    assert_eq!(ApiError::row_not_found("blog_post", 7).description(), "no blog post with id `7`");
}

#[tokio::test]
async fn a_rate_limit_says_when_to_come_back() {
    use mainstay_web::{Edge, EdgeConfig, ServerConfig};
    let limited = async || {
        let (limit, reset) = (5, Duration::from_secs(60));
        let state = Quota { limit, remaining: 0, reset, retry_after: Duration::from_millis(1500) };
        ApiError::rate_limited(state).into_response()
    };
    let router = axum::Router::new().route("/", axum::routing::get(limited));
    let edge = Edge::new(EdgeConfig::default()).wrap(router);
    let running = crate::application::Running::start(edge, ServerConfig::default()).await;
    let answer = ask(&running, "GET / HTTP/1.1").await;
    let body = answer.expect_error(429, "rate_limited");
    assert_eq!(body["data"]["retryAfter"], 2);
    for (name, value) in [
        ("retry-after", "2"),
        ("ratelimit-limit", "5"),
        ("ratelimit-remaining", "0"),
        ("ratelimit-reset", "60"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
}
