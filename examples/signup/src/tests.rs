use mainstay::prelude::*;
use mainstay_test::TestApp;

use crate::app;
use crate::models::{Mail, User};
use crate::mutations::send_welcome::send_welcome;
use crate::workers::remind::remind;

async fn sign_up(app: &TestApp, email: &str) -> String {
    let answer = app.anonymous().post("/v1/ops/users.create", json!({ "email": email, "name": "Ann" })).await;
    answer.expect_status(200).body["id"].as_str().expect("an id").to_owned()
}

async fn mails(app: &TestApp) -> Vec<String> {
    let all = Mail::filter(Mail::SUBJECT.ne("")).order(Mail::ID.asc()).all(&app.db().reader()).await;
    all.expect("mails").into_iter().map(|it| it.subject).collect()
}

#[test]
fn what_operations_promise_is_written_down() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.json");
    let now = format!("{:#}\n", app().contract());
    if std::env::var_os("MAINSTAY_BLESS").is_some() {
        std::fs::write(path, &now).expect("it can be written");
    }
    assert_eq!(std::fs::read_to_string(path).expect("schema.json"), now, "MAINSTAY_BLESS=1 writes it anew");
}

#[mainstay::test(app = app)]
async fn who_signs_up_is_welcomed_and_later_reminded(app: TestApp) {
    let id = sign_up(&app, "ann@example.com").await;
    let asked = app.anonymous().get(&format!("/v1/ops/users.get.{id}")).await.expect_status(200);
    assert_eq!(asked.body, json!({ "id": id, "name": "Ann", "email": "ann@example.com" }));
    app.tasks().expect_one(send_welcome).await;
    app.tasks().run().await;
    assert_eq!(mails(&app).await, ["Welcome"]);
    app.advance(hours(24));
    app.tasks().run().await;
    assert_eq!(mails(&app).await, ["Welcome", "Please confirm your address"]);
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn who_confirms_is_not_reminded(app: TestApp) {
    let id = sign_up(&app, "ann@example.com").await;
    let confirm = app.anonymous().post(&format!("/v1/ops/users.confirm.{id}"), Value::Null).await;
    assert_eq!(confirm.expect_status(200).body, json!(true));
    assert!(app.tasks().of(remind).await.is_empty());
    app.advance(hours(24));
    app.tasks().run().await;
    assert_eq!(mails(&app).await, ["Welcome"]);
    let nobody = Id::<User>::new();
    let unknown = app.anonymous().post(&format!("/v1/ops/users.confirm.{nobody}"), Value::Null).await;
    let _ = unknown.expect_error(404, "user_not_found");
}

#[mainstay::test(app = app)]
async fn a_taken_address_leaves_nothing_behind(app: TestApp) {
    sign_up(&app, "ann@example.com").await;
    let before = app.tasks().waiting().await.len();
    let again = json!({ "email": "ann@example.com", "name": "Eve" });
    let _ = app.anonymous().post("/v1/ops/users.create", again).await.expect_error(409, "unique_violation");
    assert_eq!(app.tasks().waiting().await.len(), before);
    let none = app.anonymous().get(&format!("/v1/ops/users.get.{}", Id::<User>::new())).await;
    assert_eq!(none.expect_status(200).body, Value::Null);
}

#[mainstay::test(app = app)]
async fn who_never_confirms_is_forgotten(app: TestApp) {
    sign_up(&app, "ann@example.com").await;
    app.advance(hours(31 * 24));
    app.tasks().run().await;
    assert_eq!(User::filter(User::CONFIRMED.eq(false)).count(&app.db().reader()).await.unwrap(), 0);
}
