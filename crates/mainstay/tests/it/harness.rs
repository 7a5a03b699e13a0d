//! What tests of applications rest on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use mainstay::prelude::*;
use mainstay_test::{FaultPoint, TestApp, insta};

/// Whom books are by.
#[derive(Model, Clone, Debug)]
#[model(identity)]
struct Author {
    id: Id<Author>,
    issuer: String,
    subject: String,
    #[garde(email)]
    #[model(unique)]
    email: Option<String>,
    name: Option<String>,
}

#[scope]
impl Scope for Author {
    fn can_read(_: &Caller) -> Access<Author> {
        all()
    }
}

#[derive(ModelEnum, Clone, Copy, Debug, PartialEq)]
enum Binding {
    Soft,
    Hard,
}

/// With rules of several kinds.
#[derive(Model, Clone, Debug)]
struct Book {
    id: Id<Book>,
    #[model(write)]
    author: Ref<Author>,
    sequel_of: Option<Ref<Book>>,
    #[garde(length(min = 20, max = 40))]
    #[model(write)]
    title: String,
    #[garde(alphanumeric, length(max = 20))]
    #[model(unique, write)]
    code: String,
    #[garde(email)]
    contact: String,
    #[garde(range(min = 500, max = 2000))]
    pages: i64,
    #[garde(length(min = 3, max = 3))]
    shelf: String,
    #[model(required)]
    bound: Binding,
    price: Decimal<2>,
    #[model(required)]
    tags: Json<Vec<String>>,
    published: Date,
    #[model(version)]
    version: i64,
    created_at: Timestamp,
}

#[scope]
impl Scope for Book {
    fn can_read(_: &Caller) -> Access<Book> {
        all()
    }
    fn can_update(_: &Caller) -> Access<Book> {
        all()
    }
    fn can_delete(_: &Caller) -> Access<Book> {
        all()
    }
}

fn app() -> App {
    App::new("library").users::<Author>().model::<Book>()
}

#[mainstay::test(app = app)]
async fn a_factory_makes_rows_that_their_rules_accept(app: TestApp) {
    let books = app
        .make_many::<Book, _>(12, |number| {
            [Book::PUBLISHED.set(Date::constant(2026, 1, 1).plus_days(number as i32))]
        })
        .await;
    for book in &books {
        assert!((20..=40).contains(&book.title.chars().count()), "{}", book.title);
        assert!(book.contact.contains('@') && book.shelf.chars().count() == 3, "{book:?}");
        assert!((500..=2000).contains(&book.pages) && book.sequel_of.is_none());
        let author =
            app.anonymous().get(&format!("/v1/authors/{}", book.author.id())).await.expect_status(200);
        assert_eq!(author.result()["type"], "author");
    }
    let second = app.make([Book::SEQUEL_OF.set(books[0].id), Book::BOUND.set(Binding::Hard)]).await;
    assert_eq!((second.sequel_of.map(|it| it.id()), second.bound), (Some(books[0].id), Binding::Hard));
    assert_eq!(Book::filter(Book::ID.is_not_null()).count(&app.db().reader()).await.expect("a count"), 13);
}

#[mainstay::test(app = app)]
async fn rows_come_from_a_file_and_refer_to_each_other_by_name(app: TestApp) {
    let rows = app.fixtures("library").await;
    let (first, second): (Book, Book) = (rows.row("first"), rows.row("second"));
    assert_eq!(first.author.id(), rows.id::<Author>("ann"));
    assert_eq!(second.sequel_of.map(|it| it.id()), Some(rows.id("first")));
    assert_eq!(first.published, Date::constant(2026, 1, 31));
    assert_eq!((first.price.to_string().as_str(), second.bound), ("9.50", Binding::Hard));
    assert!((500..=2000).contains(&first.pages), "what is left out is filled in");
    let listed = app.anonymous().get("/v1/books?sort=title").await.expect_status(200);
    assert_eq!(listed.column("title"), ["And then the second one", "The first of all the books"]);
    let only: Book = app.fixtures("shelf").await.row("only");
    assert_eq!(only.published, Date::constant(2026, 2, 3));
}

