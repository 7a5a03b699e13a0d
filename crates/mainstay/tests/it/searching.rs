//! `search`: what it finds, that it follows every write, and that both stores find alike.

pub(crate) mod alike;
mod kept;

use mainstay::prelude::*;
use mainstay_test::{Actor, TestApp};

use crate::models::User;

/// Holds articles.
#[derive(Model, Clone, Debug)]
pub(crate) struct Shelf {
    pub(crate) id: Id<Shelf>,
    pub(crate) name: String,
}

#[scope]
impl Scope for Shelf {}

/// Everybody reads it when it is public.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub(crate) struct Article {
    pub(crate) id: Id<Article>,
    #[model(on_delete = cascade)]
    pub(crate) shelf: Option<Ref<Shelf>>,
    #[model(write, search)]
    pub(crate) title: String,
    #[model(write, search)]
    pub(crate) body: Option<String>,
    #[model(write)]
    pub(crate) public: bool,
}

#[scope]
impl Scope for Article {
    fn can_read(who: &Caller) -> Access<Article> {
        if who.has_role("editor") { all() } else { rows(Article::PUBLIC.eq(true)) }
    }
    fn can_create(_: &Caller) -> Access<Article> {
        all()
    }
    /// What is about rust stays about rust.
    fn can_update(who: &Caller) -> Access<Article> {
        if who.has_role("editor") { all() } else { Article::search("rust").map_or_else(|_| deny(), rows) }
    }
}

pub(crate) fn app() -> App {
    App::new("searching").users::<User>().model::<Shelf>().model::<Article>()
}

async fn article(actor: &Actor, title: &str, body: Option<&str>, public: bool) -> String {
    let made = actor.post("/v1/articles", json!({ "title": title, "body": body, "public": public })).await;
    made.expect_status(201).id().to_owned()
}

async fn shelves(app: &TestApp) -> Actor {
    let ann = app.user("ann").await;
    let _ = article(&ann, "Rust and the web", Some("A web framework. Well-known, safe."), true).await;
    let _ = article(&ann, "Java", Some("Über-frameworks: rust never sleeps"), true).await;
    let _ = article(&ann, "The web", None, true).await;
    let _ = article(&ann, "Rust, hidden", Some("not for everybody"), false).await;
    ann
}

fn escaped(text: &str) -> String {
    text.bytes().map(|it| format!("%{it:02X}")).collect()
}

async fn found(actor: &Actor, search: &str) -> Vec<Value> {
    let path = format!("/v1/articles?search={}&sort=title", escaped(search));
    let page = actor.get(&path).await.expect_status(200);
    assert_eq!(page.result()["total"], page.rows().len());
    page.column("title")
}

#[mainstay::test(app = app)]
async fn a_search_finds_words_phrases_and_beginnings(app: TestApp) {
    let ann = shelves(&app).await;
    for (search, titles) in [
        ("rust", &["Java", "Rust and the web"][..]),
        ("RUST", &["Java", "Rust and the web"]),
        ("rust java", &["Java"]),
        ("rust -java", &["Rust and the web"]),
        ("\"rust never\"", &["Java"]),
        ("\"never rust\"", &[]),
        ("\"web A web\"", &[]),
        ("the -\"the web\"", &[]),
        ("frame*", &["Java", "Rust and the web"]),
        ("\"rust\" -frame*", &[]),
        ("uber", &["Java"]),
        ("well-known or sleeps", &["Java", "Rust and the web"]),
        ("safe or \"the web\" -rust", &["Rust and the web", "The web"]),
        ("nothing", &[]),
        ("rust -", &["Java", "Rust and the web"]),
        ("'); drop table articles; --", &[]),
        ("title:rust", &[]),
        ("NEAR(rust web)", &[]),
        ("rust & web | ! ( :* <->", &["Rust and the web"]),
    ] {
        assert_eq!(found(&ann, search).await, titles, "{search}");
    }
}

