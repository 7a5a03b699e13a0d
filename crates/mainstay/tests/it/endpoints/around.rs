use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app::guarded;

#[mainstay::test(app = guarded)]
async fn middleware_runs_from_the_application_inwards(app: TestApp) {
    let shown = app.anonymous().get("/v1/admin/trail").await.expect_status(200);
    assert_eq!((shown.result(), shown.header("x-trail")), (&json!("outer below own"), "outer"));
}

#[mainstay::test(app = guarded)]
async fn a_middlewares_error_is_answered_like_any_other(app: TestApp) {
    let refused = app.anonymous().header("x-refuse", "1").get("/v1/admin/trail").await;
    let refused = refused.expect_error(418, "teapot");
    assert_eq!(refused.header("x-trail"), "outer");
}

#[mainstay::test(app = guarded)]
async fn request_hooks_run_before_the_credential_before_the_handler_and_after_it(app: TestApp) {
    let token = format!("Bearer {}", app.token("ed", json!({ "roles": ["editor"] })));
    let lent = app.anonymous().header("x-old-token", &token).get("/v1/desk").await.expect_status(200);
    assert_eq!(lent.header("x-route"), "/v1/desk");
    let refused = app.user("eve").await.get("/v1/rooms").await.expect_error(403, "shut_out");
    assert_eq!(refused.header("x-route"), "/v1/rooms");
    let bad = app.bearer("Bearer x").get("/v1/rooms").await.expect_error(401, "unauthorized");
    assert_eq!(bad.header("x-route"), "/v1/rooms");
    assert_eq!(app.anonymous().get("/v1/rooms").await.expect_status(200).header("x-route"), "/v1/rooms");
}
