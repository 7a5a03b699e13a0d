use std::time::Duration;

use mainstay::prelude::*;
use mainstay::queue::Engine;
use mainstay_test::TestApp;

use super::app::{app, gather, narrow, outside, record, step};
use super::effect::effects;

/// Waits until so much was done: tasks run in their own time here.
async fn until(app: &TestApp, done: usize) -> Vec<String> {
    for _ in 0..1000 {
        let all = effects(app.db()).await;
        if all.len() >= done {
            return all;
        }
        look_again().await;
    }
    panic!("{:?} of {done} were done", effects(app.db()).await);
}

#[expect(clippy::disallowed_methods, reason = "tasks run in their own time")]
async fn look_again() {
    tokio::time::sleep(Duration::from_millis(10)).await;
}

async fn leave(app: &TestApp, count: usize) {
    write_tx!(app.db(), |tx| {
        for n in 0..count {
            tx.enqueue(record, n.to_string()).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

async fn leave_hanging(app: &TestApp, count: usize) {
    let hang = vec!["hang".to_owned(); count];
    write_tx!(app.db(), |tx| { tx.enqueue_all(outside, hang.clone()).await.map(drop) }).await.unwrap();
}

#[mainstay::test(app = app)]
async fn what_is_committed_runs_at_once_and_what_follows_too(app: TestApp) {
    app.engine().start().await.unwrap();
    write_tx!(app.db(), |tx| { tx.enqueue(step, 5).await.map(drop) }).await.unwrap();
    leave(&app, 100).await;
    let mut done = until(&app, 106).await;
    done.retain(|it| !it.starts_with("step"));
    done.sort_by_key(|it| it.parse::<u32>().unwrap());
    assert_eq!(done, (0..100).map(|n| n.to_string()).collect::<Vec<_>>());
    assert!(app.engine().stop(Duration::from_secs(5)).await);
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn a_process_that_stops_hands_back_what_it_has_not_done(app: TestApp) {
    app.engine().start().await.unwrap();
    write_tx!(app.db(), |tx| { tx.enqueue(outside, "hang".to_owned()).await.map(drop) }).await.unwrap();
    until(&app, 1).await;
    app.engine().stop(Duration::ZERO).await;
    assert_eq!(app.tasks().expect_one(outside).await.task.state, "ready");
}

#[mainstay::test(app = app)]
async fn what_was_claimed_and_not_begun_was_not_tried(app: TestApp) {
    leave_hanging(&app, 20).await;
    app.engine().start().await.unwrap();
    until(&app, 16).await;
    app.engine().stop(Duration::ZERO).await;
    let untried = app.tasks().of(outside).await.into_iter().filter(|it| it.task.attempt == 0).count();
    assert!(untried >= 4, "{untried}");
}

#[mainstay::test(app = app)]
async fn a_task_left_while_nobody_served_runs_when_somebody_does(app: TestApp) {
    leave(&app, 3).await;
    app.engine().start().await.unwrap();
    until(&app, 3).await;
    app.engine().stop(Duration::from_secs(5)).await;
}

#[mainstay::test(app = app)]
async fn a_paused_queue_runs_nothing_until_it_is_resumed(app: TestApp) {
    app.db().set_paused("jobs", true).await.unwrap();
    leave(&app, 1).await;
    assert_eq!(app.tasks().run().await, 0);
    app.db().set_paused("jobs", false).await.unwrap();
    assert_eq!(app.tasks().run().await, 1);
}

#[mainstay::test(app = app)]
async fn a_process_serves_the_queues_it_is_told_to(app: TestApp) {
    leave(&app, 1).await;
    let only = |queue: &str| {
        let work = mainstay::queue::Work { only: vec![queue.to_owned()], ..super::app::app().work() };
        Engine::new(app.db(), work).unwrap()
    };
    assert_eq!(only("mail").step().await.unwrap(), 0);
    assert_eq!(only("jobs").step().await.unwrap(), 1);
}

#[mainstay::test(app = app)]
async fn two_workers_of_one_name_are_refused(app: TestApp) {
    let twice = Engine::new(app.db(), super::app::app().worker(record).work());
    let refusal = twice.err().expect("a refusal").to_string();
    assert!(
        refusal.starts_with("two workers are named `record`: one at ") && refusal.contains("app.rs"),
        "{refusal}"
    );
}

#[mainstay::test(app = app)]
async fn what_is_run_is_counted(app: TestApp) {
    use mainstay::web::prometheus_client::{encoding::text::encode, registry::Registry};
    leave(&app, 2).await;
    app.tasks().run().await;
    let (mut registry, mut text) = (Registry::default(), String::new());
    app.engine().register(&mut registry);
    encode(&mut text, &registry).unwrap();
    let done = "task_attempts_total{queue=\"jobs\",name=\"record\",outcome=\"done\"} 2";
    assert!(
        text.contains(done) && text.contains("task_wait_duration_seconds_count{queue=\"jobs\"} 2"),
        "{text}"
    );
}

#[mainstay::test(app = app)]
async fn a_worker_at_its_limit_keeps_no_other_waiting(app: TestApp) {
    write_tx!(app.db(), |tx| {
        for _ in 0..100 {
            tx.enqueue(narrow, "hang".to_owned()).await?;
        }
        tx.enqueue(outside, "other".to_owned()).await.map(drop)
    })
    .await
    .unwrap();
    app.engine().start().await.unwrap();
    let mut done = until(&app, 2).await;
    done.sort();
    assert_eq!(done, ["hang", "other"], "one of the first worker, and the other behind the hundred");
    app.engine().stop(Duration::ZERO).await;
}

#[mainstay::test(app = app)]
async fn what_waits_for_one_worker_runs_together(app: TestApp) {
    write_tx!(app.db(), |tx| {
        for n in 0..12 {
            tx.enqueue(gather, n).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    app.tasks().run().await;
    // The two batches run at the same time.
    let mut done = effects(app.db()).await;
    done.sort();
    assert_eq!(done, ["[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]", "[10, 11]"]);
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn what_failed_together_is_tried_again_alone(app: TestApp) {
    write_tx!(app.db(), |tx| {
        for n in 12..15 {
            tx.enqueue(gather, n).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    app.tasks().run().await;
    assert!(effects(app.db()).await.is_empty());
    app.advance(secs(5));
    app.tasks().run().await;
    let mut done = effects(app.db()).await;
    done.sort();
    assert_eq!(done, ["[12]", "[14]"]);
    assert_eq!(app.tasks().expect_one(gather).await.task.attempt, 2);
}

#[mainstay::test(app = app)]
async fn a_paused_queue_gives_back_what_it_has_not_begun(app: TestApp) {
    leave_hanging(&app, 20).await;
    app.engine().start().await.unwrap();
    until(&app, 16).await;
    app.db().set_paused("mail", true).await.unwrap();
    for _ in 0..1000 {
        let ready = app.tasks().of(outside).await.into_iter().filter(|it| it.task.state == "ready").count();
        if ready >= 4 {
            app.engine().stop(Duration::ZERO).await;
            return;
        }
        look_again().await;
    }
    panic!("they were kept");
}

#[mainstay::test(app = app)]
async fn a_queue_begins_no_more_tasks_than_its_rate_allows(app: TestApp) {
    leave(&app, 5).await;
    let place = mainstay::kernel::Place::at(file!(), line!());
    let mut work = super::app::app().work();
    work.queues = vec![mainstay::queue::QueueSpec::new("jobs", place).rate(2, secs(10))];
    let engine = Engine::new(app.db(), work).unwrap();
    for (wait, done) in [(0, 2), (1, 2), (4, 3), (5, 4), (10, 5)] {
        app.advance(secs(wait));
        engine.step().await.unwrap();
        assert_eq!(effects(app.db()).await.len(), done);
    }
}

#[mainstay::test(app = app)]
async fn a_process_runs_no_more_tasks_at_once_than_it_is_told(app: TestApp) {
    write_tx!(app.db(), |tx| {
        for _ in 0..10 {
            tx.enqueue(outside, "hang".to_owned()).await?;
            tx.enqueue(record, "quick".to_owned()).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    let work = mainstay::queue::Work { most: Some(3), ..super::app::app().work() };
    let engine = Engine::new(app.db(), work).unwrap();
    engine.start().await.unwrap();
    // Those that hang give up after their timeout, and the others have their turns.
    let done = until(&app, 20).await;
    assert_eq!(done.iter().filter(|it| *it == "quick").count(), 10);
    engine.stop(Duration::ZERO).await;
}
