//! Which hooks run, and in which order, whichever door a change comes through.

use super::models::{NewArticle, app, runs};
use super::*;

#[mainstay::test(app = app)]
async fn each_action_fires_its_hooks_and_the_lower_priority_first(app: TestApp) {
    let ann = app.user("ann").await;
    let path = article(&ann, "One").await;
    assert_eq!(trail(&app).await, ["create (Create, Create) One", "save (Save, Create) One"]);
    let _ = ann.put(&path, json!({ "title": "Two" })).await.expect_status(200);
    assert_eq!(trail(&app).await, ["update (Update, Update) Two", "save (Save, Update) Two"]);
    let operations = json!([{ "op": "replace", "path": "/title", "value": "Three" }]);
    let _ = ann.patch(&path, operations).await.expect_status(200);
    let patched = ["patch (Patch, Patch) Three", "update (Update, Patch) Three", "save (Save, Patch) Three"];
    assert_eq!(trail(&app).await, patched, "a patch is an update and a save too");
    let _ = ann.delete(&path).await.expect_status(200);
    assert_eq!(trail(&app).await, ["remove (Remove, Delete) Three"]);
    assert_eq!(articles(&app).await, 0);
}

#[mainstay::test(app = app)]
async fn what_code_writes_fires_hooks_and_what_raw_sql_writes_does_not(app: TestApp) {
    let _ = article(&app.user("ann").await, "Old").await;
    let _ = trail(&app).await;
    let written = async |tx: &mut Tx| {
        let Some(old) = Article::filter(Filter::always()).first(tx).await? else { return Ok(()) };
        let title = "New".to_owned();
        let new = NewArticle { owner: old.owner, title, body: None, slug: None, saves: 0 }.insert(tx).await?;
        assert_eq!((new.slug.as_deref(), new.saves), (Some("new"), 1));
        let new = new.update(tx, |it| it.title = "Newer".to_owned()).await?;
        assert_eq!((new.slug.as_deref(), new.saves), (Some("newer"), 2));
        let new = new.update(tx, |_| {}).await?;
        assert!(Article::delete(tx, new.id).await? && !Article::delete(tx, new.id).await?);
        tx.sql("update articles set saves = saves + 1").execute().await.map(drop)
    };
    app.db().write(written).await.expect("it is written");
    let fired = [
        "create (Create, Create) New",
        "save (Save, Create) New",
        "update (Update, Update) Newer",
        "save (Save, Update) Newer",
        "remove (Remove, Delete) Newer",
    ];
    assert_eq!(trail(&app).await, fired);
}

#[mainstay::test(app = app)]
async fn an_upsert_fires_the_hooks_of_what_it_turns_out_to_be(app: TestApp) {
    let _ = article(&app.user("ann").await, "Old").await;
    let _ = trail(&app).await;
    let written = async |tx: &mut Tx| {
        let Some(old) = Article::filter(Filter::always()).first(tx).await? else { return Ok(()) };
        let there = tx.upsert(Article { title: "Newer".to_owned(), ..old.clone() }).await?;
        assert_eq!(
            (there.id, there.slug.as_deref(), there.version),
            (old.id, Some("newer"), old.version + 1)
        );
        let other = Article { id: Id::new(), title: "Other".to_owned(), ..old };
        let new = tx.upsert(other.clone()).await?;
        assert_eq!((new.id, new.slug.as_deref(), new.version), (other.id, Some("other"), 1));
        Ok(())
    };
    app.db().write(written).await.expect("it is written");
    let fired = [
        "update (Update, Update) Newer",
        "save (Save, Update) Newer",
        "create (Create, Create) Other",
        "save (Save, Create) Other",
    ];
    assert_eq!(trail(&app).await, fired);
}

#[mainstay::test(app = app)]
async fn a_change_that_changes_nothing_fires_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let path = article(&ann, "Same").await;
    let _ = trail(&app).await;
    let same = json!([{ "op": "replace", "path": "/title", "value": "Same" }]);
    let _ = ann.patch(&path, same).await.expect_status(200);
    let _ = ann.put(&path, json!({})).await.expect_status(200);
    assert_eq!((trail(&app).await.len(), runs("Same")), (0, 1));
}

#[mainstay::test(app = app)]
async fn a_request_that_is_refused_fires_nothing(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let path = article(&ann, "Hers").await;
    let _ = trail(&app).await;
    let title = json!({ "title": "Theirs" });
    let _ = app.anonymous().post("/v1/articles", title.clone()).await.expect_status(401);
    let _ = bob.put(&path, title.clone()).await.expect_status(404);
    let _ = bob
        .patch(&path, json!([{ "op": "replace", "path": "/title", "value": "Theirs" }]))
        .await
        .expect_status(404);
    let _ = bob.delete(&path).await.expect_status(404);
    let _ = ann.clone().header("if-match", "\"7\"").put(&path, title).await.expect_status(412);
    let _ = ann.clone().header("if-match", "\"7\"").delete(&path).await.expect_status(412);
    let _ = ann.post("/v1/articles", json!({ "title": "Theirs", "slug": "x" })).await.expect_status(422);
    let _ = ann.put(&path, json!({ "title": "" })).await.expect_status(422);
    assert_eq!((trail(&app).await.len(), runs("Theirs")), (0, 0));
}

/// The kept answer is found before any hook runs, not after.
#[mainstay::test(app = app)]
async fn a_replayed_request_fires_no_hook_twice(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({ "title": "Repeated" });
    let first = ann.clone().key("k").post("/v1/articles", body.clone()).await.expect_status(201);
    let again = ann.clone().key("k").post("/v1/articles", body).await.expect_status(201);
    assert_eq!((first.body, again.header("idempotent-replayed")), (again.body.clone(), "true"));
    let path = format!("/v1/articles/{}", again.id());
    let patch = json!([{ "op": "replace", "path": "/body", "value": "b" }]);
    for _ in 0..2 {
        let _ = ann.clone().key("l").put(&path, json!({ "body": "a" })).await.expect_status(200);
        let _ = ann.clone().key("m").patch(&path, patch.clone()).await.expect_status(200);
    }
    assert_eq!((trail(&app).await.len(), runs("Repeated")), (2 + 2 + 3, 3));
    for _ in 0..2 {
        let _ = ann.clone().key("n").delete(&path).await.expect_status(200);
    }
    assert_eq!(trail(&app).await.len(), 1);
}
