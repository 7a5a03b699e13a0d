//! Scopes: no request reaches a row that its caller may not reach.

use mainstay_test::{Actor, TestApp};
use serde_json::{Value, json};

use crate::app;

async fn post(actor: &Actor, title: &str, published: bool) -> String {
    let made = actor.post("/v1/posts", json!({ "title": title, "published": published })).await;
    made.expect_status(201).id().to_owned()
}

async fn id_of(actor: &Actor) -> String {
    let users = actor.get("/v1/users").await.expect_status(200);
    users.rows()[0]["id"].as_str().expect("an id").to_owned()
}

#[mainstay::test(app = app)]
async fn a_filter_never_widens_a_scope(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let hidden = post(&ann, "hidden", false).await;
    let _ = post(&ann, "shown", true).await;
    let ann_id = id_of(&ann).await;
    for query in [
        "".to_owned(),
        "where[published]=false".to_owned(),
        "where[published][ne]=true".to_owned(),
        "where[published][in]=true,false".to_owned(),
        "where[published][nin]=true".to_owned(),
        "where[published][null]=false".to_owned(),
        format!("where[user]={ann_id}"),
        format!("where[user][in]={ann_id}"),
        format!("where[id]={hidden}"),
        format!("where[id][gte]={hidden}&where[id][lte]={hidden}"),
        "where[title]=hidden".to_owned(),
        "where[title][null]=false&sort=-published".to_owned(),
        "where[title]=x'%20OR%20'1'='1".to_owned(),
        "count=exact&limit=100".to_owned(),
        "select=title&sort=title".to_owned(),
    ] {
        for actor in [&bob, &app.anonymous()] {
            let answer = actor.get(&format!("/v1/posts?{query}")).await.expect_status(200);
            assert!(!answer.body.to_string().contains("hidden"), "{query}: {}", answer.body);
            assert!(answer.result()["total"].as_i64() <= Some(1), "{query}");
        }
    }
    assert_eq!(ann.get("/v1/posts?where[published]=false").await.result()["total"], 1);
}

#[mainstay::test(app = app)]
async fn a_cursor_never_widens_a_scope(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let _ = post(&ann, "a shown", true).await;
    for title in ["b hidden", "c hidden"] {
        let _ = post(&ann, title, false).await;
    }
    let next =
        ann.get("/v1/posts?sort=title&limit=1").await.result()["next"].as_str().expect("one").to_owned();
    let rest = bob.get(&format!("/v1/posts?sort=title&cursor={next}")).await.expect_status(200);
    assert_eq!(rest.rows().len(), 0);
}

#[mainstay::test(app = app)]
async fn anothers_row_is_404_as_if_it_were_not_there(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let note = ann.post("/v1/notes", json!({ "body": "mine" })).await.expect_status(201);
    let path = format!("/v1/notes/{}", note.id());
    let _ = bob.get(&path).await.expect_error(404, "note_not_found");
    let _ = bob.put(&path, json!({ "body": "yours" })).await.expect_error(404, "note_not_found");
    let _ = bob.put(&path, json!({})).await.expect_error(404, "note_not_found");
    let _ = bob.header("if-match", "\"1\"").put(&path, json!({})).await.expect_error(404, "note_not_found");
    let bob = app.user("bob").await;
    let _ = bob.delete(&path).await.expect_error(404, "note_not_found");
    let missing = bob.get("/v1/notes/0190b6a0-0000-7000-8000-000000000000").await;
    assert_eq!(missing.expect_error(404, "note_not_found").body.get("data"), None);
    assert_eq!(ann.get(&path).await.body, note.body);
}

#[mainstay::test(app = app)]
async fn a_row_one_may_read_is_not_a_row_one_may_change(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let path = format!("/v1/posts/{}", post(&ann, "shown", true).await);
    let _ = bob.get(&path).await.expect_status(200);
    let _ = bob.put(&path, json!({ "title": "taken" })).await.expect_error(404, "post_not_found");
    let _ = bob.delete(&path).await.expect_error(404, "post_not_found");
    let _ = app.anonymous().put(&path, json!({ "title": "taken" })).await.expect_error(401, "unauthorized");
    let _ = app.anonymous().delete(&path).await.expect_error(401, "unauthorized");
    assert_eq!(ann.get(&path).await.result()["title"], "shown");
}

