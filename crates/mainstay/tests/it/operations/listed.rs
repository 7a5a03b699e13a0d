use mainstay::prelude::*;
use mainstay_test::{FaultPoint, TestApp};

use super::app::{app, cached};

fn listed(app: &App, path: &str, method: &str) -> Value {
    let routes = app.routes().unwrap();
    let found = routes.iter().find(|it| it.path == path && it.method == method);
    mainstay::serde_json::to_value(found.unwrap_or_else(|| panic!("{path} is not listed"))).unwrap()
}

#[test]
fn an_operation_is_listed_with_its_terms() {
    let trail = listed(&app(), "/v1/ops/trail.leave", "POST");
    assert_eq!(
        (&trail["kind"], &trail["serves"], &trail["queue"]),
        (&json!("operation"), &json!("leave_trail"), &json!("walks"))
    );
    assert_eq!(trail["middleware"], json!(["of_application", "of_part", "of_queue", "with_org"]));
    assert!(trail["file"].as_str().unwrap().ends_with("operations/app.rs"));
    let rare = listed(&app(), "/v1/ops/notes.rare", "POST");
    assert_eq!((&rare["rateLimit"], &rare["admits"]), (&json!("2/60s"), &json!("everyone")));
    for method in ["GET", "POST"] {
        let count = listed(&cached(), "/v1/ops/notes.count.{kind}", method);
        assert_eq!((&count["cacheSeconds"], &count["admits"]), (&json!(10.0), &json!("signedIn")));
    }
}

#[test]
fn an_endpoint_is_listed_with_its_terms() {
    let rare = listed(&app(), "/v1/rare", "POST");
    assert_eq!((&rare["rateLimit"], &rare["queue"]), (&json!("1/10s"), &Value::Null));
    let org = listed(&app(), "/v1/org", "GET");
    assert_eq!(
        (&org["admits"], &org["middleware"]),
        (&json!({ "roles": ["keeper"] }), &json!(["org_of_request"]))
    );
}

#[mainstay::test(app = app, sqlite)]
async fn an_operation_is_counted_under_its_own_path(app: TestApp) {
    let _ = app.anonymous().post("/v1/ops/trail.leave", Value::Null).await.expect_status(200);
    let metrics = app.anonymous().get("/metrics").await.text().to_owned();
    assert!(metrics.contains("route=\"/v1/ops/trail.leave\""), "{metrics}");
}

#[mainstay::test(app = app)]
async fn transactions_are_counted_by_what_became_of_them(app: TestApp) {
    app.fault(FaultPoint::Conflict);
    let _ = app.anonymous().post("/v1/ops/notes.add", json!("x")).await.expect_status(200);
    let _ = app.anonymous().post("/v1/ops/notes.add", json!("bad")).await.expect_status(409);
    let metrics = app.anonymous().get("/metrics").await.text().to_owned();
    for line in [
        "database_transactions_total{outcome=\"conflicted\"} 1",
        "database_transactions_total{outcome=\"failed\"} 1",
        "database_transactions_total{outcome=\"committed\"}",
        "database_transaction_duration_seconds_bucket",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
}