/// What a test reads whose file is wrong.
async fn refused(app: &TestApp, file: &str) -> String {
    let made = futures_util::FutureExt::catch_unwind(AssertUnwindSafe(app.fixtures(file))).await;
    let panic = made.expect_err("it is refused");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[mainstay::test(sqlite, app = app)]
async fn a_file_of_rows_that_is_wrong_is_told_where(app: TestApp) {
    for (file, said) in [
        (
            "nothing",
            "there is neither tests/fixtures/nothing.toml nor tests/fixtures/nothing.json: write one of them",
        ),
        (
            "wrong_model",
            "tests/fixtures/wrong_model.toml: there is no model `bok`, expected one of `author`, `book`",
        ),
        (
            "wrong_field",
            "tests/fixtures/wrong_field.toml: book.first.titel: there is no such field, expected one of `id`",
        ),
        ("wrong_value", "tests/fixtures/wrong_value.toml: book.first.title: `\"short\"`: "),
        (
            "wrong_name",
            "tests/fixtures/wrong_name.toml: book.first.author: the file has no author `bob`: add `[author.bob]`, or \
             write an id",
        ),
        (
            "wrong_circle",
            "tests/fixtures/wrong_circle.toml: the book `one` refers to itself by way of other rows",
        ),
    ] {
        let refused = refused(&app, file).await;
        assert!(refused.starts_with(said), "{refused}");
    }
    assert_eq!(Book::filter(Book::ID.is_not_null()).count(&app.db().reader()).await.expect("a count"), 0);
    let rows = app.fixtures("shelf").await;
    let missing = catch_unwind(AssertUnwindSafe(|| rows.id::<Book>("first"))).expect_err("there is none");
    let said = missing.downcast_ref::<String>().expect("a message");
    assert_eq!(said, "tests/fixtures/shelf.json has no book `first`, expected one of `only`");
}

#[mainstay::test(app = app)]
async fn an_actor_is_somebody_whom_rows_can_belong_to(app: TestApp) {
    let ann = app.user("ann").await;
    let id = app.caller(&ann).await.user_id();
    let author = Author::filter(Author::SUBJECT.eq("ann")).first(&app.db().reader()).await.expect("a read");
    assert_eq!(author.map(|it| it.id.uuid()), id);
    let editor = app.user_with_roles("ed", &["editor"]).await;
    assert!(app.caller(&editor).await.has_role("editor") && !app.caller(&ann).await.has_role("editor"));
    assert!(app.caller(&app.anonymous()).await.is_anonymous());
}

#[mainstay::test(app = app)]
async fn an_answer_that_is_otherwise_is_reported_with_its_path(app: TestApp) {
    let book = app.make([Book::TITLE.set("a title that is long enough")]).await;
    let answer = app.anonymous().get("/v1/books").await.expect_status(200);
    let answer = answer.expect_json(&json!({ "success": true, "result": { "books": ["[any]"], "...": "" } }));
    let row = json!({ "id": book.id.to_string(), "createdAt": "[time]", "published": "[date]", "author": "[id]", "...": "" });
    let answer = answer.expect_result(&json!({ "books": [row], "total": 1, "next": null }));
    let wrong = json!({ "books": [{ "title": "another", "...": "" }], "total": 2, "next": null });
    let panic = catch_unwind(AssertUnwindSafe(|| answer.expect_result(&wrong))).expect_err("it differs");
    let said = panic.downcast_ref::<String>().expect("a message");
    for part in [
        "GET /v1/books was answered otherwise than expected:",
        "  books[0].title\n    - expected \"another\"\n    + found    \"a title that is long enough\"",
        "  total\n    - expected 2\n    + found    1",
        "the answer:\n{",
    ] {
        assert!(said.contains(part), "{part}\n---\n{said}");
    }
}

#[mainstay::test(app = app)]
async fn a_snapshot_is_the_same_in_each_run_and_on_both_stores(app: TestApp) {
    let author =
        app.make([Author::SUBJECT.set("ann"), Author::ISSUER.set("i"), Author::NAME.set("Ann")]).await;
    let book = app
        .make([
            Book::AUTHOR.set(author.id),
            Book::TITLE.set("a title that is long enough"),
            Book::CODE.set("c1"),
            Book::CONTACT.set("a@example.com"),
            Book::SHELF.set("abc"),
            Book::PAGES.set(500),
        ])
        .await;
    let ann = app.anonymous();
    let got = ann.get(&format!("/v1/books/{}?expand=author", book.id)).await.snapshot();
    let gone = ann.get("/v1/books/0197c5a0-0000-7000-8000-000000000000").await.snapshot();
    insta::assert_snapshot!("a_book_and_none", format!("{got}\n\n{gone}\n"));
}

#[mainstay::test(app = app)]
async fn an_actor_over_a_socket_is_answered_the_same(app: TestApp) {
    let book = app.make::<Book>([]).await;
    let path = format!("/v1/books/{}", book.id);
    let ann = app.user("ann").await;
    let without = ann.get(&path).await.expect_status(200);
    let over = ann.over(app.listen().await);
    let with = over.get(&path).await.expect_status(200);
    assert_eq!((with.body, with.headers.get("etag")), (without.body, without.headers.get("etag")));
    assert_eq!(over.put(&path, json!({ "code": "abc" })).await.expect_status(200).result()["code"], "abc");
    let _ = over.get("/v1/nothing").await.expect_error(404, "not_found");
}

#[mainstay::test(app = app)]
async fn a_fault_before_the_commit_leaves_nothing_and_may_be_tried_again(app: TestApp) {
    let book = app.make::<Book>([]).await;
    let path = format!("/v1/books/{}", book.id);
    for ann in [app.anonymous(), app.anonymous().key("k")] {
        app.fault(FaultPoint::BeforeCommit);
        let _ = ann.put(&path, json!({ "code": "changed" })).await.expect_error(503, "unavailable");
        assert_eq!(ann.get(&path).await.result()["code"], book.code);
    }
    let _ = app.anonymous().key("k").put(&path, json!({ "code": "changed" })).await.expect_status(200);
}

#[mainstay::test(app = app)]
async fn a_conflict_runs_the_handler_again_and_its_work_is_done_once(app: TestApp) {
    let book = app.make::<Book>([]).await;
    app.db().faults().arm(FaultPoint::Conflict, 2);
    let runs = std::sync::atomic::AtomicU32::new(0);
    let version = app.db().write(async |tx: &mut Tx| {
        runs.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(book.clone().update(tx, |it| it.pages += 1).await?.version)
    });
    assert_eq!(version.await.expect("the third run commits"), 2);
    assert_eq!((runs.into_inner(), app.db().faults().left(FaultPoint::Conflict)), (3, 0));
    app.db().faults().arm(FaultPoint::Conflict, 1);
    let _ = app.anonymous().delete(&format!("/v1/books/{}", book.id)).await.expect_status(200);
}

#[mainstay::test(app = app)]
async fn an_answer_lost_after_the_commit_is_replayed_by_its_key_alone(app: TestApp) {
    let book = app.make::<Book>([]).await;
    let path = format!("/v1/books/{}", book.id);
    app.fault(FaultPoint::AfterCommit);
    let keyed = app.anonymous().key("k").put(&path, json!({ "code": "one" })).await.expect_status(200);
    assert_eq!(keyed.result()["version"], 2);
    app.fault(FaultPoint::AfterCommit);
    let _ = app.anonymous().put(&path, json!({ "code": "two" })).await.expect_error(503, "outcome_unknown");
    assert_eq!(app.anonymous().get(&path).await.result()["version"], 3, "it was committed all the same");
}

/// Fails only where the test below asks for it.
#[mainstay::test(sqlite, app = app)]
async fn shown(app: TestApp) {
    let _ =
        app.anonymous().header("x-request-id", "seen-in-the-log").get("/v1/books").await.expect_status(200);
    assert!(std::env::var_os("MAINSTAY_TEST_FAIL").is_none(), "as it was told to");
}

#[test]
fn the_log_of_a_test_is_shown_only_when_it_fails() {
    let run = |fails: bool| {
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "harness::shown::sqlite", "--nocapture"]).env_remove("LOG");
        if fails {
            command.env("MAINSTAY_TEST_FAIL", "1");
        }
        let output = command.output().expect("it runs");
        assert_eq!(output.status.success(), !fails);
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
    };
    let failed = run(true);
    assert!(
        failed.contains("the log of it::harness::shown on Sqlite") && failed.contains("seen-in-the-log"),
        "{failed}"
    );
    assert!(!run(false).contains("seen-in-the-log"));
}