#[mainstay::test(app = app)]
async fn a_row_cannot_be_given_away(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (ann_id, bob_id) = (id_of(&ann).await, id_of(&bob).await);
    let _ = ann.post("/v1/parcels", json!({ "owner": bob_id })).await.expect_error(403, "forbidden");
    let made = ann.post("/v1/parcels", json!({ "owner": ann_id })).await.expect_status(201);
    let path = format!("/v1/parcels/{}", made.id());
    for body in [json!({ "owner": bob_id }), json!({ "label": "x", "owner": bob_id })] {
        let _ = ann.put(&path, body.clone()).await.expect_error(403, "forbidden");
        let _ = ann.clone().key(&body.to_string()).put(&path, body).await.expect_error(403, "forbidden");
    }
    assert_eq!(ann.get(&path).await.body, made.body, "nothing of a refused update is kept");
    assert_eq!(bob.get("/v1/parcels").await.result()["total"], 0);
    let kept = ann.put(&path, json!({ "owner": ann_id, "label": "y" })).await.expect_status(200);
    assert_eq!(kept.result()["label"], "y");
    let _ = bob.put(&path, json!({ "owner": bob_id })).await.expect_error(404, "parcel_not_found");
}

#[mainstay::test(app = app)]
async fn a_missing_operand_never_matches_also_under_not(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let ann_id = id_of(&ann).await;
    for way in ["ne", "not", "nin"] {
        for about in [json!(ann_id), Value::Null] {
            let _ = ann.post("/v1/rumours", json!({ "about": about, "way": way })).await.expect_status(201);
        }
    }
    assert_eq!(bob.get("/v1/rumours?sort=way").await.column("way"), ["ne", "nin", "not"]);
    assert_eq!(ann.get("/v1/rumours").await.result()["total"], 0);
    assert_eq!(app.anonymous().get("/v1/rumours").await.result()["total"], 0, "unknown is not true");
}

/// A row that a client may not read is, for its references too, not there.
#[mainstay::test(app = app)]
async fn a_reference_to_a_row_out_of_reach_is_a_reference_to_nothing(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let (ann_id, bob_id) = (id_of(&ann).await, id_of(&bob).await);
    let nobody = "0190b6a0-0000-7000-8000-000000000000";
    let mut told = Vec::new();
    for about in [bob_id.as_str(), nobody] {
        let refused = ann.post("/v1/rumours", json!({ "about": about, "way": "ne" })).await;
        let refused = refused.expect_error(409, "foreign_key_violation");
        assert_eq!(refused.faults(), ["about: foreign_key_violation"]);
        told.push(refused.description().to_owned());
        let keyed = ann
            .clone()
            .key(&format!("about {about}"))
            .post("/v1/rumours", json!({ "about": about, "way": "ne" }))
            .await;
        let _ = keyed.expect_error(409, "foreign_key_violation");
        let _ = app
            .anonymous()
            .post("/v1/rumours", json!({ "about": about, "way": "ne" }))
            .await
            .expect_status(409);
    }
    assert_eq!(told[0], told[1], "existence is not revealed");
    let rumour = ann.post("/v1/rumours", json!({ "about": ann_id, "way": "ne" })).await.expect_status(201);
    let path = format!("/v1/rumours/{}", rumour.id());
    for actor in [bob.clone(), bob.clone().key("k")] {
        let refused = actor.put(&path, json!({ "about": ann_id })).await;
        assert_eq!(
            refused.expect_error(409, "foreign_key_violation").faults(),
            ["about: foreign_key_violation"]
        );
    }
    let _ = bob.put(&path, json!({ "about": bob_id })).await.expect_status(200);
    assert_eq!(ann.get("/v1/rumours").await.column("about"), [json!(bob_id)]);
}

#[mainstay::test(app = app)]
async fn what_a_scope_sets_no_client_sets(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let bob_id = id_of(&bob).await;
    let refused = ann.post("/v1/posts", json!({ "title": "t", "user": bob_id })).await;
    assert_eq!(refused.expect_error(422, "read_only_field").faults(), ["user: read_only_field"]);
    let made = ann.post("/v1/posts", json!({ "title": "t" })).await.expect_status(201);
    assert_eq!(made.result()["user"], id_of(&ann).await);
    let refused = ann.put(&format!("/v1/posts/{}", made.id()), json!({ "user": bob_id })).await;
    let _ = refused.expect_error(422, "read_only_field");
}

#[mainstay::test(app = app)]
async fn a_scope_is_asked_before_the_body_is_judged(app: TestApp) {
    let nobody = app.anonymous();
    let _ = nobody.post("/v1/posts", json!({ "nonsense": 1 })).await.expect_error(401, "unauthorized");
}
