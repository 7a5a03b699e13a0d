use mainstay::kernel::work::Trail;
use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app::{app, outside, record, step, unmounted};
use super::effect::effects;

#[mainstay::test(app = app)]
async fn a_task_runs_when_it_is_due_and_for_whom_it_was_left(app: TestApp) {
    let caller = app.caller(&app.user("ann").await).await;
    let label = caller.label();
    write_tx!(app.db(), |tx| {
        tx.act_for(&caller);
        tx.enqueue(record, "later".to_owned()).after(secs(30)).await.map(drop)
    })
    .await
    .unwrap();
    let left = app.tasks().expect_one(record).await;
    assert_eq!((left.input.as_str(), left.waits(app.now())), ("later", secs(30)));
    assert_eq!(app.tasks().run().await, 0);
    app.advance(secs(30));
    assert_eq!(app.tasks().run().await, 1);
    app.tasks().expect_none().await;
    let done = super::effect::Effect::filter(super::effect::Effect::WHO.eq(label.as_str()));
    assert_eq!(done.count(&app.db().reader()).await.unwrap(), 1);
}

#[mainstay::test(app = app)]
async fn a_task_of_a_transaction_that_failed_never_was(app: TestApp) {
    let failed: Result<()> = write_tx!(app.db(), |tx| {
        tx.enqueue(record, "never".to_owned()).await?;
        Err(Error::http(418, "teapot", "no"))
    })
    .await;
    assert!(failed.is_err());
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn a_task_leaves_others_behind_in_its_own_transaction(app: TestApp) {
    write_tx!(app.db(), |tx| { tx.enqueue(step, 3).await.map(drop) }).await.unwrap();
    assert_eq!(app.tasks().run().await, 4);
    assert_eq!(effects(app.db()).await, ["step 3", "step 2", "step 1", "step 0"]);
}

#[mainstay::test(app = app)]
async fn a_unique_task_is_left_once_within_its_window(app: TestApp) {
    let leave = async |key: &str| {
        write_tx!(app.db(), |tx| { tx.enqueue(record, key.to_owned()).key(key).unique(secs(60)).await })
            .await
            .unwrap()
    };
    let first = leave("a").await;
    assert_eq!(leave("a").await, first);
    assert_ne!(leave("b").await, first);
    assert_eq!(app.tasks().of(record).await.len(), 2);
    app.advance(secs(60));
    assert_ne!(leave("a").await, first);
}

#[mainstay::test(app = app)]
async fn a_cancelled_task_has_no_effect(app: TestApp) {
    let id =
        write_tx!(app.db(), |tx| { tx.enqueue(record, "no".to_owned()).after(secs(5)).await }).await.unwrap();
    assert!(write_tx!(app.db(), |tx| { tx.cancel(id).await }).await.unwrap());
    app.advance(secs(5));
    assert_eq!(app.tasks().run().await, 0);
    assert!(!write_tx!(app.db(), |tx| { tx.cancel(id).await }).await.unwrap());
}

#[mainstay::test(app = app)]
async fn a_task_whose_worker_is_unknown_is_set_aside(app: TestApp) {
    write_tx!(app.db(), |tx| { tx.enqueue(unmounted, "strange".to_owned()).await.map(drop) }).await.unwrap();
    app.tasks().run().await;
    let parked = app.tasks().expect_one(unmounted).await.task;
    assert_eq!(parked.state, "parked");
    assert!(write_tx!(app.db(), |tx| { tx.cancel(parked.id).await }).await.unwrap(), "it can be taken back");
}

#[mainstay::test(app = app)]
async fn priority_comes_before_age(app: TestApp) {
    write_tx!(app.db(), |tx| {
        for (text, priority) in [("second", 100), ("third", 100), ("first", 10)] {
            tx.enqueue(record, text.to_owned()).priority(priority).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let (node, mut trail) = (uuid::Uuid::now_v7(), Trail::of("jobs"));
    let waiting = app.db().claim(node, &mut trail, 10, &[]).await.unwrap();
    let order: Vec<_> = waiting.iter().map(|it| it.body.as_str()).collect();
    assert_eq!(order, ["\"first\"", "\"second\"", "\"third\""]);
}

#[mainstay::test(app = app)]
async fn a_worker_without_a_transaction_writes_what_it_likes(app: TestApp) {
    write_tx!(app.db(), |tx| { tx.enqueue(outside, "sent".to_owned()).await.map(drop) }).await.unwrap();
    assert_eq!(app.tasks().run().await, 1);
    assert_eq!(effects(app.db()).await, ["sent"]);
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn who_subscribes_is_given_what_is_published_once_it_is_committed(app: TestApp) {
    let lost: Result<()> = write_tx!(app.db(), |tx| {
        tx.publish("audit.users.created", "nobody").await?;
        Err(Error::http(418, "teapot", "no"))
    })
    .await;
    assert!(lost.is_err());
    let told = write_tx!(app.db(), |tx| {
        Ok((
            tx.publish("audit.users.created", "ann").await?,
            tx.publish("audit.users", "bob").await?,
            tx.publish("orders.paid", "cid").await?,
        ))
    });
    assert_eq!(told.await.unwrap(), (2, 1, 0));
    app.tasks().run().await;
    let mut done = effects(app.db()).await;
    done.sort();
    assert_eq!(
        done,
        ["audited audit.users.created: ann", "watched audit.users.created: ann", "watched audit.users: bob"]
    );
}

#[mainstay::test(app = app)]
async fn what_is_no_subject_is_not_published(app: TestApp) {
    let refused = write_tx!(app.db(), |tx| { tx.publish("audit users", "ann").await });
    let error = refused.await.unwrap_err().to_string();
    assert!(error.contains("`audit users` holds ' '"), "{error}");
}

#[mainstay::test(app = app)]
async fn a_task_is_left_for_each_input(app: TestApp) {
    let inputs: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let given = inputs.clone();
    let ids = write_tx!(app.db(), |tx| { tx.enqueue_all(record, given.clone()).await }).await.unwrap();
    assert_eq!(ids.len(), 20);
    app.tasks().run().await;
    let mut done = effects(app.db()).await;
    done.sort_by_key(|it| it.parse::<u32>().unwrap());
    assert_eq!(done, inputs);
}
