//! Each row of the contract's table of errors that can be reached.

use http::Method;
use mainstay::kernel::Tx;
use mainstay_test::{Actor, TestApp};
use serde_json::{Value, json};

use crate::app;
use crate::models::thing;

const NOBODY: &str = "0190b6a0-0000-7000-8000-000000000000";

#[mainstay::test(app = app)]
async fn no_route_is_404_and_names_what_was_asked(app: TestApp) {
    let ann = app.user("ann").await;
    for path in ["/v1", "/v1/post", "/v1/posts/1/2", "/v2/posts", "/v1/Posts", "/v1/posts/"] {
        let answer = ann.get(path).await.expect_error(404, "not_found");
        assert_eq!(answer.description(), format!("no route for GET {path}"));
    }
}

#[mainstay::test(app = app)]
async fn a_model_whose_scope_grants_nothing_has_no_route_at_all(app: TestApp) {
    let ann = app.user("ann").await;
    let one = format!("/v1/cellars/{NOBODY}");
    for (method, path) in
        [(Method::GET, "/v1/cellars"), (Method::POST, "/v1/cellars"), (Method::DELETE, &one)]
    {
        let _ = ann.send(method, path, "").await.expect_error(404, "not_found");
    }
}

#[mainstay::test(app = app)]
async fn a_method_that_the_scope_does_not_grant_is_405_with_those_it_does(app: TestApp) {
    let ann = app.user("ann").await;
    let one = format!("/v1/posts/{NOBODY}");
    for (method, path, allow) in [
        (Method::POST, "/v1/users", "GET,HEAD"),
        (Method::DELETE, "/v1/posts", "GET,HEAD,POST"),
        (Method::POST, one.as_str(), "DELETE,GET,HEAD,PATCH,PUT"),
        (Method::POST, "/v1/hello", "GET,HEAD"),
    ] {
        let answer = ann.send(method, path, "{}").await.expect_error(405, "method_not_allowed");
        let mut methods: Vec<&str> = answer.header("allow").split(',').map(str::trim).collect();
        methods.sort_unstable();
        assert_eq!(methods.join(","), allow, "{path}");
    }
}

#[mainstay::test(app = app)]
async fn a_missing_row_is_404_under_the_name_of_its_model(app: TestApp) {
    let ann = app.user("ann").await;
    for (method, plural, code) in [
        (Method::GET, "posts", "post_not_found"),
        (Method::PUT, "posts", "post_not_found"),
        (Method::DELETE, "posts", "post_not_found"),
        (Method::PUT, "things", "thing_not_found"),
        (Method::PATCH, "things", "thing_not_found"),
    ] {
        let body = if method == Method::PATCH { "[]" } else { "{}" };
        let _ = ann.send(method, &format!("/v1/{plural}/{NOBODY}"), body).await.expect_error(404, code);
    }
}

#[mainstay::test(app = app)]
async fn an_id_that_is_none_is_400(app: TestApp) {
    let ann = app.user("ann").await;
    for id in ["1", "x", "%27%20or%201=1", "0190b6a0", &"a".repeat(5000)] {
        for method in [Method::GET, Method::PUT, Method::DELETE] {
            let _ = ann.send(method, &format!("/v1/posts/{id}"), "{}").await.expect_error(400, "bad_request");
        }
    }
}

