//! What a user model must be like for somebody new to sign in.

use std::sync::Arc;

use mainstay::Assembly;
use mainstay::auth::{AuthOptions, Credentials};
use mainstay::prelude::*;
use mainstay_test::{Db, TestApp};

/// Nobody can sign in: no claim says who invited them.
#[derive(Model, Clone, Debug)]
#[model(identity)]
struct Guest {
    id: Id<Guest>,
    issuer: String,
    subject: String,
    invited_by: Ref<Guest>,
}

#[scope]
impl Scope for Guest {}

/// Has an e-mail, in any case.
#[derive(Model, Clone, Debug)]
#[model(identity)]
struct Member {
    id: Id<Member>,
    #[model(private)]
    issuer: String,
    #[model(private)]
    subject: String,
    #[model(required)]
    email: String,
    #[model(default = 3)]
    lives: i64,
}

#[scope]
impl Scope for Member {
    fn can_read(who: &Caller) -> Access<Member> {
        who.user().map(|user| rows(Member::ID.eq(user.id))).or_deny()
    }
}

fn club() -> App {
    App::new("club").users::<Member>()
}

#[mainstay::test]
async fn a_user_model_that_no_claims_can_fill_keeps_the_application_from_starting(db: Db) {
    let options = AuthOptions::new("a secret that is long enough for this test");
    let credentials = Credentials::new(options, db.clock().clone()).expect("credentials");
    let refused = Assembly::new(App::new("club").users::<Guest>(), db, Arc::new(credentials), "/v1");
    let Err(error) = refused else { panic!("it was put together") };
    assert!(error.to_string().contains("`invitedBy` of the user model `guest`"), "{error}");
}

#[mainstay::test(app = club)]
async fn a_new_user_without_a_claim_that_the_row_must_have_is_401(app: TestApp) {
    let nameless = app.user_with("ann", json!({})).await.get("/v1/members").await;
    let refused = nameless.expect_error(401, "unauthorized");
    assert!(refused.description().contains("`email`"), "{}", refused.description());
    let ann = app.user_with("ann", json!({ "email": "ann@a.example" })).await;
    assert_eq!(ann.get("/v1/members").await.expect_status(200).column("email"), ["ann@a.example"]);
    let later = app.user_with("ann", json!({})).await.get("/v1/members").await;
    assert_eq!(later.expect_status(200).column("lives"), [3], "who is known needs no e-mail again");
}