#[mainstay::test(app = app)]
async fn a_search_stands_under_the_scope_and_beside_all_else(app: TestApp) {
    let ann = shelves(&app).await;
    let ed = app.user_with("ed", json!({ "roles": ["editor"] })).await;
    assert_eq!(found(&ed, "rust").await, ["Java", "Rust and the web", "Rust, hidden"]);
    assert_eq!(found(&app.anonymous(), "hidden or java").await, ["Java"]);

    let page = ann.get("/v1/articles?search=web%20or%20rust&sort=-title&limit=2").await.expect_status(200);
    assert_eq!(page.column("title"), ["The web", "Rust and the web"]);
    let next = page.result()["next"].as_str().expect("a cursor").to_owned();
    let path = format!("/v1/articles?search=web%20or%20rust&sort=-title&limit=2&cursor={next}");
    let rest = ann.get(&path).await.expect_status(200);
    assert_eq!((rest.column("title"), &rest.result()["next"]), (vec![json!("Java")], &Value::Null));

    let narrowed = ann.get("/v1/articles?search=rust&where[title][prefix]=J&select=title").await;
    assert_eq!(narrowed.expect_status(200).column("title"), ["Java"]);
    let counted = ann.get("/v1/articles?search=rust&count=only").await.expect_status(200);
    assert_eq!(counted.result()["total"], 2);
    let steps = escaped(
        &json!([
            {"method": "search", "args": ["rust"]},
            {"method": "where", "args": ["title", "Java"]},
            {"method": "orWhere", "args": ["public", false]},
        ])
        .to_string(),
    );
    let asked = ann.get(&format!("/v1/articles?__query={steps}")).await.expect_status(200);
    assert_eq!(asked.column("title"), ["Java"]);
    let twice = ann.get(&format!("/v1/articles?search=a&__query={steps}")).await;
    assert_eq!(twice.expect_error(400, "bad_request").description(), "`search` is given twice");
}

#[mainstay::test(app = app)]
async fn what_is_no_search_is_400_and_says_why(app: TestApp) {
    let ann = shelves(&app).await;
    let long = "é".repeat(201);
    let many = "a ".repeat(17);
    for (search, why) in [
        ("", "`search` holds no word, expected letters or digits"),
        ("+-*\"", "`search` holds no word, expected letters or digits"),
        ("-rust", "`search` says only what to leave out, expected a word to be found too"),
        ("web or -rust", "`search` says only what to leave out, expected a word to be found too"),
        (&long, "`search` is longer than 200 characters"),
        (&many, "`search` has more than 16 words and phrases"),
    ] {
        let answer = ann.get(&format!("/v1/articles?search={}", escaped(search))).await;
        assert_eq!(answer.expect_error(400, "bad_request").description(), why);
    }
    let answer = ann.get("/v1/users?search=ann").await.expect_error(400, "unknown_field");
    assert!(answer.description().contains("#[model(search)]"), "{}", answer.description());
    for steps in [
        json!([{"method": "search", "args": [1]}]),
        json!([{"method": "where", "args": [{"__nested": [{"method": "search", "args": ["a"]}]}]}]),
    ] {
        let path = format!("/v1/articles?__query={}", escaped(&steps.to_string()));
        let _ = ann.get(&path).await.expect_error(400, "bad_request");
    }
}

#[mainstay::test(app = app)]
async fn a_scope_may_be_a_search_and_holds_before_and_after(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/v1/articles/{}", article(&ann, "Rust", Some("and more"), true).await);
    let _ = ann.put(&path, json!({ "title": "No more" })).await.expect_error(403, "forbidden");
    let _ = ann.put(&path, json!({ "title": "More", "body": "of rust" })).await.expect_status(200);
    let _ = ann.put(&path, json!({ "title": "Of rust" })).await.expect_status(200);
    let _ = ann.put(&path, json!({ "body": null })).await.expect_status(200);
    let _ = ann.put(&path, json!({ "title": "", "body": "" })).await.expect_error(403, "forbidden");
    let other = format!("/v1/articles/{}", article(&ann, "Java", None, true).await);
    let _ = ann.put(&other, json!({ "title": "Rust" })).await.expect_error(404, "article_not_found");
}

#[mainstay::test(app = app)]
async fn code_searches_as_a_client_does(app: TestApp) {
    let _ = shelves(&app).await;
    let titles = async |filter| {
        let found = Article::filter(filter).order(Article::TITLE.asc()).all(&app.db().reader()).await;
        found.expect("articles").into_iter().map(|it| it.title).collect::<Vec<_>>()
    };
    let search = |text| Article::search(text).expect("a search");
    assert_eq!(titles(search("rust").and(Article::PUBLIC.eq(false))).await, ["Rust, hidden"]);
    assert_eq!(titles(!search("rust")).await, ["The web"]);
    assert_eq!(titles(search("sleeps").or(search("hidden"))).await, ["Java", "Rust, hidden"]);
    assert!(Article::search("?!").is_err());
    let count = Article::filter(search("web")).count(&app.db().reader()).await.expect("a count");
    assert_eq!(count, 2);
}
