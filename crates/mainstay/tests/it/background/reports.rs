//! How far tasks have come, and what they gave.

use std::time::{Duration, Instant};

use mainstay::kernel::work::{Report, Returned, Trail};
use mainstay::kernel::{ErrorKind, write_tx};
use mainstay::prelude::*;
use mainstay_test::TestApp;
use tokio::sync::Notify;

use super::effect::{Effect, effect, effects};

/// What numbers come to.
#[mainstay::data]
struct Sum {
    total: u64,
}

fn refuse_13(numbers: &[u64]) -> Result<(), WorkError> {
    if numbers.contains(&13) { Err(WorkError::permanent("13 is in it")) } else { Ok(()) }
}

#[worker(keep = "1h")]
async fn add_up(tx: &mut Tx, cx: &TaskCx, numbers: Vec<u64>) -> Result<Sum, WorkError> {
    cx.progress(json!({ "seen": numbers.len() }));
    effect(tx, "added up", cx.attempt()).await?;
    refuse_13(&numbers)?;
    Ok(Sum { total: numbers.iter().sum() })
}

#[worker(keep = "1h", retry = 2, backoff = "fixed", base = "5s")]
async fn add_outside(cx: &TaskCx, numbers: Vec<u64>) -> Result<u64, WorkError> {
    cx.progress("begun");
    refuse_13(&numbers)?;
    if numbers.is_empty() {
        return Err(WorkError::retry("there is nothing to add"));
    }
    cx.progress("nearly done");
    Ok(numbers.iter().sum())
}

/// Says so often how far it has come, and goes on when it is told.
#[worker]
async fn talk(cx: &TaskCx, times: u32) {
    let began = Instant::now();
    for time in 0..times {
        cx.progress(time);
    }
    cx.progress(json!({ "said": times, "in": began.elapsed().as_millis() }));
    if times > 0 {
        GO_ON.notified().await;
    }
}

static GO_ON: Notify = Notify::const_new();

#[worker(keep = "1h")]
async fn give_much(_cx: &TaskCx, bytes: usize) -> Result<String> {
    Ok("x".repeat(bytes))
}

fn app() -> App {
    App::new("reports").model::<Effect>().worker(add_up).worker(add_outside).worker(talk).worker(give_much)
}

async fn report(app: &TestApp, task: TaskId) -> Option<Report> {
    app.db().report(task).await.unwrap()
}

async fn rows(app: &TestApp, table: &str) -> i64 {
    let counted = app.db().reader().sql(&format!("select count(*) from {table}")).one::<i64>().await;
    counted.unwrap().unwrap_or_default()
}

#[mainstay::test(app = app)]
async fn what_a_worker_gives_is_kept_for_as_long_as_it_says(app: TestApp) {
    let [inside, outside] = write_tx!(app.db(), |tx| {
        let inside = tx.enqueue(add_up, vec![1, 2]).await?;
        Ok([inside, tx.enqueue(add_outside, vec![3, 4]).await?])
    })
    .await
    .unwrap();
    let waiting = report(&app, inside).await.unwrap();
    assert_eq!((waiting.state, waiting.name.as_str(), waiting.value), (TaskState::Ready, "add-up", None));
    app.tasks().run().await;
    app.tasks().expect_none().await;
    let done = report(&app, inside).await.unwrap();
    assert_eq!((done.state, done.value::<Sum>().unwrap().map(|it| it.total)), (TaskState::Done, Some(3)));
    assert_eq!(done.progress::<Value>().unwrap(), Some(json!({ "seen": 2 })));
    assert!(done.value::<String>().unwrap_err().to_string().contains("what `add-up` gave has another shape"));
    let done = report(&app, outside).await.unwrap();
    assert_eq!((done.state, done.value::<u64>().unwrap()), (TaskState::Done, Some(7)));
    assert_eq!(done.progress::<String>().unwrap().as_deref(), Some("nearly done"));

    app.advance(mins(59));
    app.db().expire().await.unwrap();
    assert!(report(&app, inside).await.is_some());
    app.advance(mins(2));
    assert_eq!(report(&app, inside).await, None);
    assert_eq!(rows(&app, "mainstay_report").await, 2);
    app.db().expire().await.unwrap();
    assert_eq!((rows(&app, "mainstay_report").await, rows(&app, "mainstay_progress").await), (0, 0));
}

/// The value commits with the end of its task: an attempt that lost its task keeps nothing.
#[mainstay::test(app = app)]
async fn a_value_is_kept_with_the_end_of_its_task_or_not_at_all(app: TestApp) {
    let task = write_tx!(app.db(), |tx| { tx.enqueue(add_up, vec![1]).await }).await.unwrap();
    let node = TaskId::new().uuid();
    app.db().enlist(node, "test", hours(1)).await.unwrap();
    let claimed = app.db().claim(node, &mut Trail::of("default"), 1, &[]).await.unwrap().remove(0);
    app.db().release(&claimed.fence()).await.unwrap();
    let returned = Returned {
        task,
        name: claimed.name.clone(),
        progress: None,
        value: Some("1".to_owned()),
        expires_at: app.now().plus(hours(1)),
    };
    let lost = write_tx!(app.db(), |tx| {
        tx.keep_returned(std::slice::from_ref(&returned)).await?;
        tx.finish(claimed.fence());
        Ok(())
    })
    .await;
    assert_eq!(lost.unwrap_err().kind(), &ErrorKind::LeaseLost);
    assert_eq!(
        (report(&app, task).await.unwrap().state, rows(&app, "mainstay_report").await),
        (TaskState::Ready, 0)
    );
}

