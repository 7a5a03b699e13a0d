mod attack;
mod published;
mod registration;

use mainstay::prelude::*;
use mainstay_test::{Actor, TestApp};

async fn post(actor: &Actor, title: &str, published: bool) -> String {
    let made = actor.post("/v1/posts", json!({ "title": title, "published": published })).await;
    made.expect_status(201).id().to_owned()
}

#[mainstay::test]
async fn whoever_is_named_is_greeted(app: TestApp) {
    let hello = async |query: &str| {
        app.anonymous().get(&format!("/v1/hello{query}")).await.result()["message"].clone()
    };
    assert_eq!(hello("?name=Ann").await, "Hello, Ann!");
    assert_eq!(hello("?name=%C3%89va%20%3Cb%3E").await, "Hello, Éva <b>!");
    assert_eq!(hello("").await, "Hello, world!");
    assert_eq!(hello("?name=").await, "Hello, world!");
}

#[mainstay::test]
async fn a_draft_is_its_authors_until_it_is_published(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let path = format!("/v1/posts/{}", post(&ann, "Hello", false).await);
    for reader in [&bob, &app.anonymous()] {
        let _ = reader.get(&path).await.expect_error(404, "post_not_found");
    }
    let _ = ann.put(&path, json!({ "published": true })).await.expect_status(200);
    for reader in [&bob, &app.anonymous()] {
        let _ = reader.get(&path).await.expect_status(200);
    }
}

#[mainstay::test]
async fn a_post_is_changed_and_deleted_by_its_author_alone(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let path = format!("/v1/posts/{}", post(&ann, "Hello", true).await);
    let _ = bob.put(&path, json!({ "title": "Mine" })).await.expect_error(404, "post_not_found");
    let _ = bob.delete(&path).await.expect_error(404, "post_not_found");
    let _ = app.anonymous().delete(&path).await.expect_error(401, "unauthorized");
    assert_eq!(ann.put(&path, json!({ "title": "Hello again" })).await.result()["title"], "Hello again");
    let _ = ann.delete(&path).await.expect_status(200);
}

#[mainstay::test]
async fn editors_alone_see_the_notes_on_a_post(app: TestApp) {
    let ann = app.user("ann").await;
    let ed = app.user_with("ed", json!({ "roles": ["editor"] })).await;
    let path = format!("/v1/posts/{}", post(&ann, "Hello", true).await);
    let _ = ann.put(&path, json!({ "notes": "check the ending" })).await.expect_status(200);
    assert!(ann.get(&path).await.result().get("notes").is_none());
    assert_eq!(ed.get(&path).await.result()["notes"], "check the ending");
}

#[mainstay::test]
async fn the_newest_posts_come_first_when_asked_for(app: TestApp) {
    let ann = app.user("ann").await;
    for title in ["first", "second", "third"] {
        let _ = post(&ann, title, true).await;
        app.advance(std::time::Duration::from_secs(60));
    }
    let page = app.anonymous().get("/v1/posts?sort=-createdAt&limit=2&select=title").await.expect_status(200);
    assert_eq!(
        (page.column("title"), &page.result()["total"]),
        (vec![json!("third"), json!("second")], &json!(3))
    );
}

#[mainstay::test]
async fn a_note_holds_any_json_and_is_its_owners_alone(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    for body in [json!(null), json!("text"), json!([1, { "a": true }]), json!({ "deep": { "er": [] } })] {
        let note = ann.post("/v1/notes", json!({ "body": body })).await.expect_status(201);
        let path = format!("/v1/notes/{}", note.id());
        assert_eq!(ann.get(&path).await.result()["body"], body);
        let _ = bob.get(&path).await.expect_error(404, "note_not_found");
    }
    assert_eq!(bob.get("/v1/notes").await.result()["total"], 0);
    let _ = app.anonymous().get("/v1/notes").await.expect_error(401, "unauthorized");
}

#[mainstay::test]
async fn people_see_and_name_themselves(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let users = ann.get("/v1/users").await.expect_status(200);
    let [me] = users.rows() else { panic!("{}", users.body) };
    assert_eq!(me["email"], "ann@example.com");
    let path = format!("/v1/users/{}", me["id"].as_str().unwrap_or_default());
    assert_eq!(ann.put(&path, json!({ "name": "Ann B." })).await.result()["name"], "Ann B.");
    let _ = ann.put(&path, json!({ "email": "bob@example.com" })).await.expect_error(422, "read_only_field");
    let _ = bob.get(&path).await.expect_error(404, "user_not_found");
}

#[mainstay::test]
async fn a_comment_is_read_by_whoever_may_read_its_post(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let draft = post(&ann, "Hello", false).await;
    let said = json!({ "post": draft, "body": "First!" });
    let _ = bob.post("/v1/comments", said.clone()).await.expect_error(409, "foreign_key_violation");
    let path =
        format!("/v1/comments/{}", ann.post("/v1/comments", said.clone()).await.expect_status(201).id());
    let _ = bob.get(&path).await.expect_error(404, "comment_not_found");
    assert_eq!(bob.get("/v1/comments").await.result()["total"], 0);
    let _ = ann.put(&format!("/v1/posts/{draft}"), json!({ "published": true })).await.expect_status(200);
    assert_eq!(bob.get(&format!("{path}?expand=post")).await.result()["post"]["title"], "Hello");
    let _ = bob.post("/v1/comments", said).await.expect_status(201);
}

