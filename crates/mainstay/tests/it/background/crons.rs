use mainstay::kernel::work::Trail;
use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::app::app;
use super::effect::effects;

const DAY: std::time::Duration = hours(24);

#[mainstay::test(app = app)]
async fn a_cron_runs_once_for_each_time_it_is_due(app: TestApp) {
    for nights in 1..=3 {
        app.advance(DAY);
        app.tasks().run().await;
        app.tasks().run().await;
        assert_eq!(effects(app.db()).await.len(), nights);
    }
}

#[mainstay::test(app = app)]
async fn of_several_processes_one_runs_a_cron(app: TestApp) {
    let others: Vec<_> =
        (0..3).map(|_| mainstay::queue::Engine::new(app.db(), super::app::app().work()).unwrap()).collect();
    app.advance(hours(1));
    for other in &others {
        other.enter().await.unwrap();
    }
    app.advance(DAY);
    let (one, other, third) = tokio::join!(others[0].step(), others[1].step(), others[2].step());
    assert_eq!(one.unwrap() + other.unwrap() + third.unwrap(), 1);
    assert_eq!(effects(app.db()).await, ["night"]);
}

#[mainstay::test(app = app)]
async fn what_was_missed_is_made_up_for_once(app: TestApp) {
    app.advance(DAY);
    app.tasks().run().await;
    app.advance(DAY * 5);
    let later = mainstay::queue::Engine::new(app.db(), super::app::app().work()).unwrap();
    later.enter().await.unwrap();
    assert_eq!(later.step().await.unwrap(), 1);
    assert_eq!(effects(app.db()).await.len(), 2);
}

#[mainstay::test(app = app)]
async fn a_run_is_left_out_while_the_one_before_goes_on(app: TestApp) {
    app.db().set_paused("crons", true).await.unwrap();
    for _ in 0..3 {
        app.advance(DAY);
        app.tasks().run().await;
    }
    app.db().set_paused("crons", false).await.unwrap();
    assert_eq!(app.tasks().run().await, 1, "the first of them waited, and the others were left out");
}

/// Crons whose runs wait for each other, and whose runs do not.
fn overlapping() -> App {
    use super::app::{one_by_one, side_by_side};
    App::new("overlapping").model::<super::effect::Effect>().cron(one_by_one).cron(side_by_side)
}

/// How many runs of each cron are claimed at once when three of each wait.
async fn claimed(app: &TestApp) -> Vec<String> {
    let node = TaskId::new().uuid();
    app.db().enlist(node, "test", hours(1)).await.unwrap();
    let keys = mainstay::kernel::work::Keys { queue: "crons", per_key: 1, most: 10, after: "", except: &[] };
    let mut tasks = app.db().claim(node, &mut Trail::of("crons"), 10, &[]).await.unwrap();
    tasks.extend(app.db().claim_keyed(node, &keys).await.unwrap());
    app.db().leave(node).await.unwrap();
    let mut names: Vec<_> = tasks.into_iter().map(|it| it.name).collect();
    names.sort();
    names
}

#[mainstay::test(app = overlapping)]
async fn runs_wait_for_the_one_before_or_go_on_beside_it_as_their_cron_says(app: TestApp) {
    app.db().set_paused("crons", true).await.unwrap();
    for _ in 0..3 {
        app.advance(DAY);
        app.tasks().run().await;
    }
    app.db().set_paused("crons", false).await.unwrap();
    assert_eq!(
        claimed(&app).await,
        ["one_by_one", "side_by_side", "side_by_side", "side_by_side"],
        "of those that wait for each other one at a time"
    );
    assert_eq!(app.tasks().run().await, 6, "and none is left out");
}

/// A cron that is due each minute.
fn minutely() -> App {
    App::new("minutely").model::<super::effect::Effect>().cron(super::app::minutely)
}

#[mainstay::test(app = minutely)]
async fn of_many_missed_runs_the_last_is_made_up_for(app: TestApp) {
    app.advance(hours(1));
    app.db().write(async |tx: &mut Tx| tx.tick("minutely", tx.now()).await).await.unwrap();
    app.advance(hours(10));
    for runs in [1, 0] {
        let engine = mainstay::queue::Engine::new(app.db(), minutely().work()).unwrap();
        engine.enter().await.unwrap();
        assert_eq!(engine.step().await.unwrap(), runs);
    }
    assert_eq!(app.db().last_tick("minutely").await.unwrap(), Some(app.now()));
}

#[mainstay::test(app = minutely)]
async fn a_process_that_slept_makes_up_once(app: TestApp) {
    let engine = mainstay::queue::Engine::new(app.db(), minutely().work()).unwrap();
    engine.enter().await.unwrap();
    app.advance(hours(10));
    assert_eq!(engine.step().await.unwrap(), 1);
    app.advance(mins(1));
    assert_eq!(engine.step().await.unwrap(), 1, "and goes on as before");
}
