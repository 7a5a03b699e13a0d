//! Users: rows that are made from claims.

use std::time::Duration;

use futures_util::future::join_all;
use mainstay_test::{Actor, TestApp};
use serde_json::{Value, json};

use crate::app;

/// For longer than a person's row is taken to be as it was.
const A_WHILE: Duration = Duration::from_secs(60);

async fn me(actor: &Actor) -> Value {
    let users = actor.get("/v1/users").await.expect_status(200);
    assert_eq!(users.rows().len(), 1);
    users.rows()[0].clone()
}

async fn people(app: &TestApp) -> i64 {
    let counted = app.db().reader().sql("select count(*) from users").one().await;
    counted.expect("a count").expect("one row")
}

#[mainstay::test(app = app)]
async fn a_persons_row_is_made_from_the_claims(app: TestApp) {
    let ann =
        app.user_with("ann", json!({ "iss": "https://a", "email": "ann@a.example", "name": "Ann" })).await;
    let row = me(&ann).await;
    assert_eq!([&row["email"], &row["name"], &row["type"]], ["ann@a.example", "Ann", "user"]);
    let stored = app.db().reader().sql("select issuer, subject from users").all::<(String, String)>().await;
    assert_eq!(stored.expect("rows"), [("https://a".to_owned(), "ann".to_owned())]);
    assert_eq!(me(&ann).await, row, "and found again");
}

#[mainstay::test(app = app)]
async fn a_person_is_an_issuer_and_a_subject_and_never_an_email(app: TestApp) {
    let email = json!("same@a.example");
    let claims = |issuer: &str| json!({ "iss": issuer, "email": email });
    let one = app.user_with("ann", claims("https://a")).await;
    let elsewhere = app.user_with("ann", claims("https://b")).await;
    let other = app.user_with("bob", claims("https://a")).await;
    let split = app.user_with("aann", json!({ "iss": "https://" })).await;
    let mut ids = Vec::new();
    for actor in [&one, &elsewhere, &other, &split] {
        ids.push(me(actor).await["id"].to_string());
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    assert_eq!(me(&one).await["email"], email);
    assert_eq!(
        [me(&elsewhere).await["email"].clone(), me(&other).await["email"].clone()],
        [Value::Null, Value::Null]
    );
}

#[mainstay::test(app = app)]
async fn an_email_is_never_taken_from_its_owner_by_a_changed_claim(app: TestApp) {
    let ann = app.user_with("ann", json!({ "email": "ann@a.example" })).await;
    let _ = me(&ann).await;
    let bob = app.user_with("bob", json!({ "email": "bob@a.example" })).await;
    let before = me(&bob).await;
    let thief = app.user_with("bob", json!({ "email": "ann@a.example" })).await;
    assert_eq!(me(&thief).await, before);
    assert_eq!(me(&ann).await["email"], "ann@a.example");
}

#[mainstay::test(app = app)]
async fn only_what_clients_cannot_write_follows_the_claims(app: TestApp) {
    let first = app.user_with("ann", json!({ "email": "old@a.example", "name": "Ann" })).await;
    let row = me(&first).await;
    let path = format!("/v1/users/{}", row["id"].as_str().expect("an id"));
    let renamed = first.put(&path, json!({ "name": "Anna" })).await.expect_status(200);
    assert_eq!(renamed.result()["name"], "Anna");
    app.advance(A_WHILE);
    let later = app.user_with("ann", json!({ "email": "new@a.example", "name": "Annette" })).await;
    let row = me(&later).await;
    assert_eq!([&row["email"], &row["name"]], ["new@a.example", "Anna"]);
    assert_eq!(row["updatedAt"], "2026-01-01T00:01:00.000Z");
}

#[mainstay::test(app = app)]
async fn a_row_is_written_only_when_a_claim_changed(app: TestApp) {
    let claims = json!({ "email": "ann@a.example", "name": "Ann" });
    let row = me(&app.user_with("ann", claims.clone()).await).await;
    app.advance(A_WHILE);
    let later =
        app.user_with("ann", json!({ "email": "ann@a.example", "name": "Annette", "roles": ["x"] })).await;
    assert_eq!(me(&later).await, row);
    let silent = app.user_with("ann", json!({})).await;
    assert_eq!(me(&silent).await, row, "a claim that is left out says nothing");
    let withdrawn = app.user_with("ann", json!({ "email": null })).await;
    assert_eq!(me(&withdrawn).await["email"], Value::Null, "a claim that is null does");
}

#[mainstay::test(app = app)]
async fn an_email_given_up_can_be_had_by_another(app: TestApp) {
    let ann = app.user_with("ann", json!({ "email": "x@a.example" })).await;
    let bob = app.user_with("bob", json!({ "email": "x@a.example" })).await;
    assert_eq!(me(&ann).await["email"], "x@a.example");
    assert_eq!(me(&bob).await["email"], Value::Null);
    let moved = app.user_with("ann", json!({ "email": "ann@a.example" })).await;
    assert_eq!(me(&moved).await["email"], "ann@a.example");
    let free = app.user_with("bob", json!({ "email": "x@a.example", "name": "Bob" })).await;
    assert_eq!(me(&free).await["email"], "x@a.example");
}

#[mainstay::test(app = app)]
async fn concurrent_first_requests_make_one_row(app: TestApp) {
    let ann = app.user("ann").await;
    let requests = (0..50).map(|at| {
        let ann = ann.clone();
        async move {
            match at % 2 {
                0 => me(&ann).await["id"].clone(),
                _ => ann.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201).result()["user"]
                    .clone(),
            }
        }
    });
    let ids = join_all(requests).await;
    assert!(ids.iter().all(|id| id == &ids[0]), "{ids:?}");
    assert_eq!(people(&app).await, 1);
}

#[mainstay::test(app = app)]
async fn nobody_makes_or_deletes_users_through_the_api(app: TestApp) {
    let ann = app.user("ann").await;
    let path = format!("/v1/users/{}", me(&ann).await["id"].as_str().expect("an id"));
    let _ = ann.post("/v1/users", json!({ "name": "x" })).await.expect_error(405, "method_not_allowed");
    let _ = ann.delete(&path).await.expect_error(405, "method_not_allowed");
    let refused = ann.put(&path, json!({ "email": "x@a.example" })).await;
    assert_eq!(refused.expect_error(422, "read_only_field").faults(), ["email: read_only_field"]);
    let refused = ann.put(&path, json!({ "subject": "bob" })).await;
    assert_eq!(refused.expect_error(422, "validation_failed").faults(), ["subject: unknown_field"]);
    let bob = app.user("bob").await;
    let _ = bob.get(&path).await.expect_error(404, "user_not_found");
}

#[mainstay::test(app = app)]
async fn the_anonymous_leave_no_row(app: TestApp) {
    let _ = app.anonymous().get("/v1/posts").await.expect_status(200);
    let _ = app.bearer("Bearer x").get("/v1/posts").await.expect_status(401);
    assert_eq!(people(&app).await, 0);
}

/// A subject is text like any other: nothing in it is a pattern, a path or SQL.
#[mainstay::test(app = app)]
async fn a_strange_subject_is_only_a_name(app: TestApp) {
    for subject in ["%", "_", "' or 1=1 --", "ann/../bob", "é😀", "a b", "ANN", "ann"] {
        let actor = app.user_with(subject, json!({})).await;
        let made = actor.post("/v1/notes", json!({ "body": subject })).await.expect_status(201);
        assert_eq!(actor.get("/v1/notes").await.rows(), [made.result().clone()], "{subject}");
    }
    assert_eq!(people(&app).await, 8);
}
