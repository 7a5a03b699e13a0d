//! Plain routes beside those of the models, and what keeps an application from starting.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn};
use http::Method;
use mainstay::auth::{AuthOptions, Credentials};
use mainstay::axum;
use mainstay::prelude::*;
use mainstay::{Assembly, axum::extract::Request};
use mainstay_test::{Db, TestApp};

use crate::models::{self, Shelf};

async fn told(Path(name): Path<String>, method: http::Method) -> Response {
    respond::ok(json!({ "method": method.as_str(), "name": name }))
}

async fn count(State(site): State<mainstay::web::Site>) -> std::result::Result<Response, ApiError> {
    let shelves = site.db().reader().sql("select count(*) from shelves").one::<i64>().await?;
    Ok(respond::ok(shelves))
}

async fn who(
    State(site): State<mainstay::web::Site>,
    headers: HeaderMap,
) -> std::result::Result<Response, ApiError> {
    let caller = site.caller(&headers).await?;
    Ok(respond::ok(caller.user().map(|user| user.subject.clone())))
}

async fn stamp(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert("x-layer", http::HeaderValue::from_static("seen"));
    response
}

fn app() -> App {
    models::app()
        .route(get("/echo/{name}", told))
        .route(post("/echo/{name}", told))
        .route(put("/echo/{name}", told))
        .route(patch("/echo/{name}", told))
        .route(delete("/echo/{name}", told))
        .route(get("/count", count))
        .route(get("/who", who))
        .layer(from_fn(stamp))
}

#[mainstay::test(app = app)]
async fn a_plain_route_answers_its_method_below_the_prefix(app: TestApp) {
    let somebody = app.anonymous();
    for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
        let answer = somebody.send(method.clone(), "/v1/echo/a%2Fb%25", "").await.expect_status(200);
        assert_eq!(answer.result(), &json!({ "method": method.as_str(), "name": "a/b%" }));
    }
    let _ = somebody.get("/echo/x").await.expect_error(404, "not_found");
    let _ = somebody.send(Method::OPTIONS, "/v1/count", "").await.expect_error(405, "method_not_allowed");
}

#[mainstay::test(app = app)]
async fn a_plain_route_shares_the_database_and_the_caller(app: TestApp) {
    assert_eq!(app.anonymous().get("/v1/count").await.expect_status(200).result(), 0);
    let _ = app.anonymous().post("/v1/shelves", json!({ "label": "x" })).await.expect_status(201);
    assert_eq!(app.anonymous().get("/v1/count").await.expect_status(200).result(), 1);
    assert_eq!(app.user("ann").await.get("/v1/who").await.expect_status(200).result(), "ann");
    assert_eq!(app.anonymous().get("/v1/who").await.expect_status(200).result(), &Value::Null);
    let _ = app.bearer("Bearer x").get("/v1/who").await.expect_error(401, "unauthorized");
}

#[mainstay::test(app = app)]
async fn a_layer_is_around_every_route(app: TestApp) {
    for path in ["/v1/hello", "/v1/posts"] {
        assert_eq!(app.anonymous().get(path).await.expect_status(200).header("x-layer"), "seen", "{path}");
    }
}

fn assembled(app: App, db: &Db) -> mainstay::Result<Assembly> {
    let credentials =
        Credentials::new(AuthOptions::new("a secret of at least 32 bytes, or so"), db.clock().clone())?;
    Assembly::new(app, db.clone(), Arc::new(credentials), "/v1")
}

#[mainstay::test]
async fn two_parts_that_clash_keep_an_application_from_starting(db: Db) {
    let tiny = || App::new("tiny").model::<Shelf>();
    let beside = tiny().route(get("/shelves/{slug}/books", told)).route(patch("/shelves/{id}", told));
    assembled(beside, &db).expect("one of each is fine");
    for (app, named) in [
        (tiny().route(get("/shelves", told)), "GET /v1/shelves"),
        (tiny().route(get("/x", told)).route(get("/x", told)), "GET /v1/x"),
        (tiny().route(get("/shelves/{slug}", told)), "/v1/shelves/{slug}"),
        (tiny().route(patch("/shelves/{slug}", told)), "/v1/shelves/{slug}"),
        (tiny().route(get("x", told)), "write `/x`"),
    ] {
        let Err(error) = assembled(app, &db) else { panic!("a clash over {named} was not seen") };
        assert!(error.to_string().contains(named), "{error}");
    }
}
