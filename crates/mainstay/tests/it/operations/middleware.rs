use std::sync::atomic::Ordering;

use mainstay::ErrorKind;
use mainstay::prelude::*;
use mainstay::queue::operation::Client;
use mainstay_test::{FaultPoint, TestApp};

use super::app::{RUNS, app, entries, leave_trail};

#[mainstay::test(app = app)]
async fn what_middleware_puts_in_reaches_the_operation_whichever_way_it_is_called(app: TestApp) {
    let ann = app.anonymous().header("x-org", "acme");
    let over_http = ann.post("/v1/ops/trail.leave", Value::Null).await.expect_status(200);
    assert_eq!(over_http.body, json!("application part queue own for acme"));
    let from_within = Client::new(app.db()).call(leave_trail, ()).await.unwrap();
    assert_eq!(from_within, "application part queue own for nobody");
    write_tx!(app.db(), |tx| { tx.enqueue(leave_trail, ()).metadata("org", "later").await.map(drop) })
        .await
        .unwrap();
    assert_eq!(app.tasks().run().await, 1);
    let all = entries(app.db()).await;
    assert_eq!(all.last().unwrap(), "application part queue own for later");
}

#[mainstay::test(app = app)]
async fn what_a_middleware_writes_commits_with_its_operation(app: TestApp) {
    let somebody = app.anonymous();
    let _ = somebody.post("/v1/ops/notes.add", json!("good")).await.expect_status(200);
    assert_eq!(entries(app.db()).await, ["before", "good", "gave \"good\""]);
}

#[mainstay::test(app = app)]
async fn a_declared_error_after_an_insert_undoes_it_though_a_middleware_answers_another(app: TestApp) {
    let refused = app.anonymous().post("/v1/ops/notes.add", json!("bad")).await.expect_error(409, "audited");
    assert_eq!(refused.description(), "this is not liked");
    assert!(entries(app.db()).await.is_empty());
}

#[mainstay::test(app = app)]
async fn an_error_of_middleware_is_answered_like_any_other(app: TestApp) {
    let refused = app.anonymous().header("x-refuse", "1").key("k1");
    for _ in 0..2 {
        let answer = refused.post("/v1/ops/trail.leave", Value::Null).await.expect_error(418, "teapot");
        assert_eq!(answer.description(), "as told");
    }
    let unfit = app.anonymous().post("/v1/ops/notes.guarded", Value::Null).await;
    assert_eq!(unfit.expect_error(403, "forbidden").description(), "`notes.guarded` needs `keeper`");
    let error = Client::new(app.db()).call(super::app::add_note, "bad".to_owned()).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Declared(declared) if declared.code == "audited"), "{error:?}");
    assert!(entries(app.db()).await.is_empty());
}

#[mainstay::test(app = app)]
async fn a_task_whose_middleware_fails_is_tried_again_as_its_queue_says(app: TestApp) {
    write_tx!(app.db(), |tx| { tx.enqueue(leave_trail, ()).metadata("refuse", true).await.map(drop) })
        .await
        .unwrap();
    for (ran, wait) in [(1, 5), (1, 60), (0, 0)] {
        assert_eq!(app.tasks().run().await, ran);
        app.advance(secs(wait));
    }
    let dead = app.tasks().dead().await;
    assert!(dead.len() == 1 && dead[0].errors.contains("as told"), "{dead:?}");
}

#[mainstay::test(app = app)]
async fn each_run_of_a_transaction_has_a_context_of_its_own(app: TestApp) {
    app.fault(FaultPoint::Conflict);
    let answer = app.anonymous().post("/v1/ops/trail.leave", Value::Null).await.expect_status(200);
    assert_eq!(answer.body, json!("application part queue own for nobody"));
    assert_eq!((RUNS.load(Ordering::SeqCst), entries(app.db()).await.len()), (2, 1));
}

#[mainstay::test(app = app)]
async fn what_comes_next_does_not_run_twice(app: TestApp) {
    let _ =
        app.anonymous().post("/v1/ops/notes.twice", Value::Null).await.expect_error(500, "internal_error");
    assert!(entries(app.db()).await.is_empty());
}

#[mainstay::test(app = app)]
async fn middleware_reads_what_an_operation_says_of_itself(app: TestApp) {
    let keeper = app.user_with_roles("kim", &["keeper"]).await;
    let _ = keeper.post("/v1/ops/notes.guarded", Value::Null).await.expect_status(200);
    let _ = app.user("eve").await.post("/v1/ops/notes.guarded", Value::Null).await.expect_status(403);
    assert_eq!(entries(app.db()).await, ["guarded"]);
}

#[mainstay::test(app = app)]
async fn an_output_that_is_not_what_its_schema_says_is_not_sent_from_within_middleware(app: TestApp) {
    let _ =
        app.anonymous().post("/v1/ops/notes.unfit", Value::Null).await.expect_error(500, "internal_error");
    assert!(entries(app.db()).await.is_empty());
}

#[mainstay::test(app = app)]
async fn the_middleware_of_a_query_reads_alone(app: TestApp) {
    let _ = app.anonymous().get("/v1/ops/notes.writes").await.expect_error(500, "internal_error");
    let _ = app.anonymous().get("/v1/ops/notes.unasked").await.expect_error(500, "internal_error");
    assert!(entries(app.db()).await.is_empty());
}

#[mainstay::test(app = app)]
async fn an_endpoint_takes_what_middleware_put_into_its_request(app: TestApp) {
    let keeper = app.user_with_roles("kim", &["keeper"]).await;
    assert_eq!(keeper.get("/v1/org").await.expect_status(200).result(), &json!("of the request"));
}