#[mainstay::test(app = app)]
async fn a_task_that_fails_or_is_taken_back_says_so(app: TestApp) {
    let [inside, outside, again] = write_tx!(app.db(), |tx| {
        let inside = tx.enqueue(add_up, vec![13]).await?;
        let outside = tx.enqueue(add_outside, vec![13]).await?;
        Ok([inside, outside, tx.enqueue(add_outside, Vec::new()).await?])
    })
    .await
    .unwrap();
    app.tasks().run().await;
    for task in [inside, outside] {
        let dead = report(&app, task).await.unwrap();
        assert_eq!((dead.state, dead.attempt, dead.value), (TaskState::Dead, 1, None));
        assert!(dead.errors.contains("13 is in it"), "{}", dead.errors);
    }
    let said = report(&app, outside).await.unwrap().progress::<String>().unwrap();
    assert_eq!(said.as_deref(), Some("begun"), "what a failed attempt said stays");
    assert!(effects(app.db()).await.is_empty());
    assert_eq!(report(&app, again).await.unwrap().state, TaskState::Scheduled);
    assert!(write_tx!(app.db(), |tx| { tx.cancel(again).await }).await.unwrap());
    assert_eq!(report(&app, again).await.unwrap().state, TaskState::Cancelled);
}

/// One that says nothing and keeps nothing leaves nothing; one that says something is known for an hour.
#[mainstay::test(app = app)]
async fn what_nobody_asked_for_is_not_kept(app: TestApp) {
    let task = write_tx!(app.db(), |tx| { tx.enqueue(talk, 0).await }).await.unwrap();
    app.tasks().run().await;
    let done = report(&app, task).await.unwrap();
    assert_eq!((done.state, done.value.as_deref()), (TaskState::Done, None));
    assert!(done.progress.unwrap().contains("\"said\":0"));
    app.advance(mins(61));
    assert_eq!(report(&app, task).await, None);
    assert_eq!(report(&app, TaskId::new()).await, None);
    let much = write_tx!(app.db(), |tx| { tx.enqueue(give_much, 1024 * 1024).await }).await.unwrap();
    app.tasks().run().await;
    let dead = report(&app, much).await.unwrap();
    assert!(
        dead.state == TaskState::Dead && dead.errors.contains("no more than 1048576 are kept"),
        "{dead:?}"
    );
}

/// Counts what is written, by a trigger.
async fn count_writes(app: &TestApp) {
    let count = async |tx: &mut Tx| {
        tx.sql("create table words (said text)").execute().await?;
        for event in ["insert", "update"] {
            let on = format!("create trigger words_{event} after {event} on mainstay_progress");
            tx.sql(&format!("{on} begin insert into words values (new.said); end")).execute().await?;
        }
        Ok(())
    };
    app.db().write(count).await.unwrap();
}

#[mainstay::test(app = app, sqlite)]
async fn of_what_a_worker_says_the_last_word_is_written_a_few_times_a_second(app: TestApp) {
    count_writes(&app).await;
    app.engine().start().await.unwrap();
    let task = write_tx!(app.db(), |tx| { tx.enqueue(talk, 10_000).await }).await.unwrap();
    let last = until_said(&app, task).await;
    let (words, took) = (rows(&app, "words").await, last["in"].as_i64().unwrap());
    assert!(words <= 2 + took / 250, "{words} words were written in {took} ms");
    GO_ON.notify_one();
    assert!(app.engine().stop(Duration::from_secs(5)).await);
    assert_eq!(report(&app, task).await.unwrap().state, TaskState::Done);
}

#[mainstay::test(app = app)]
async fn how_far_a_task_has_come_is_seen_while_it_runs(app: TestApp) {
    app.engine().start().await.unwrap();
    let task = write_tx!(app.db(), |tx| { tx.enqueue(talk, 3).await }).await.unwrap();
    assert_eq!(until_said(&app, task).await["said"], 3);
    assert_eq!(report(&app, task).await.unwrap().state, TaskState::Running);
    GO_ON.notify_one();
    assert!(app.engine().stop(Duration::from_secs(5)).await);
    assert_eq!(report(&app, task).await.unwrap().state, TaskState::Done);
}

/// Waits for the last word of [`talk`].
async fn until_said(app: &TestApp, task: TaskId) -> Value {
    for _ in 0..1000 {
        let said = report(app, task).await.and_then(|it| it.progress::<Value>().unwrap());
        if let Some(said) = said.filter(Value::is_object) {
            return said;
        }
        look_again().await;
    }
    panic!("nothing was said: {:?}", report(app, task).await);
}

#[expect(clippy::disallowed_methods, reason = "tasks run in their own time")]
async fn look_again() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}
