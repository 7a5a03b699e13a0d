//! The change record of a live model: written with the row, by the database itself.

use mainstay::prelude::*;
use mainstay_test::TestApp;

use crate::app;

type Change = (String, String, Option<Value>, Option<Value>);

async fn changes(app: &TestApp) -> Vec<Change> {
    let sql = "select model, id, before, after from mainstay_change order by seq";
    app.db().reader().sql(sql).all::<Change>().await.expect("changes")
}

async fn count(app: &TestApp, table: &str) -> i64 {
    let counted = app.db().reader().sql(&format!("select count(*) from {table}")).one().await;
    counted.expect("a count").expect("one row")
}

/// The walk of ARCHITECTURE.md's first table: from the request to the records that all else starts from.
#[mainstay::test(app = app)]
async fn a_post_becomes_a_row_a_result_and_a_change(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.key("k").post("/v1/posts", json!({ "title": "hi" })).await.expect_status(201);
    let row = app.db().reader().sql("select title, version from posts").all::<(String, i64)>().await;
    assert_eq!(row.expect("the row"), [("hi".to_owned(), 1)]);
    let reader = app.db().reader();
    let result = reader.sql("select path, status, body from mainstay_result");
    let (path, status, body) =
        result.one::<(String, i64, Vec<u8>)>().await.expect("a read").expect("the result");
    assert_eq!((path.as_str(), status), ("POST /v1/posts", 201));
    let kept: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(&kept, made.result(), "the result is what was answered");
    let changes = changes(&app).await;
    let [(model, id, None, Some(after))] = changes.as_slice() else { panic!("one change: {changes:?}") };
    assert_eq!((model.as_str(), id.as_str()), ("post", made.id()));
    assert_eq!(after["title"], "hi");
}

#[mainstay::test(app = app)]
async fn every_write_of_a_live_model_leaves_its_images(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "a", "tags": ["x"] })).await.expect_status(201);
    let path = format!("/v1/posts/{}", made.id());
    let _ = ann.put(&path, json!({ "title": "b" })).await.expect_status(200);
    let _ = ann.delete(&path).await.expect_status(200);
    let changes = changes(&app).await;
    let images: Vec<_> = changes
        .iter()
        .map(|(_, id, before, after)| {
            assert_eq!(id, made.id());
            let image =
                |it: &Option<Value>| it.as_ref().map(|it| (it["title"].clone(), it["version"].clone()));
            (image(before), image(after))
        })
        .collect();
    let (a, b) = ((json!("a"), json!(1)), (json!("b"), json!(2)));
    assert_eq!(images, [(None, Some(a.clone())), (Some(a), Some(b.clone())), (Some(b), None)]);
    let after = changes[0].3.as_ref().expect("an image");
    assert_eq!(after["tags"], json!(["x"]), "JSON is kept as JSON");
    assert_eq!(after["published"], json!(false));
}

#[mainstay::test(app = app)]
async fn a_change_carries_no_private_field(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/posts", json!({ "title": "a", "draftKey": "hush" })).await.expect_status(201);
    let path = format!("/v1/posts/{}", made.id());
    let _ = ann.put(&path, json!({ "title": "b" })).await.expect_status(200);
    let _ = ann.delete(&path).await.expect_status(200);
    assert_eq!(changes(&app).await.len(), 3);
    for (_, _, before, after) in changes(&app).await {
        let text = format!("{before:?}{after:?}");
        assert!(!text.contains("hush") && !text.contains("draft"), "{text}");
    }
}

#[mainstay::test(app = app)]
async fn a_model_that_is_not_live_leaves_no_changes(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.post("/v1/notes", json!({ "body": 1 })).await.expect_status(201);
    assert_eq!(count(&app, "mainstay_change").await, 0);
}

#[mainstay::test(app = app)]
async fn a_write_that_fails_leaves_no_row_no_result_and_no_change(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.post("/v1/posts", json!({ "title": "" })).await.expect_status(422);
    let _ = ann
        .clone()
        .key("k")
        .post("/v1/posts", json!({ "title": "x", "user": null }))
        .await
        .expect_status(422);
    let failed = app.db().write(async |tx: &mut Tx| {
        let now = tx.now();
        tx.sql("insert into mainstay_change (model, id, at) values ('x', 'x', ?)")
            .bind(now)
            .execute()
            .await?;
        Err::<(), _>(Error::internal("no"))
    });
    failed.await.expect_err("it fails");
    for table in ["posts", "mainstay_result", "mainstay_change"] {
        assert_eq!(count(&app, table).await, 0, "{table}");
    }
}

#[mainstay::test(app = app)]
async fn a_row_that_goes_with_another_leaves_its_change_too(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.post("/v1/posts", json!({ "title": "a" })).await.expect_status(201);
    let gone = app.db().write(async |tx: &mut Tx| tx.sql("delete from users").execute().await);
    assert_eq!(gone.await.expect("a delete"), 1);
    assert_eq!(count(&app, "posts").await, 0);
    let changes = changes(&app).await;
    assert_eq!(changes.len(), 2);
    assert!(changes[1].2.is_some() && changes[1].3.is_none());
}