#[mainstay::test]
async fn a_comment_is_trimmed_whoever_writes_it(app: TestApp) {
    let ann = app.user("ann").await;
    let said = json!({ "post": post(&ann, "Hello", true).await, "body": "\n First! " });
    let made = ann.post("/v1/comments", said.clone()).await.expect_status(201);
    assert_eq!(made.result()["body"], "First!");
    let path = format!("/v1/comments/{}", made.id());
    let changed = json!([{ "op": "replace", "path": "/body", "value": "Second! " }]);
    assert_eq!(ann.patch(&path, changed).await.result()["body"], "Second!");
    let blank = ann.put(&path, json!({ "body": "   " })).await.expect_error(422, "validation_failed");
    assert_eq!(blank.faults(), ["body: length"]);
    assert_eq!(ann.get(&path).await.result()["body"], "Second!");
}

#[mainstay::test]
async fn a_comment_is_changed_by_its_writer_and_deleted_by_the_posts_author_too(app: TestApp) {
    let (ann, bob, eve) = (app.user("ann").await, app.user("bob").await, app.user("eve").await);
    let said = json!({ "post": post(&ann, "Hello", true).await, "body": "Buy this" });
    let path = format!("/v1/comments/{}", bob.post("/v1/comments", said).await.expect_status(201).id());
    let _ = ann.put(&path, json!({ "body": "I like it" })).await.expect_error(404, "comment_not_found");
    assert_eq!(bob.put(&path, json!({ "body": "Buy that" })).await.result()["body"], "Buy that");
    let _ = eve.delete(&path).await.expect_error(404, "comment_not_found");
    let _ = ann.delete(&path).await.expect_status(200);
}

#[mainstay::test]
async fn posts_are_found_by_their_words(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let body =
        |title: &str, body: &str, published| json!({ "title": title, "body": body, "published": published });
    for post in [
        body("A web framework", "Rust, without the ceremony", true),
        body("Über-fast frameworks", "Rust or Java?", true),
        body("Framework, a draft", "Rust, not yet", false),
    ] {
        let _ = ann.post("/v1/posts", post).await.expect_status(201);
    }
    let found = async |actor: &Actor, search: &str| {
        actor.get(&format!("/v1/posts?sort=title&search={search}")).await.expect_status(200).column("title")
    };
    assert_eq!(found(&bob, "rust%20-java").await, ["A web framework"]);
    assert_eq!(
        found(&bob, "%22web%20framework%22%20or%20uber*").await,
        ["A web framework", "Über-fast frameworks"]
    );
    assert_eq!(found(&ann, "rust%20draft").await, ["Framework, a draft"]);
    assert_eq!(found(&bob, "draft").await, [json!(null); 0]);
}

#[mainstay::test]
async fn a_post_has_a_status_tags_and_whatever_else_is_kept_with_it(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.post("/v1/posts", json!({ "title": "plain", "published": true })).await.expect_status(201);
    let body = json!({ "title": "rich", "published": true, "status": "in_review", "tags": ["rust"], "mood": "merry" });
    let rich = ann.post("/v1/posts", body).await.expect_status(201);
    assert_eq!((&rich.result()["status"], &rich.result()["mood"]), (&json!("in_review"), &json!("merry")));
    for query in [
        "where[status]=in_review",
        "where[status][gt]=draft",
        "where[tags][contains]=rust",
        "where[data.mood]=merry",
    ] {
        let found = app.anonymous().get(&format!("/v1/posts?{query}")).await.expect_status(200);
        assert_eq!(json!(found.column("title")), json!(["rich"]), "{query}");
    }
    let slip = ann.post("/v1/posts", json!({ "title": "odd", "published": true, "status": "finale" })).await;
    assert_eq!(slip.expect_error(422, "validation_failed").faults(), ["status: unknown_value"]);
}

#[mainstay::test]
async fn an_author_publishes_a_post_once_it_says_something(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let draft = post(&ann, "Hello", false).await;
    let path = format!("/v1/posts/{draft}/publish");
    let short = ann.post(&path, json!(null)).await.expect_error(422, "too_short");
    assert_eq!(short.body["data"], json!({ "least": 10 }));
    let said = json!({ "body": "What there is to say." });
    let _ = ann.put(&format!("/v1/posts/{draft}"), said).await.expect_status(200);
    let _ = bob.post(&path, json!(null)).await.expect_error(404, "post_not_found");
    let _ = app.anonymous().post(&path, json!(null)).await.expect_error(401, "unauthorized");
    let published = ann.post(&path, json!(null)).await.expect_status(200);
    assert_eq!(
        (&published.result()["published"], &published.result()["status"]),
        (&json!(true), &json!("final"))
    );
    let _ = ann.post(&path, json!(null)).await.expect_error(409, "already_published");
    let _ = bob.get(&format!("/v1/posts/{draft}")).await.expect_status(200);
}
