//! How many rows match.

use mainstay::prelude::*;
use mainstay_test::TestApp;

use crate::app;
use crate::models::{NewShelf, Shelf};

/// Writes so many shelves, a thousand to a transaction.
async fn shelves(app: &TestApp, count: u32) {
    for batch in 0..count.div_ceil(1000) {
        let labels = batch * 1000..count.min((batch + 1) * 1000);
        let written = app.db().write_unbounded(async move |tx: &mut Tx| {
            for number in labels.clone() {
                let _: Shelf = NewShelf { label: format!("{}", number % 10) }.insert(tx).await?;
            }
            Ok(())
        });
        written.await.expect("shelves");
    }
}

#[mainstay::test(app = app)]
async fn a_total_is_exact_up_to_10_000_and_then_says_that_it_is_capped(app: TestApp) {
    shelves(&app, 10_000).await;
    let somebody = app.anonymous();
    let exact = somebody.get("/v1/shelves?limit=1").await.expect_status(200);
    assert_eq!((&exact.result()["total"], exact.result().get("totalCapped")), (&json!(10_000), None));
    let _ = somebody.post("/v1/shelves", json!({ "label": "one more" })).await.expect_status(201);
    let capped = somebody.get("/v1/shelves?limit=1").await.expect_status(200);
    assert_eq!(capped.result()["total"], 10_000);
    assert_eq!(capped.result()["totalCapped"], true);
    let lifted = somebody.get("/v1/shelves?limit=1&count=exact").await.expect_status(200);
    assert_eq!((&lifted.result()["total"], lifted.result().get("totalCapped")), (&json!(10_001), None));
    let some = somebody.get("/v1/shelves?limit=1&where[label]=7").await.expect_status(200);
    assert_eq!((&some.result()["total"], some.result().get("totalCapped")), (&json!(1000), None));
    let only = somebody.get("/v1/shelves?count=only").await.expect_status(200);
    assert_eq!(only.result(), &json!({ "total": 10_000, "totalCapped": true, "next": null, "shelves": [] }));
}

#[mainstay::test(app = app)]
async fn counting_can_be_left_out_or_be_all_there_is(app: TestApp) {
    shelves(&app, 3).await;
    let somebody = app.anonymous();
    let none = somebody.get("/v1/shelves?count=none").await.expect_status(200);
    assert_eq!((&none.result()["total"], none.rows().len()), (&Value::Null, 3));
    let only = somebody.get("/v1/shelves?count=only&where[label][gt]=0").await.expect_status(200);
    assert_eq!(only.result(), &json!({ "total": 2, "next": null, "shelves": [] }));
}

#[mainstay::test(app = app)]
async fn a_total_follows_every_write(app: TestApp) {
    let somebody = app.anonymous();
    let total = async || somebody.get("/v1/shelves?limit=1").await.result()["total"].clone();
    assert_eq!(total().await, 0);
    let made = somebody.post("/v1/shelves", json!({ "label": "x" })).await.expect_status(201);
    assert_eq!(total().await, 1);
    shelves(&app, 5).await;
    assert_eq!(total().await, 6);
    let _ = somebody.delete(&format!("/v1/shelves/{}", made.id())).await.expect_status(200);
    assert_eq!(total().await, 5);
}

#[mainstay::test(app = app)]
async fn a_total_counts_only_what_its_caller_may_read(app: TestApp) {
    let (ann, bob) = (app.user("ann").await, app.user("bob").await);
    for published in [true, false, false] {
        let post = json!({ "title": "t", "published": published });
        let _ = ann.post("/v1/posts", post).await.expect_status(201);
    }
    for (actor, total) in [(&ann, 3), (&bob, 1), (&app.anonymous(), 1)] {
        for count in ["", "?count=exact", "?count=only"] {
            assert_eq!(actor.get(&format!("/v1/posts{count}")).await.result()["total"], total);
        }
    }
}