#[mainstay::test(app = app)]
async fn no_or_a_bad_credential_is_401_and_says_how_to_give_one(app: TestApp) {
    let answer = app.anonymous().post("/v1/posts", json!({ "title": "t" })).await;
    assert_eq!(answer.expect_error(401, "unauthorized").header("www-authenticate"), "Bearer");
    let bad = app.anonymous().header("x-service-token", "the token of somebody else").get("/v1/posts").await;
    let _ = bad.expect_error(401, "unauthorized");
    for bad in ["Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer", ""] {
        let answer = app.bearer(bad).get("/v1/posts").await.expect_error(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{bad}");
    }
}

#[mainstay::test(app = app)]
async fn what_the_scope_denies_outright_is_401_to_the_anonymous_and_403_to_the_signed_in(app: TestApp) {
    let one = format!("/v1/audits/{NOBODY}");
    let requests = [
        (Method::GET, "/v1/audits", ""),
        (Method::POST, "/v1/audits", r#"{"line":"x"}"#),
        (Method::GET, &one, ""),
        (Method::PUT, &one, "{}"),
        (Method::DELETE, &one, ""),
    ];
    let (ann, admin) = (app.user("ann").await, app.user_with("root", json!({ "roles": ["admin"] })).await);
    for (method, path, body) in requests {
        let _ = app.anonymous().send(method.clone(), path, body).await.expect_error(401, "unauthorized");
        let _ = ann.send(method.clone(), path, body).await.expect_error(403, "forbidden");
        let _ = app.robot().send(method.clone(), path, body).await.expect_error(403, "forbidden");
        let status = admin.send(method, path, body).await.status;
        assert!(![401, 403].contains(&status.as_u16()), "{path} {status}");
    }
}

#[mainstay::test(app = app)]
async fn a_unique_violation_is_409_and_names_the_fields(app: TestApp) {
    let ann = app.user("ann").await;
    let taken = thing(json!({ "code": "c", "area": "a", "number": 1 }));
    let _ = ann.post("/v1/things", taken).await.expect_status(201);
    let once =
        ann.post("/v1/things", thing(json!({ "code": "c" }))).await.expect_error(409, "unique_violation");
    assert_eq!(once.faults(), ["code: unique_violation"]);
    let both = ann.post("/v1/things", thing(json!({ "area": "a", "number": 1 }))).await;
    assert_eq!(
        both.expect_error(409, "unique_violation").faults(),
        ["area: unique_violation", "number: unique_violation"]
    );
    let all = ann.post("/v1/things", thing(json!({ "code": "c", "area": "a", "number": 1 }))).await;
    assert_eq!(all.expect_error(409, "unique_violation").faults().len(), 3, "each index that is in the way");
    let other = ann.post("/v1/things", thing(json!({ "area": "a", "number": 2 }))).await.expect_status(201);
    let path = format!("/v1/things/{}", other.id());
    let moved = ann.put(&path, json!({ "number": 1 })).await.expect_error(409, "unique_violation");
    assert_eq!(moved.faults().len(), 2);
    assert_eq!(ann.get(&path).await.result()["number"], 2);
}

#[mainstay::test(app = app)]
async fn rows_without_a_value_do_not_collide(app: TestApp) {
    let ann = app.user("ann").await;
    for _ in 0..2 {
        let _ = ann.post("/v1/things", thing(json!({ "area": "a" }))).await.expect_status(201);
    }
}

#[mainstay::test(app = app)]
async fn a_body_over_the_limit_is_413(app: TestApp) {
    let ann = app.user("ann").await;
    let long = "x".repeat(1024 * 1024);
    let answer = ann.post("/v1/posts", json!({ "title": long })).await;
    let _ = answer.expect_error(413, "payload_too_large");
    assert_eq!(ann.get("/v1/posts").await.result()["total"], 0);
}

#[mainstay::test(app = app)]
async fn a_body_of_another_media_type_is_415(app: TestApp) {
    for media in
        ["text/plain", "application/xml", "application/x-www-form-urlencoded", "json", "application/jsonx"]
    {
        let ann = app.user("ann").await.header("content-type", media);
        let refused =
            ann.post("/v1/posts", json!({ "title": "t" })).await.expect_error(415, "unsupported_media_type");
        let told = format!("got `{media}`: send `Content-Type: application/json`");
        assert!(refused.description().ends_with(&told), "{}", refused.description());
    }
    for media in ["application/json", "Application/JSON; charset=utf-8"] {
        let ann = app.user("ann").await.header("content-type", media);
        let _ = ann.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    }
}

async fn failing(app: &TestApp, how: &str) -> mainstay_test::Answer {
    app.anonymous().get(&format!("/v1/fail/{how}")).await
}

#[mainstay::test(app = app)]
async fn what_a_handler_fails_with_has_its_row_in_the_table(app: TestApp) {
    for (how, status, code) in [
        ("panic", 500, "internal_error"),
        ("internal", 500, "internal_error"),
        ("unavailable", 503, "unavailable"),
        ("conflict", 503, "serialization_failure"),
        ("unknown", 503, "outcome_unknown"),
        ("draining", 503, "draining"),
        ("slow", 400, "too_expensive"),
        ("progress", 409, "request_in_progress"),
        ("done", 409, "already_done"),
        ("declared", 423, "todo_locked"),
        ("limit", 429, "rate_limited"),
    ] {
        let answer = failing(&app, how).await.expect_error(status, code);
        let text = String::from_utf8_lossy(&answer.bytes);
        assert!(!text.contains("password"), "{how} tells what is ours alone: {text}");
        assert_eq!(
            !answer.header("retry-after").is_empty(),
            [503, 429].contains(&status) || how == "progress",
            "{how}"
        );
    }
}

#[mainstay::test(app = app)]
async fn what_the_database_refuses_is_500_and_tells_nothing_of_it(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/v1/shelves/{NOBODY}");
    let renamed =
        app.db().write(async |tx: &mut Tx| tx.sql("alter table shelves rename to elsewhere").execute().await);
    renamed.await.expect("the table is renamed");
    let answers = [
        ann.get("/v1/shelves").await,
        ann.get(&path).await,
        ann.post("/v1/shelves", json!({ "label": "x" })).await,
        ann.clone().key("k").post("/v1/shelves", json!({ "label": "x" })).await,
        ann.delete(&path).await,
    ];
    for answer in answers {
        let text = answer.expect_error(500, "internal_error").body.to_string();
        assert!(!text.contains("shelves") && !text.contains("SQL"), "{text}");
    }
    let renamed =
        app.db().write(async |tx: &mut Tx| tx.sql("alter table elsewhere rename to shelves").execute().await);
    renamed.await.expect("the table is back");
    let made = ann.key("k").post("/v1/shelves", json!({ "label": "x" })).await.expect_status(201);
    assert_eq!(made.header("idempotent-replayed"), "", "our own faults are not kept");
}

#[mainstay::test(app = app)]
async fn a_rate_limit_says_when_to_come_back(app: TestApp) {
    let answer = failing(&app, "limit").await.expect_error(429, "rate_limited");
    let names = ["retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
    assert_eq!(names.map(|name| answer.header(name)), ["2", "5", "0", "2"]);
    assert_eq!(answer.body["data"]["retryAfter"], 2);
}

#[mainstay::test(app = app)]
async fn the_structure_of_a_declared_error_is_in_data(app: TestApp) {
    assert_eq!(failing(&app, "declared").await.body["data"], json!({ "by": "ann" }));
}

#[mainstay::test(app = app)]
async fn a_draining_process_sends_new_requests_away(app: TestApp) {
    let ann = app.user("ann").await;
    app.service().shutdown().begin();
    let answer = ann.post("/v1/posts", json!({ "title": "t" })).await.expect_error(503, "draining");
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(posts_of(&app).await, 0);
}

async fn posts_of(app: &TestApp) -> i64 {
    let counted = app.db().reader().sql("select count(*) from posts").one().await;
    counted.expect("a count").expect("one row")
}

/// The shapes of success, which the other modules take for granted.
#[mainstay::test(app = app)]
async fn successes_are_shaped_as_the_contract_says(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "hi" })).await.expect_status(201);
    let id = made.id().to_owned();
    assert_eq!(made.header("location"), format!("/v1/posts/{id}"));
    assert_eq!(made.body["success"], true);
    let row = made.result();
    assert_eq!(
        [&row["type"], &row["title"], &row["published"]],
        [&json!("post"), &json!("hi"), &json!(false)]
    );
    assert_eq!([&row["createdAt"], &row["updatedAt"]], [&json!("2026-01-01T00:00:00.000Z"); 2]);
    let path = format!("/v1/posts/{id}");
    let read = ann.get(&path).await.expect_status(200);
    assert_eq!(read.body, made.body, "what a create answers is the row as it is stored");
    assert_eq!(read.header("etag"), "\"1\"");
    let list = ann.get("/v1/posts").await.expect_status(200);
    assert_eq!(list.body, json!({ "result": { "total": 1, "next": null, "posts": [row] }, "success": true }));
    let changed = ann.put(&path, json!({ "title": "ho" })).await.expect_status(200);
    assert_eq!([&changed.result()["title"], &changed.result()["version"]], [&json!("ho"), &json!(2)]);
    let gone = ann.delete(&path).await.expect_status(200);
    assert_eq!(gone.body, json!({ "result": { "id": id }, "success": true }));
    let _ = ann.get(&path).await.expect_error(404, "post_not_found");
    assert_eq!(head(&ann, "/v1/posts").await, (200, 0));
}

async fn head(actor: &Actor, path: &str) -> (u16, usize) {
    let answer = actor.send(Method::HEAD, path, "").await;
    (answer.status.as_u16(), answer.bytes.len())
}

/// The order is part of the contract: `id`, `type`, the times, then the declared fields.
#[mainstay::test(app = app)]
async fn a_row_begins_with_its_own_parts(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "hi" })).await.expect_status(201);
    let text = String::from_utf8(made.bytes.to_vec()).expect("UTF-8");
    let places: Vec<_> = ["\"id\"", "\"type\"", "\"createdAt\"", "\"updatedAt\"", "\"user\"", "\"title\""]
        .map(|name| text.find(name).unwrap_or(usize::MAX))
        .to_vec();
    assert!(places.is_sorted() && places.last() != Some(&usize::MAX), "{text}");
    assert_eq!(made.result()["notes"], Value::Null, "who is no editor sees no notes");
    assert!(!text.contains("notes") && !text.contains("draftKey"), "{text}");
}
