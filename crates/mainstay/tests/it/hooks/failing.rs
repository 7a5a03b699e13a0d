//! A hook that fails leaves nothing, and nobody can make it otherwise.

use mainstay::kernel::ErrorKind;

use super::models::{NewArticle, app};
use super::*;

#[mainstay::test(app = app)]
async fn a_hook_that_fails_leaves_no_row_no_change_and_no_trail(app: TestApp) {
    let ann = app.user("ann").await;
    for (title, status, code) in [("Refused", 423, "article_locked"), ("Late failure", 409, "too_late")] {
        let _ = ann.post("/v1/articles", json!({ "title": title })).await.expect_error(status, code);
        let keyed = ann.clone().key(title).post("/v1/articles", json!({ "title": title })).await;
        let _ = keyed.expect_error(status, code);
        assert_eq!((articles(&app).await, trail(&app).await.len()), (0, 0), "{title}");
        assert_eq!(count(&app, "mainstay_change").await, 0, "{title}");
    }
    let path = article(&ann, "Before").await;
    let (was, _) = (ann.get(&path).await, trail(&app).await);
    for (title, status) in [("Refused", 423), ("Late failure", 409), ("Set too late", 500)] {
        let _ = ann.put(&path, json!({ "title": title })).await.expect_status(status);
        let operations = json!([{ "op": "replace", "path": "/title", "value": title }]);
        let _ = ann.patch(&path, operations).await.expect_status(status);
    }
    assert_eq!(ann.get(&path).await.body, was.body);
    assert_eq!((trail(&app).await.len(), count(&app, "mainstay_change").await), (0, 1));
    let kept = article(&ann, "Kept").await;
    let _ = ann.delete(&kept).await.expect_error(423, "article_locked");
    let _ = ann.get(&kept).await.expect_status(200);
}

/// What a declared error of a hook answers is kept for a repeat as any found error is.
#[mainstay::test(app = app)]
async fn a_hooks_declared_error_is_replayed(app: TestApp) {
    let ann = app.user("ann").await.key("k");
    let first = ann.post("/v1/articles", json!({ "title": "Late failure" })).await.expect_status(409);
    let again = ann.post("/v1/articles", json!({ "title": "Late failure" })).await.expect_status(409);
    assert_eq!((first.header("idempotent-replayed"), again.header("idempotent-replayed")), ("", "true"));
}

#[mainstay::test(app = app)]
async fn a_hooks_failure_cannot_be_swallowed(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = article(&ann, "First").await;
    for title in ["Refused", "Late failure"] {
        let swallowed = async move |tx: &mut Tx| {
            let owner = Article::filter(Filter::always()).first(tx).await?.expect("it is there").owner;
            let new = NewArticle { owner, title: title.to_owned(), body: None, slug: None, saves: 0 };
            assert!(new.insert(tx).await.is_err());
            Ok(())
        };
        let refused = app.db().write(swallowed).await.expect_err("it cannot commit");
        assert!(refused.to_string().contains("or a hook of this transaction failed"), "{refused}");
    }
    assert_eq!(articles(&app).await, 1);
}

#[mainstay::test(app = app)]
async fn hooks_without_end_are_ended_and_named(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.post("/v1/articles", json!({ "title": "Endless" })).await.expect_error(500, "internal_error");
    let _ = article(&ann, "First").await;
    let endless = async |tx: &mut Tx| {
        let owner = Article::filter(Filter::always()).first(tx).await?.expect("it is there").owner;
        NewArticle { owner, title: "Endless".to_owned(), body: None, slug: None, saves: 0 }
            .insert(tx)
            .await
            .map(drop)
    };
    let ended = app.db().write(endless).await.expect_err("it has no end").to_string();
    assert!(ended.contains("more than 8 deep: after_create > after_create > "), "{ended}");
    assert_eq!(articles(&app).await, 1);
}

/// A violation of what a hook wrote is not told as one of the row's own fields.
#[mainstay::test(app = app)]
async fn a_hooks_violation_is_not_the_rows(app: TestApp) {
    let ann = app.user("ann").await;
    let refused = ann.post("/v1/articles", json!({ "title": "Taken elsewhere" })).await;
    assert_eq!(refused.expect_error(409, "unique_violation").faults(), ["only: unique_violation"]);
    let _ = article(&ann, "Mine").await;
    let twin = ann.post("/v1/articles", json!({ "title": "MINE" })).await;
    assert_eq!(twin.expect_error(409, "unique_violation").faults(), ["slug: unique_violation"]);
    let path = article(&ann, "Other").await;
    let twin = ann.put(&path, json!({ "title": "mine" })).await;
    assert_eq!(twin.expect_error(409, "unique_violation").faults(), ["slug: unique_violation"]);
}

#[mainstay::test(app = app)]
async fn what_a_hook_cannot_set_is_named(app: TestApp) {
    let _ = article(&app.user("ann").await, "Any").await;
    let set = async |tx: &mut Tx| {
        let row = Article::filter(Filter::always()).first(tx).await?.expect("it is there");
        let mut cx = HookCx::new(tx, None, row)?;
        let null = cx.set(Article::TITLE, None).expect_err("a title must be there");
        assert!(matches!(null.kind(), ErrorKind::Invalid(_)), "{null}");
        Err::<(), _>(cx.set(Article::VERSION, 7).expect_err("the framework counts it"))
    };
    let refused = app.db().write(set).await.expect_err("it is refused").to_string();
    assert_eq!(refused, "the hook `by hand` cannot set `version`: the framework writes it");
}
