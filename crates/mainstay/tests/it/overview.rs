//! The page at `/` for developers.

use mainstay::prelude::*;
use mainstay_test::TestApp;

use crate::models;

async fn page(app: &TestApp) -> String {
    let page = app.anonymous().get("/").await.expect_status(200);
    let policy = page.header("content-security-policy").to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    String::from_utf8(page.bytes.to_vec()).unwrap()
}

#[mainstay::test(app = models::app)]
async fn developers_see_routes_models_and_the_last_requests(app: TestApp) {
    let _ = app.anonymous().get("/v1/posts?search=%3Cb%3E").await;
    let _ = app.anonymous().header("x-request-id", "<script>").get("/v1/shelves/none").await;
    let page = page(&app).await;
    assert!(page.contains("/v1/posts/{id}") && page.contains("models.rs:"), "a route and its place: {page}");
    assert!(page.contains("draftKey") && page.contains("private; set on create"), "a model and its field");
    assert!(page.contains("<td class=\"s4\">400</td>"), "a request and its status");
    assert!(
        page.contains("&lt;script&gt;") && !page.contains("<script"),
        "whatever a client sends is escaped"
    );
    assert!(!page.contains("://"), "nothing comes from elsewhere");
}

/// A function of the name that endpoints have in files of their own.
mod publish {
    use mainstay::prelude::*;

    #[endpoint]
    pub(super) async fn handler() -> &'static str {
        "published"
    }
}

fn publishing() -> App {
    models::app().endpoint_at(Method::Post, "/posts/{id}/publish", publish::handler)
}

#[mainstay::test(app = publishing)]
async fn the_page_lists_routes_by_model_and_an_endpoint_by_its_file(app: TestApp) {
    let page = page(&app).await;
    let (_, posts) = page.split_once("<th colspan=\"4\">post</th>").expect("the routes of posts");
    let posts = posts.split("<th colspan").next().expect("something");
    for part in ["<td>post.list</td>", "<td>overview::publish</td>", "/v1/posts/{id}/publish"] {
        assert!(posts.contains(part), "{part}: {posts}");
    }
    assert!(!posts.contains("shelf.list") && !posts.contains("<td>handler</td>"), "{posts}");
}

fn empty() -> App {
    App::new("empty")
}

#[mainstay::test(app = empty)]
async fn an_application_without_models_is_told_where_to_begin(app: TestApp) {
    assert!(page(&app).await.contains("src/models"));
}
