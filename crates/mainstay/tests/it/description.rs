//! What the API says of itself at `/openapi.json`, and the page that shows it.

use mainstay::mount;
use mainstay::prelude::*;
use mainstay_test::TestApp;

use crate::models::{self, Shelf, Tag, User};

async fn hello() -> Response {
    respond::ok("hello")
}

/// Tags below `/admin`, shelves below the API's own prefix.
fn library() -> App {
    let admin = Mount::new().model::<Tag>().route(get("/hello/{name}", hello));
    App::new("library").users::<User>().mount(Mount::new().model::<Shelf>()).mount(mount("/admin", admin))
}

async fn document(app: &TestApp, path: &str) -> Value {
    app.anonymous().get(path).await.expect_status(200).body
}

fn paths(document: &Value) -> Vec<&str> {
    document["paths"].as_object().unwrap().keys().map(String::as_str).collect()
}

#[mainstay::test(app = library)]
async fn each_mount_has_a_document_of_its_own(app: TestApp) {
    let usual = document(&app, "/openapi.json").await;
    assert_eq!(usual["openapi"], "3.1.0");
    assert_eq!(usual["info"]["title"], "library");
    assert!(paths(&usual).contains(&"/v1/shelves/{id}") && paths(&usual).contains(&"/readyz"));
    let admin = document(&app, "/admin/openapi.json").await;
    assert_eq!(paths(&admin), ["/admin/hello/{name}", "/admin/tags", "/admin/tags/{id}"]);
    let hello = &admin["paths"]["/admin/hello/{name}"]["get"];
    assert_eq!(hello["parameters"][0]["name"], "name");
    assert!(hello["responses"]["default"].is_object(), "what a plain handler answers is its own");
}

#[mainstay::test(app = library)]
async fn the_page_loads_nothing_from_elsewhere(app: TestApp) {
    let page = app.anonymous().get("/docs").await.expect_status(200);
    let policy = page.header("content-security-policy");
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self';") && !policy.contains("http"),
        "{policy}"
    );
    let text = String::from_utf8(page.bytes.to_vec()).unwrap();
    assert!(text.contains("/openapi.json") && text.contains("/admin/openapi.json"), "{text}");
    assert!(!text.contains("://"), "{text}");
    let packed =
        app.anonymous().header("accept-encoding", "gzip").get("/docs/scalar.js").await.expect_status(200);
    assert_eq!(packed.header("content-encoding"), "gzip");
    let plain = app.anonymous().get("/docs/scalar.js").await.expect_status(200);
    assert!(plain.bytes.len() > packed.bytes.len() && plain.bytes.starts_with(b"/**"));
}

async fn mine() -> &'static str {
    "mine"
}

fn with_docs_of_its_own() -> App {
    App::new("own").mount(mount("/docs", Mount::new().route(get("/scalar.js", mine))))
}

#[mainstay::test(app = with_docs_of_its_own)]
async fn a_page_of_the_applications_stays_where_it_is(app: TestApp) {
    assert_eq!(app.anonymous().get("/docs/scalar.js").await.expect_status(200).bytes, "mine");
}

#[mainstay::test(app = models::app)]
async fn an_operation_says_whom_it_admits(app: TestApp) {
    let document = document(&app, "/openapi.json").await;
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    let signed_in = json!([{ "bearer": [] }, { "serviceToken": [] }, { "apiKey": [] }]);
    assert_eq!(security("/v1/posts", "post"), signed_in);
    assert_eq!(security("/v1/posts", "get")[0], json!({}), "anybody reads what is published");
    for scheme in ["bearer", "serviceToken", "apiKey"] {
        assert!(document["components"]["securitySchemes"][scheme].is_object(), "{scheme}");
    }
}

#[mainstay::test(app = models::app)]
async fn what_is_private_is_in_no_document(app: TestApp) {
    let text = document(&app, "/openapi.json").await.to_string();
    assert!(!text.contains("\"issuer\"") && !text.contains("where[issuer]"));
    let rows = &document(&app, "/openapi.json").await["components"]["schemas"]["Post"]["properties"];
    assert!(rows.get("draftKey").is_none() && rows["notes"]["x-role"] == "editor", "{rows}");
}

#[mainstay::test(app = models::app)]
async fn an_operation_lists_its_errors_by_status_and_code(app: TestApp) {
    let document = document(&app, "/openapi.json").await;
    let patch = &document["paths"]["/v1/posts/{id}"]["patch"];
    let errors = patch["x-errors"].as_array().unwrap();
    let listed =
        |status: u64, code: &str| errors.iter().any(|it| it["status"] == status && it["code"] == code);
    let expected = [
        (404, "post_not_found"),
        (409, "patch_test_failed"),
        (412, "stale_version"),
        (422, "read_only_field"),
    ];
    for (status, code) in expected {
        assert!(listed(status, code), "{status} {code}");
        assert!(patch["responses"][status.to_string()]["$ref"].is_string(), "{status}");
    }
    let media: Vec<_> = patch["requestBody"]["content"].as_object().unwrap().keys().collect();
    let three = ["application/json", "application/json-patch+json", "application/merge-patch+json"];
    assert_eq!(media, three);
}

#[mainstay::test(app = models::app)]
async fn every_reference_within_a_document_leads_somewhere(app: TestApp) {
    let document = document(&app, "/openapi.json").await;
    let mut open = vec![&document];
    let mut followed = 0;
    while let Some(part) = open.pop() {
        if let Some(reference) = part["$ref"].as_str() {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            followed += 1;
        }
        match part {
            Value::Object(members) => open.extend(members.values()),
            Value::Array(items) => open.extend(items),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    assert!(followed > 100, "{followed}");
}

/// What an application calls as a document would call the body that makes a shelf.
#[data]
struct NewShelf {
    /// How it is bound.
    spine: String,
}

/// Binds it.
#[endpoint(post, "/bind")]
async fn bind(Json(shelf): Json<NewShelf>) -> Json<String> {
    Json(shelf.spine)
}

fn bindery() -> App {
    App::new("bindery").model::<Shelf>().endpoint(bind)
}

#[mainstay::test(app = bindery)]
async fn a_type_of_the_applications_keeps_its_name_beside_a_models(app: TestApp) {
    let document = document(&app, "/openapi.json").await;
    assert!(document["components"]["schemas"]["NewShelf"]["properties"]["spine"].is_object());
    let body =
        |path: &str| document["paths"][path]["post"]["requestBody"]["content"]["application/json"].clone();
    assert_eq!(body("/v1/bind")["schema"]["$ref"], "#/components/schemas/NewShelf");
    assert_eq!(body("/v1/shelves")["schema"]["$ref"], "#/components/schemas/NewShelf2");
}
