//! What a hook sees, sets and leaves behind.

use futures_util::future::{join, join_all};
use mainstay::kernel::Caller;

use super::models::{app, obey, runs};
use super::*;

#[mainstay::test(app = app)]
async fn what_a_before_hook_sets_is_stored_answered_and_held_to_the_models_rules(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/articles", json!({ "title": "Hello World" })).await.expect_status(201);
    assert_eq!((&made.result()["slug"], &made.result()["saves"]), (&json!("hello-world"), &json!(1)));
    let path = format!("/v1/articles/{}", made.id());
    assert_eq!(ann.get(&path).await.body, made.body);
    let short = ann.put(&path, json!({ "title": "Shortened" })).await.expect_status(200);
    assert_eq!((&short.result()["title"], &short.result()["saves"]), (&json!("Short"), &json!(2)));
    for answer in [
        ann.put(&path, json!({ "title": "Far too long" })).await,
        ann.post("/v1/articles", json!({ "title": "Far too long" })).await,
    ] {
        assert_eq!(answer.expect_error(422, "validation_failed").faults(), ["title: length"]);
    }
    assert_eq!(ann.get(&path).await.body, short.body);
}

#[mainstay::test(app = app)]
async fn a_hook_carries_no_row_out_of_its_callers_reach(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    let _ = bob.get("/v1/users").await.expect_status(200);
    let path = article(&ann, "Hers").await;
    let _ = ann.put(&path, json!({ "title": "Given away" })).await.expect_error(403, "forbidden");
    let _ = ann.post("/v1/articles", json!({ "title": "Given away" })).await.expect_error(403, "forbidden");
    assert_eq!(ann.get(&path).await.result()["title"], "Hers");
    assert_eq!(articles(&app).await, 1);
}

#[mainstay::test(app = app)]
async fn a_hook_knows_the_caller_the_body_and_what_changes(app: TestApp) {
    let ann = app.user("ann").await;
    let path = article(&ann, "Before").await;
    let _ = trail(&app).await;
    let said = async |app: &TestApp| trail(app).await.remove(0);
    let body = json!({ "title": "Said", "body": "b" });
    let _ = ann.put(&path, body.clone()).await.expect_status(200);
    assert_eq!(said(&app).await, json!([body, "user", ["title", "body", "slug", "saves"]]).to_string());
    let operations = json!([{ "op": "remove", "path": "/body" }]);
    let _ = ann.patch(&path, operations.clone()).await.expect_status(200);
    assert_eq!(said(&app).await, json!([operations, "user", ["body", "saves"]]).to_string());
    let touch = async |tx: &mut Tx| {
        let article = Article::filter(Filter::always()).first(tx).await?.expect("it is there");
        article.update(tx, |it| it.body = Some("c".to_owned())).await.map(drop)
    };
    app.db().write(touch).await.expect("it is written");
    assert_eq!(said(&app).await, json!(["code", "system", ["body", "saves"]]).to_string());
}

#[mainstay::test(app = app)]
async fn the_answer_is_the_row_as_its_hooks_left_it(app: TestApp) {
    let ann = app.user("ann").await;
    for title in ["Touched", "Refreshed"] {
        let made = ann.post("/v1/articles", json!({ "title": title })).await.expect_status(201);
        assert_eq!(made.result()["body"], "touched");
        let got = ann.get(&format!("/v1/articles/{}", made.id())).await;
        assert_eq!((&got.body, got.header("etag")), (&made.body, made.header("etag")));
    }
}

/// A row in hand may be older than the transaction, and than this run of it.
#[mainstay::test(app = app)]
async fn a_hook_sees_the_row_of_its_own_run_and_no_older_one(app: TestApp) {
    let ann = app.user("ann").await;
    let path = article(&ann, "Counted").await;
    let stale = Article::filter(Filter::always())
        .first(&app.db().reader())
        .await
        .expect("read")
        .expect("it is there");
    // Fewer than the runs of a transaction: whoever conflicts does so with one that got through.
    let in_code = (0..4).map(|n| {
        let stale = stale.clone();
        app.db().write(async move |tx| stale.clone().update(tx, |it| it.body = Some(n.to_string())).await)
    });
    let over_http = (0..4).map(|n| ann.put(&path, json!({ "body": format!("h{n}") })));
    let (written, answered) = join(join_all(in_code), join_all(over_http)).await;
    assert!(written.iter().all(|it| it.is_ok()) && answered.iter().all(|it| it.status == 200));
    assert_eq!(ann.get(&path).await.result()["saves"], 9);
}

#[mainstay::test(app = app)]
async fn a_hook_runs_again_when_its_transaction_does(app: TestApp) {
    let _ = article(&app.user("ann").await, "Conflicting").await;
    assert_eq!((runs("Conflicting"), articles(&app).await, trail(&app).await.len()), (2, 1, 2));
}

#[mainstay::test(app = app)]
async fn a_lock_is_held_until_the_transaction_ends(app: TestApp) {
    use std::sync::atomic::{AtomicBool, Ordering};
    static INSIDE: AtomicBool = AtomicBool::new(false);
    let writers = (0..8).map(|n: i32| {
        app.db().write(async move |tx| {
            tx.lock("the index").await?;
            assert!(!INSIDE.swap(true, Ordering::SeqCst), "two are inside");
            for _ in 0..20 {
                tx.sql("select 1").all::<i64>().await?;
            }
            INSIDE.store(false, Ordering::SeqCst);
            models::NewTrail { only: None, what: n.to_string() }.insert(tx).await.map(drop)
        })
    });
    for written in join_all(writers).await {
        written.expect("it is written");
    }
    assert_eq!(trail(&app).await.len(), 8);
}

#[mainstay::test(app = app)]
async fn a_hook_can_be_called_in_a_test(app: TestApp) {
    let _ = article(&app.user("ann").await, "Any").await;
    let called = async |tx: &mut Tx| {
        tx.act_for(&Caller::Anonymous);
        let row = Article::filter(Filter::always()).first(tx).await?.expect("it is there");
        let mut cx = HookCx::new(tx, None, Article { title: "Shortened".to_owned(), ..row.clone() })?;
        obey(&mut cx).await?;
        assert_eq!(cx.model().title, "Short");
        let mut cx = HookCx::new(tx, Some(row.clone()), Article { title: "Refused".to_owned(), ..row })?;
        assert!(cx.changed(Article::TITLE) && !cx.changed(Article::BODY) && cx.caller().is_anonymous());
        assert_eq!(obey(&mut cx).await.expect_err("it refuses").to_string(), "it is locked");
        Ok(())
    };
    app.db().write(called).await.expect("nothing failed");
}
