//! What the page on testing shows.

use mainstay::prelude::*;
use mainstay_test::TestApp;

#[mainstay::test]
async fn a_post_is_published(app: TestApp) {
    let ann = app.user("ann").await;
    let post = ann.post("/v1/posts", json!({ "title": "hi", "published": true })).await.expect_status(201);
    let listed = app.anonymous().get("/v1/posts").await.expect_status(200);
    let _ = listed.expect_result(
        &json!({ "posts": [{ "id": post.id(), "createdAt": "[time]", "...": "" }], "...": "" }),
    );
}
