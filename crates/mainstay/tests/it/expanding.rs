//! `expand`: rows that an answer refers to, in the place of their ids.

use mainstay::model::list::list;
use mainstay::model::{ModelEntry, Totals, parse_list};
use mainstay::prelude::*;
use mainstay_test::{Actor, TestApp};

use crate::models::{Post, User};

/// A remark on a post, or on another remark. Its author is everybody's to know, its judge not.
#[derive(Model, Clone, Debug)]
struct Remark {
    id: Id<Remark>,
    post: Ref<Post>,
    parent: Option<Ref<Remark>>,
    author: Option<Ref<Writer>>,
    #[model(read(role = "editor"))]
    judge: Option<Ref<Writer>>,
    #[model(private)]
    spy: Option<Ref<Writer>>,
    text: String,
}

#[scope]
impl Scope for Remark {
    fn can_read(_: &Caller) -> Access<Remark> {
        all()
    }
}

/// Everybody reads its name, editors its salary, and nobody its secret.
#[derive(Model, Clone, Debug)]
struct Writer {
    id: Id<Writer>,
    name: String,
    #[model(read(role = "editor"))]
    salary: i64,
    #[model(private)]
    secret: String,
}

#[scope]
impl Scope for Writer {
    fn can_read(who: &Caller) -> Access<Writer> {
        if who.has_role("banned") { deny() } else { rows(Writer::NAME.ne("hidden")) }
    }
}

fn app() -> App {
    App::new("expanding").users::<User>().model::<Post>().model::<Remark>().model::<Writer>()
}

async fn writer(app: &TestApp, name: &str) -> Id<Writer> {
    let writer = |name: &str| NewWriter { name: name.to_owned(), salary: 7, secret: "s".to_owned() };
    let name = name.to_owned();
    app.db().write(async move |tx| Ok(writer(&name).insert(tx).await?.id)).await.expect("a writer")
}

async fn post(actor: &Actor, published: bool) -> Id<Post> {
    let made = actor.post("/v1/posts", json!({ "title": "t", "published": published })).await;
    serde_json::from_value(made.expect_status(201).result()["id"].clone()).expect("an id")
}

async fn remark(app: &TestApp, post: Id<Post>, text: &str, writer: Option<Id<Writer>>) -> Id<Remark> {
    let text = text.to_owned();
    app.db()
        .write(async move |tx| {
            let author = writer.map(Ref::from);
            let new = NewRemark {
                post: post.into(),
                parent: None,
                author,
                judge: author,
                spy: author,
                text: text.clone(),
            };
            Ok(new.insert(tx).await?.id)
        })
        .await
        .expect("a remark")
}

#[mainstay::test(app = app)]
async fn an_expanded_reference_is_the_row_in_the_place_of_its_id(app: TestApp) {
    let ann = app.user("ann").await;
    let (post, ann_writer) = (post(&ann, true).await, writer(&app, "ann").await);
    let id = remark(&app, post, "r", Some(ann_writer)).await;
    let plain = ann.get(&format!("/v1/remarks/{id}")).await.expect_status(200);
    assert_eq!(plain.result()["author"], json!(ann_writer));

    let shown = ann.get(&format!("/v1/writers/{ann_writer}")).await.expect_status(200);
    let path = format!("/v1/remarks/{id}?expand=author,post.user");
    let expanded = ann.get(&path).await.expect_status(200);
    assert_eq!(&expanded.result()["author"], shown.result());
    assert_eq!(expanded.result()["post"]["title"], "t");
    assert_eq!(expanded.result()["post"]["user"]["name"], "ann");
    assert_eq!(expanded.result()["text"], "r");
    assert_eq!(expanded.result()["parent"], Value::Null);

    let listed = ann.get("/v1/remarks?expand=author,post.user").await.expect_status(200);
    assert_eq!(listed.rows(), [expanded.result().clone()]);
    let selected = ann.get("/v1/remarks?select=text&expand=author").await.expect_status(200);
    assert_eq!(selected.rows(), [json!({ "id": id, "text": "r", "author": shown.result() })]);
}

/// A version tells whether the row has changed, not whether what it refers to has.
#[mainstay::test(app = app)]
async fn an_expanded_row_is_sent_again_whatever_version_the_client_has(app: TestApp) {
    let ann = app.user("ann").await;
    let id = remark(&app, post(&ann, true).await, "r", None).await;
    let path = format!("/v1/remarks/{id}");
    let tag = ann.get(&path).await.expect_status(200).header("etag").to_owned();
    let ann = ann.header("if-none-match", &tag);
    let _ = ann.get(&path).await.expect_status(304);
    let _ = ann.get(&format!("{path}?select=text")).await.expect_status(304);
    let _ = ann.get(&format!("{path}?expand=post")).await.expect_status(200);
}

#[mainstay::test(app = app)]
async fn what_is_out_of_reach_expands_like_what_is_not_there(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let hidden = writer(&app, "hidden").await;
    let post = post(&ann, false).await;
    let _ = remark(&app, post, "hidden", Some(hidden)).await;
    let _ = remark(&app, post, "none", None).await;

    for actor in [bob, app.anonymous(), app.user_with("eve", json!({ "roles": ["banned"] })).await] {
        let remarks = actor.get("/v1/remarks?sort=text&expand=author,post.user").await.expect_status(200);
        assert_eq!(remarks.column("author"), [Value::Null, Value::Null]);
        assert_eq!(remarks.column("post"), [Value::Null, Value::Null], "a draft is its author's");
    }
    let own = ann.get("/v1/remarks?expand=post.user,author&limit=1").await.expect_status(200);
    assert_eq!(own.rows()[0]["post"]["user"]["name"], "ann");
    let seen = writer(&app, "seen").await;
    let _ = remark(&app, post, "seen", Some(seen)).await;
    let banned = app.user_with("eve", json!({ "roles": ["banned"] })).await;
    let remarks = banned.get("/v1/remarks?where[text]=seen&expand=author").await.expect_status(200);
    assert_eq!(remarks.column("author"), [Value::Null], "a scope that denies outright");
}

