//! Two versions of a program on one database, as while one takes over from the other.

use mainstay::prelude::*;
use mainstay::queue::{Engine, Work};
use mainstay_test::TestApp;

use super::app::app;
use super::effect::{effect, effects};

/// Version N.
mod before {
    use super::*;

    #[worker(name = "welcome", queue = "jobs")]
    pub(super) async fn welcome(tx: &mut Tx, name: String) -> Result<()> {
        effect(tx, &format!("N welcomes {name}"), 1).await
    }
}

/// Version N + 1.
mod after {
    use super::*;

    #[data]
    pub(super) struct Welcome {
        pub(super) name: String,
        pub(super) language: String,
    }

    fn upgrade_welcome(from: u32, name: Value) -> Result<Value> {
        match name.as_str() {
            Some("nobody") => Err(Error::internal("there is nobody to welcome")),
            _ => Ok(json!({ "name": name, "language": format!("that of version {from}") })),
        }
    }

    #[worker(name = "welcome", queue = "jobs", version = 2, upgrade = upgrade_welcome)]
    pub(super) async fn welcome(tx: &mut Tx, input: Welcome, cx: &TaskCx) -> Result<()> {
        let Welcome { name, language } = input;
        effect(tx, &format!("N + 1 welcomes {name} in {language}"), cx.attempt()).await
    }

    #[worker(name = "goodbye", queue = "jobs", version = 2)]
    pub(super) async fn goodbye(tx: &mut Tx, (name, times): (String, Option<u8>)) -> Result<()> {
        effect(tx, &format!("N + 1 says goodbye to {name} {times:?}"), 1).await
    }
}

fn older() -> Work {
    App::new("older").worker(before::welcome).work()
}

fn newer() -> Work {
    App::new("newer").worker(after::welcome).worker(after::goodbye).work()
}

async fn engine(app: &TestApp, work: Work) -> Engine {
    let engine = Engine::new(app.db(), work).unwrap();
    engine.enter().await.unwrap();
    engine
}

async fn leave_old(app: &TestApp, name: &str) {
    write_tx!(app.db(), |tx| { tx.enqueue(before::welcome, name.to_owned()).await.map(drop) }).await.unwrap();
}

async fn leave_new(app: &TestApp, name: &str, key: Option<&str>) {
    write_tx!(app.db(), |tx| {
        let welcome = after::Welcome { name: name.to_owned(), language: "Latin".to_owned() };
        let task = tx.enqueue(after::welcome, welcome);
        match key {
            Some(key) => task.key(key).await.map(drop),
            None => task.await.map(drop),
        }
    })
    .await
    .unwrap();
}

async fn states(app: &TestApp) -> Vec<(String, u32)> {
    let tasks = app.tasks().waiting().await.into_iter();
    tasks.map(|it| (it.state, it.attempt)).collect()
}

