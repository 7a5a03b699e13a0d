use std::sync::atomic::Ordering;

use futures_util::future::{join, join_all};
use mainstay::prelude::*;
use mainstay::queue::operation::Client;
use mainstay_test::TestApp;

use super::app::{GATE, READS, cached, count_notes, entries};

fn reads() -> usize {
    READS.load(Ordering::SeqCst)
}

#[mainstay::test(app = cached)]
async fn what_a_query_gave_is_given_again_to_the_same_caller_until_its_time_is_over(app: TestApp) {
    let (ann, eve) = (app.user("ann").await, app.user("eve").await);
    let count = "/v1/ops/notes.count.all";
    for who in [&ann, &eve, &ann, &eve] {
        assert_eq!(who.get(count).await.expect_status(200).body, json!("all None 0"));
    }
    assert_eq!(reads(), 2, "each of the two had it read for herself");
    let _ = ann.post("/v1/ops/notes.add", json!("x")).await.expect_status(200);
    assert_eq!(ann.get(count).await.body, json!("all None 0"));
    app.advance(secs(10));
    assert_eq!(ann.get(count).await.body, json!("all None 3"));
    let editor = app.user_with_roles("ann", &["editor"]).await;
    let _ = editor.get(count).await.expect_status(200);
    assert_eq!(reads(), 4, "she is somebody else with another role");
    let _ = app.anonymous().get(count).await.expect_status(401);
}

#[mainstay::test(app = cached)]
async fn another_parameter_and_another_input_have_answers_of_their_own(app: TestApp) {
    let ann = app.user("ann").await;
    for _ in 0..2 {
        for (path, answer) in
            [("all", "all None 0"), ("a%2Eb", "a.b None 0"), ("all?input=1", "all Some(1) 0")]
        {
            assert_eq!(ann.get(&format!("/v1/ops/notes.count.{path}")).await.body, json!(answer));
        }
    }
    assert_eq!(reads(), 3);
    let client = Client::new(app.db()).acting_for(app.caller(&ann).await);
    assert_eq!(client.call(count_notes, Some(1)).param("kind", "all").await.unwrap(), "all Some(1) 0");
    assert_eq!(reads(), 3, "what was given over HTTP is given within");
}

#[mainstay::test(app = cached)]
async fn callers_share_what_is_said_to_be_shared(app: TestApp) {
    for who in [app.user("ann").await, app.user("eve").await, app.anonymous()] {
        assert_eq!(who.get("/v1/ops/notes.count_for_all").await.expect_status(200).body, json!(0));
    }
    assert_eq!(reads(), 1);
}

#[mainstay::test(app = cached)]
async fn an_answer_depends_on_what_middleware_put_in(app: TestApp) {
    for _ in 0..2 {
        for org in ["acme", "zeta"] {
            let answer = app.anonymous().header("x-org", org).get("/v1/ops/notes.count_of_org").await;
            assert_eq!(answer.expect_status(200).body, json!(format!("{org} 0")));
        }
    }
    assert_eq!(reads(), 2);
}

#[mainstay::test(app = cached)]
async fn an_error_is_not_given_again_and_a_task_reads_for_itself(app: TestApp) {
    let ann = app.user("ann").await;
    for _ in 0..2 {
        let _ = ann.get("/v1/ops/notes.count.none").await.expect_error(404, "no_such_kind");
    }
    assert_eq!(reads(), 2);
    for _ in 0..2 {
        write_tx!(app.db(), |tx| { tx.enqueue(count_notes, None).param("kind", "all").await.map(drop) })
            .await
            .unwrap();
    }
    assert_eq!((app.tasks().run().await, reads()), (2, 4));
}

#[mainstay::test(app = cached)]
async fn who_asks_for_what_is_being_read_waits_for_it(app: TestApp) {
    let somebody = app.anonymous();
    let asking = join_all((0..8).map(|_| somebody.get("/v1/ops/notes.slow")));
    let opening = async {
        while reads() == 0 {
            tokio::task::yield_now().await;
        }
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        GATE.add_permits(8);
    };
    let (answers, ()) = join(asking, opening).await;
    assert!(answers.iter().all(|it| it.status == 200 && it.body == json!(0)), "{answers:?}");
    assert_eq!(reads(), 1);
    let metrics = app.anonymous().get("/metrics").await.text().to_owned();
    for (outcome, count) in [("hit", 7), ("miss", 1)] {
        let line = format!(
            "operation_cache_requests_total{{operation=\"notes.slow\",outcome=\"{outcome}\"}} {count}"
        );
        assert!(metrics.contains(&line), "{line} is not in {metrics}");
    }
    assert!(entries(app.db()).await.is_empty());
}
