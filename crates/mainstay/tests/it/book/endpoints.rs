use mainstay::axum::http::HeaderValue;
use mainstay::prelude::*;
use mainstay_test::TestApp;

#[derive(Clone)]
pub struct Org(String);

#[middleware]
pub async fn with_org(cx: &mut RequestCx, next: Next<'_>) -> Result<Response> {
    let org = cx.headers().get("x-org").and_then(|it| it.to_str().ok()).map(str::to_owned);
    let org = org.ok_or_else(|| Error::http(400, "org_missing", "say for whom: send `x-org`"))?;
    cx.insert(Org(org));
    let mut response = next.run(cx).await;
    response.headers_mut().insert("vary", HeaderValue::from_static("x-org"));
    Ok(response)
}

#[endpoint(get, "/org", middleware = [with_org])]
pub async fn show_org(Extension(Org(name)): Extension<Org>) -> Json<String> {
    Json(name)
}

#[request_hook(after_handler)]
pub async fn no_index(_: &mut RequestCx, response: &mut Response) -> Result<()> {
    response.headers_mut().insert("x-robots-tag", HeaderValue::from_static("noindex"));
    Ok(())
}

fn app() -> App {
    App::new("orgs").endpoint(show_org).request_hook(no_index)
}

#[mainstay::test(app = app)]
async fn the_page_on_endpoints_does_what_it_says(app: TestApp) {
    let _ = app.anonymous().get("/v1/org").await.expect_error(400, "org_missing");
    let named = app.anonymous().header("x-org", "acme").get("/v1/org").await.expect_status(200);
    assert_eq!(named.result(), "acme");
    assert_eq!((named.header("vary"), named.header("x-robots-tag")), ("x-org", "noindex"));
}