#[mainstay::test(app = app)]
async fn what_a_later_version_left_waits_for_it_and_the_earlier_one_goes_on(app: TestApp) {
    let n = engine(&app, older()).await;
    leave_new(&app, "ann", None).await;
    leave_old(&app, "bob").await;
    n.step().await.unwrap();
    assert_eq!(effects(app.db()).await, ["N welcomes bob"]);
    assert_eq!(states(&app).await, [("parked".to_owned(), 0)], "it was not tried");
    n.enter().await.unwrap();
    assert_eq!(n.step().await.unwrap(), 0, "who does not know its version does not free it");
    let next = engine(&app, newer()).await;
    assert_eq!(next.step().await.unwrap(), 1);
    assert_eq!(effects(app.db()).await, ["N welcomes bob", "N + 1 welcomes ann in Latin"]);
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn what_an_earlier_version_left_is_brought_up(app: TestApp) {
    leave_old(&app, "ann").await;
    let next = engine(&app, newer()).await;
    next.step().await.unwrap();
    assert_eq!(effects(app.db()).await, ["N + 1 welcomes ann in that of version 1"]);
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn what_cannot_be_brought_up_is_dead_with_the_reason(app: TestApp) {
    leave_old(&app, "nobody").await;
    let next = engine(&app, newer()).await;
    next.step().await.unwrap();
    assert_eq!(effects(app.db()).await, Vec::<String>::new());
    let dead = app.tasks().dead().await.remove(0);
    assert_eq!((dead.reason.as_str(), dead.attempt, dead.body.as_str()), ("permanent", 1, "\"nobody\""));
    let reason = "the input of version 1 could not be brought up to version 2: there is nobody to welcome";
    assert!(dead.errors.contains(reason), "{}", dead.errors);
}

#[mainstay::test(app = app)]
async fn without_an_upgrade_an_earlier_input_is_read_as_it_is(app: TestApp) {
    let mut task = newer().task_by_hand("goodbye", "[\"ann\",null]".to_owned()).unwrap();
    task.meta = task.meta.replace("\"version\":2", "\"version\":1");
    write_tx!(app.db(), |tx| {
        tx.put(task.clone());
        Ok(())
    })
    .await
    .unwrap();
    engine(&app, newer()).await.step().await.unwrap();
    assert_eq!(effects(app.db()).await, ["N + 1 says goodbye to ann None"]);
}

#[mainstay::test(app = app)]
async fn a_key_waits_behind_what_the_earlier_version_set_aside(app: TestApp) {
    let n = engine(&app, older()).await;
    leave_new(&app, "first", Some("k")).await;
    for name in ["second", "third"] {
        write_tx!(app.db(), |tx| { tx.enqueue(before::welcome, name.to_owned()).key("k").await.map(drop) })
            .await
            .unwrap();
    }
    n.step().await.unwrap();
    assert_eq!(effects(app.db()).await, Vec::<String>::new(), "the first of the key is nobody's yet");
    engine(&app, newer()).await.step().await.unwrap();
    let done = effects(app.db()).await;
    assert_eq!(done[0], "N + 1 welcomes first in Latin");
    assert_eq!(done[1..], ["second", "third"].map(|it| format!("N + 1 welcomes {it} in that of version 1")));
}

#[mainstay::test(app = app)]
async fn two_versions_do_not_pass_tasks_to_and_fro(app: TestApp) {
    let n = engine(&app, older()).await;
    let next = engine(&app, newer()).await;
    leave_new(&app, "ann", None).await;
    leave_old(&app, "bob").await;
    n.step().await.unwrap();
    next.enter().await.unwrap();
    n.step().await.unwrap();
    assert_eq!(states(&app).await, [("parked".to_owned(), 0)], "it met the task again");
    next.enter().await.unwrap();
    leave_old(&app, "cid").await;
    assert_eq!(n.step().await.unwrap(), 0, "somebody knows them better: it leaves tasks of this name alone");
    app.advance(secs(10));
    assert_eq!(n.step().await.unwrap(), 2, "that somebody may be gone");
    assert_eq!(effects(app.db()).await, ["N welcomes bob", "N welcomes cid"]);
}

#[mainstay::test(app = app)]
async fn while_both_versions_run_nothing_is_lost_or_done_twice(app: TestApp) {
    let (n, next) = (engine(&app, older()).await, engine(&app, newer()).await);
    for round in 0..20 {
        for task in 0..5 {
            leave_old(&app, &format!("old {round} {task}")).await;
            leave_new(&app, &format!("new {round} {task}"), (task == 0).then_some("k")).await;
        }
        let (one, other) = tokio::join!(n.step(), next.step());
        assert!(one.is_ok() && other.is_ok());
        next.enter().await.unwrap();
    }
    next.step().await.unwrap();
    let mut done: Vec<_> = effects(app.db()).await;
    let who = |it: &String| it.split(" welcomes ").nth(1).unwrap().split(" in ").next().unwrap().to_owned();
    assert!(done.iter().filter(|it| it.contains(" new ")).all(|it| it.starts_with("N + 1")), "{done:?}");
    done = done.iter().map(who).collect();
    done.sort();
    let each = |kind: &'static str| (0..20).flat_map(move |n| (0..5).map(move |m| format!("{kind} {n} {m}")));
    let mut all: Vec<_> = each("old").chain(each("new")).collect();
    all.sort();
    assert_eq!(done, all);
    app.tasks().expect_none().await;
}