#[mainstay::test(app = app)]
async fn an_expanded_row_shows_only_the_fields_that_its_caller_sees(app: TestApp) {
    let ann = app.user("ann").await;
    let seen = writer(&app, "seen").await;
    let _ = remark(&app, post(&ann, true).await, "r", Some(seen)).await;
    let answer = ann.get("/v1/remarks?expand=author,post").await.expect_status(200);
    let author = answer.rows()[0]["author"].as_object().expect("a writer");
    assert_eq!(author.keys().collect::<Vec<_>>(), ["createdAt", "id", "name", "type", "updatedAt"]);
    assert!(answer.rows()[0]["post"].get("draftKey").is_none(), "{}", answer.body);
    let editor = app.user_with("ed", json!({ "roles": ["editor"] })).await;
    let answer = editor.get("/v1/remarks?expand=author,judge").await.expect_status(200);
    assert_eq!(answer.rows()[0]["judge"]["salary"], 7);
    assert!(answer.rows()[0]["author"].get("secret").is_none());

    for field in
        ["judge", "spy", "author.secret", "nonsense", "text", "", "post.draftKey", "post.user.issuer"]
    {
        for path in ["/v1/remarks", "/v1/remarks/0190b6a0-0000-7000-8000-000000000000"] {
            let refused = ann.get(&format!("{path}?expand={field}")).await;
            let refused = refused.expect_error(400, "unknown_field");
            assert!(!refused.description().contains("`spy`,"), "{}", refused.description());
            assert!(!refused.description().contains("`judge`,"), "{}", refused.description());
        }
    }
    let refused = ann.get("/v1/remarks?expand=autor").await.expect_error(400, "unknown_field");
    assert_eq!(
        refused.description(),
        "`expand` cannot follow `autor`: expected one of `post`, `parent`, `author`"
    );
}

#[mainstay::test(app = app)]
async fn what_expand_follows_is_bounded(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.get("/v1/remarks?expand=parent.parent.parent").await.expect_status(200);
    let _ = ann.get("/v1/remarks?expand=parent.parent.parent.post").await.expect_error(400, "bad_request");
    let many = "post.user,parent.post.user,parent.parent.post,parent.parent.author";
    let _ = ann.get(&format!("/v1/remarks?expand={many}")).await.expect_status(200);
    let more = format!("{many},author");
    let _ = ann.get(&format!("/v1/remarks?expand={more}")).await.expect_error(400, "bad_request");
    let _ = ann.get("/v1/remarks?expand=post&expand=author").await.expect_error(400, "bad_request");
    let _ = ann
        .get("/v1/remarks/0190b6a0-0000-7000-8000-000000000000?expnd=post")
        .await
        .expect_error(400, "bad_request");
}

/// Nothing of another model can be learnt by order or by count.
#[mainstay::test(app = app)]
async fn neither_filters_nor_sorts_go_through_a_reference(app: TestApp) {
    let ann = app.user("ann").await;
    for query in [
        "where[author.salary]=7",
        "where[author.name][gt]=a",
        "where[author][name]=a",
        "sort=author.salary",
        "sort=-post.draftKey",
        "select=author.name",
        "expand=author&sort=author.name",
    ] {
        let refused = ann.get(&format!("/v1/remarks?{query}")).await.expect_status(400);
        let code = refused.body["error"].as_str().expect("a code");
        assert!(matches!(code, "unknown_field" | "unknown_operator"), "{query}: {}", refused.body);
    }
}

#[mainstay::test(app = app)]
async fn expanding_a_hundred_rows_takes_one_statement_more(app: TestApp) {
    let ann = app.user("ann").await;
    let post = post(&ann, true).await;
    for number in 0..100 {
        let writer = writer(&app, &format!("w{number}")).await;
        let _ = remark(&app, post, "r", Some(writer)).await;
    }
    let entries = [ModelEntry::of::<Remark>(), ModelEntry::of::<Post>(), ModelEntry::of::<Writer>()];
    let models: Vec<&'static ModelEntry> =
        entries.into_iter().map(|entry| &*Box::leak(Box::new(entry))).collect();
    let asked = async |pairs: &[(&str, &str)]| {
        let pairs: Vec<_> = pairs.iter().map(|(name, it)| ((*name).to_owned(), (*it).to_owned())).collect();
        let query = parse_list(models[0], &models, &Caller::Anonymous, &pairs).expect("a query");
        let reader = app.db().reader();
        let page = list(&reader, models[0], &Caller::Anonymous, &query, &Totals::default()).await;
        let rows: Value = serde_json::from_slice(&page.expect("a page").rows).expect("rows");
        (rows, reader.statements())
    };
    let (rows, statements) = asked(&[("limit", "100"), ("count", "none"), ("expand", "author")]).await;
    assert!(rows.as_array().expect("rows").iter().all(|row| row["author"]["name"].is_string()), "{rows}");
    assert_eq!((rows.as_array().map(Vec::len), statements), (Some(100), 2));
    let both = [("limit", "100"), ("count", "none"), ("expand", "author,post")];
    assert_eq!(asked(&both).await.1, 3);
}
