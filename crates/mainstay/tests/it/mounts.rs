//! Parts of an application, where they are mounted, and what clashes between them.

use std::sync::Arc;

use mainstay::auth::{AuthOptions, Credentials};
use mainstay::kernel::Place;
use mainstay::prelude::*;
use mainstay::{Assembly, Declared, mount};
use mainstay_test::{Db, TestApp};

use crate::models::{Shelf, Tag, User};

async fn hello() -> Response {
    respond::ok("hello")
}

/// Tags whose routes are below `/admin`, beside shelves below the API's own prefix.
fn library() -> App {
    let admin = Mount::new().model::<Tag>().route(get("/hello", hello));
    App::new("library").users::<User>().mount(Mount::new().model::<Shelf>()).mount(mount("/admin", admin))
}

#[mainstay::test(app = library)]
async fn a_part_answers_below_its_own_prefix(app: TestApp) {
    let ann = app.user("ann").await;
    let tag = ann.post("/admin/tags", json!({ "label": "x" })).await.expect_status(201);
    let location = tag.header("location").to_owned();
    assert_eq!(location, format!("/admin/tags/{}", tag.id()));
    let _ = ann.get(&location).await.expect_status(200);
    let _ = ann.get("/v1/tags").await.expect_error(404, "not_found");
    assert_eq!(app.anonymous().get("/admin/hello").await.expect_status(200).result(), "hello");
    let _ = ann.post("/v1/shelves", json!({ "label": "x" })).await.expect_status(201);
}

#[test]
fn routes_are_listed_with_what_serves_them_and_where_it_is() {
    let routes = library().routes().expect("no clash");
    let listed: Vec<_> = routes.iter().map(|it| format!("{it} {}", it.serves)).collect();
    assert!(listed.contains(&"GET /admin/tags tag.list".to_owned()), "{listed:?}");
    assert!(listed.contains(&"GET /admin/hello it::mounts::hello".to_owned()), "{listed:?}");
    assert!(routes.is_sorted_by_key(|it| it.path.clone()), "{listed:?}");
    let of = |path: &str| routes.iter().find(|it| it.path == path).expect("a route").place;
    assert_eq!(of("/admin/tags"), Tag::SCHEMA.place);
    assert!(of("/admin/hello").file.ends_with("mounts.rs"));
}

#[mainstay::test]
async fn what_clashes_between_parts_is_told_with_both_places(db: Db) {
    let start = |app: App| {
        let credentials =
            Credentials::new(AuthOptions::new("a secret of at least 32 bytes, or so"), db.clock().clone())
                .expect("credentials");
        match Assembly::new(app, db.clone(), Arc::new(credentials), "/v1") {
            Ok(_) => panic!("it was put together"),
            Err(error) => error.to_string(),
        }
    };
    let line = line!();
    let twice = App::new("x").model::<Shelf>().mount(mount("/admin", Mount::new().model::<Shelf>()));
    let here = Place::at(file!(), line + 1);
    let model = Shelf::SCHEMA.place;
    let said = format!(
        "the model `shelf` ({model}) is mounted twice, at {here} and at {here}: take one of the two away"
    );
    assert_eq!(start(twice), said);

    let route = get("/shelves/{id}", hello);
    let here = Place::at(file!(), line!() - 1);
    let said = start(App::new("x").model::<Shelf>().mount(Mount::new().route(route)));
    assert!(said.contains("`GET /v1/shelves/{id}` is mounted twice"), "{said}");
    assert!(said.contains(&here.to_string()) && said.contains(&model.to_string()), "{said}");

    for prefix in ["admin", "/admin/", "/", "", "/a//b", "/{id}", "/a b"] {
        let said = start(App::new("x").mount(mount(prefix, Mount::new())));
        let (named, place) = (format!("the prefix `{prefix}` ("), Place::at(file!(), line!() - 1));
        assert!(said.starts_with(&named) && said.contains("like `/admin`"), "{said}");
        assert!(said.contains(&place.to_string()), "{said}");
    }
    let said = start(App::new("x").users::<User>().mount(Mount::new().users::<User>()));
    assert!(said.contains("the model `user`") && said.contains("mounted twice"), "{said}");
}

#[mainstay::test]
async fn what_is_declared_and_not_mounted_keeps_an_application_from_starting(db: Db) {
    let start = |app: App| {
        let credentials =
            Credentials::new(AuthOptions::new("a secret of at least 32 bytes, or so"), db.clock().clone())
                .expect("credentials");
        Assembly::new(app, db.clone(), Arc::new(credentials), "/v1").map(drop).map_err(|it| it.to_string())
    };
    const HOOK: Declared = Declared { kind: "hook", name: "told", file: "services/audit.rs", line: 12 };
    let said = start(App::new("x").mount(Mount::new().declared("app/src/discovered.rs", &[HOOK])));
    let expected = "the hook `told` (app/src/services/audit.rs:12) is declared and not mounted: move it to the folder of \
                    its kind, where discovery mounts it, or add it to the `App` in `main.rs`";
    assert_eq!(said, Err(expected.to_owned()));

    let place = Shelf::SCHEMA.place;
    let file = place.file.strip_prefix("crates/mainstay/tests/it/").expect("it is a file of this folder");
    let shelf = Declared { kind: "model", name: "Shelf", file, line: place.line };
    let all: &'static [Declared] = vec![shelf, HOOK].leak();
    let said = start(App::new("x").model::<Shelf>().mount(Mount::new().declared(file!(), all)));
    let said = said.expect_err("the hook is not mounted");
    assert!(said.starts_with("the hook `told` (crates/mainstay/tests/it/services/audit.rs:12) is"), "{said}");
    let said =
        start(App::new("x").mount(Mount::new().declared(file!(), all))).expect_err("nothing is mounted");
    assert!(said.starts_with(&format!("the model `Shelf` ({place}), the hook `told` (")), "{said}");
    start(App::new("x").model::<Shelf>().mount(Mount::new().declared(file!(), &all[..1])))
        .expect("all is mounted");
}
