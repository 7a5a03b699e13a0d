use mainstay::prelude::*;

#[derive(Model, Clone, Debug)]
struct Shelf {
    id: Id<Shelf>,
    label: String,
}

#[scope]
impl Scope for Shelf {
    fn can_read(_: &Caller) -> Access<Shelf> {
        all()
    }
}

async fn hello() -> &'static str {
    "hello"
}

async fn state() -> &'static str {
    "fine"
}

#[test]
fn the_page_on_discovery_lists_what_it_says() {
    let app = App::new("tiny").model::<Shelf>().route(get("/hello", hello));
    let routes: Vec<_> = app.routes().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(routes, ["GET /v1/hello", "GET /v1/shelves", "GET /v1/shelves/{id}"]);

    let admin = Mount::new().route(get("/state", state));
    let app = App::new("shop").mount(mainstay::mount("/admin", admin));
    assert_eq!(app.routes().unwrap()[0].to_string(), "GET /admin/state");
}
