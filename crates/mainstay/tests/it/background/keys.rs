use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app::{app, failing, record};
use super::effect::effects;

#[mainstay::test(app = app)]
async fn a_keys_tasks_wait_for_one_that_is_tried_again(app: TestApp) {
    write_tx!(app.db(), |tx| {
        tx.enqueue(failing, "away".to_owned()).key("k").await?;
        tx.enqueue(record, "after it".to_owned()).key("k").await?;
        tx.enqueue(record, "beside it".to_owned()).key("other").await?;
        Ok(())
    })
    .await
    .unwrap();
    app.tasks().run().await;
    assert_eq!(effects(app.db()).await, ["beside it"]);
    for wait in [5, 10] {
        app.advance(secs(wait));
        app.tasks().run().await;
    }
    assert_eq!(effects(app.db()).await, ["beside it", "after it"], "a dead one is in nobody's way");
}

#[mainstay::test(app = app)]
async fn a_keys_tasks_run_in_the_order_of_their_commits(app: TestApp) {
    for n in 0..20 {
        write_tx!(app.db(), |tx| { tx.enqueue(record, n.to_string()).key("k").await.map(drop) })
            .await
            .unwrap();
    }
    assert_eq!(app.tasks().run().await, 20);
    assert_eq!(effects(app.db()).await, (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[mainstay::test(app = app)]
async fn tasks_with_a_key_do_not_wait_for_all_those_without(app: TestApp) {
    write_tx!(app.db(), |tx| {
        for _ in 0..200 {
            tx.enqueue(record, "without".to_owned()).await?;
        }
        tx.enqueue(record, "with".to_owned()).key("k").await.map(drop)
    })
    .await
    .unwrap();
    assert_eq!(app.tasks().run().await, 201);
    let place = effects(app.db()).await.iter().position(|it| it == "with").unwrap();
    assert!(place < 100, "{place}");
}

#[mainstay::test(app = app)]
async fn an_empty_key_is_refused(app: TestApp) {
    let left = write_tx!(app.db(), |tx| { tx.enqueue(record, "x".to_owned()).key("").await });
    let refusal = left.await.unwrap_err().to_string();
    assert!(refusal.starts_with("a task of `record` has an empty key"), "{refusal}");
}
