use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app::{app, failing, outside};
use super::effect::effects;

async fn leave(app: &TestApp, how: &str) {
    write_tx!(app.db(), |tx| { tx.enqueue(failing, how.to_owned()).await.map(drop) }).await.unwrap();
}

#[mainstay::test(app = app)]
async fn a_failed_attempt_leaves_nothing_and_is_tried_again_after_its_backoff(app: TestApp) {
    leave(&app, "away").await;
    for (attempt, wait) in [(1, 5), (2, 10)] {
        assert_eq!(app.tasks().run().await, 1);
        let left = app.tasks().expect_one(failing).await;
        assert_eq!((left.task.attempt, left.waits(app.now())), (attempt, secs(wait)));
        assert_eq!(app.tasks().run().await, 0, "it is not due");
        app.advance(secs(wait));
    }
    assert_eq!(app.tasks().run().await, 1);
    app.tasks().expect_none().await;
    let dead = app.tasks().dead().await.remove(0);
    assert_eq!((dead.reason.as_str(), dead.attempt), ("exhausted", 3));
    let errors: Vec<Value> = mainstay::serde_json::from_str(&dead.errors).unwrap();
    assert_eq!(errors.len(), 3);
    assert_eq!(errors[2]["error"], "the other side is away");
    assert!(effects(app.db()).await.is_empty());
}

#[mainstay::test(app = app)]
async fn a_permanent_error_is_not_tried_again(app: TestApp) {
    leave(&app, "permanent").await;
    assert_eq!(app.tasks().run().await, 1);
    let dead = app.tasks().dead().await.remove(0);
    assert_eq!((dead.reason.as_str(), dead.attempt), ("permanent", 1));
    assert!(dead.errors.contains("the card expired"));
}

#[mainstay::test(app = app)]
async fn an_error_can_say_when_to_try_again(app: TestApp) {
    leave(&app, "after").await;
    app.tasks().run().await;
    assert_eq!(app.tasks().expect_one(failing).await.waits(app.now()), secs(7));
}

#[mainstay::test(app = app)]
async fn a_snooze_does_not_count(app: TestApp) {
    leave(&app, "snooze").await;
    app.tasks().run().await;
    let left = app.tasks().expect_one(failing).await;
    assert_eq!((left.task.attempt, left.waits(app.now())), (0, secs(60)));
}

#[mainstay::test(app = app)]
async fn a_panic_is_a_failed_attempt(app: TestApp) {
    leave(&app, "panic").await;
    app.tasks().run().await;
    assert!(app.tasks().expect_one(failing).await.task.errors.contains("it panicked: as told"));
}

#[mainstay::test(app = app)]
async fn an_attempt_that_takes_too_long_is_dropped(app: TestApp) {
    write_tx!(app.db(), |tx| { tx.enqueue(outside, "hang".to_owned()).await.map(drop) }).await.unwrap();
    app.tasks().run().await;
    let left = app.tasks().expect_one(outside).await;
    assert!(left.task.errors.contains("longer than its timeout of 0.2 s"), "{}", left.task.errors);
}

#[mainstay::test(app = app)]
async fn an_input_that_does_not_fit_is_not_tried_again(app: TestApp) {
    use mainstay::kernel::work::{NewTask, TaskId};
    let task = NewTask {
        id: TaskId::new(),
        queue: "jobs".into(),
        name: "record".into(),
        key: None,
        priority: 100,
        body: "{\"no\": 1}".to_owned(),
        meta: "{}".to_owned(),
        due: None,
    };
    write_tx!(app.db(), |tx| {
        tx.put(task.clone());
        Ok(())
    })
    .await
    .unwrap();
    app.tasks().run().await;
    let dead = app.tasks().dead().await.remove(0);
    assert!(dead.errors.contains("the input of `record` does not fit"), "{}", dead.errors);
}

#[mainstay::test(app = app)]
async fn a_task_can_say_how_long_to_wait_before_another_try(app: TestApp) {
    write_tx!(app.db(), |tx| {
        tx.enqueue(failing, "away".to_owned()).delay_retry(secs(90)).await.map(drop)
    })
    .await
    .unwrap();
    app.tasks().run().await;
    assert_eq!(app.tasks().expect_one(failing).await.waits(app.now()), secs(90));
}
