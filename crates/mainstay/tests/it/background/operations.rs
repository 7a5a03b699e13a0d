use mainstay::ErrorKind;
use mainstay::prelude::*;
use mainstay::queue::operation::Client;
use mainstay_test::TestApp;

use super::app::{NewPerson, admins_only, app, create_person, find_person, record};
use super::effect::effects;

#[mainstay::test(app = app)]
async fn a_mutation_writes_its_rows_and_its_tasks_and_answers_bare(app: TestApp) {
    let ann = app.user("ann").await;
    let answer = ann.post("/v1/ops/people.create", json!({ "name": "Eve" })).await.expect_status(200);
    assert_eq!(answer.body, json!("Eve"));
    assert_eq!(effects(app.db()).await, ["Eve"]);
    let left = app.tasks().expect_one(record).await;
    assert_eq!((left.input.as_str(), left.waits(app.now())), ("welcome Eve", secs(30)));
}

#[mainstay::test(app = app)]
async fn an_error_undoes_a_mutation_and_its_tasks(app: TestApp) {
    let answer = app.anonymous().post("/v1/ops/people.create", json!({ "name": "taken" })).await;
    assert_eq!(answer.expect_status(409).body["error"], "name_taken");
    let answer =
        app.anonymous().post("/v1/ops/people.create", json!({ "name": "x" })).await.expect_status(422);
    assert_eq!(answer.body["data"]["fields"][0]["field"], "name");
    assert!(effects(app.db()).await.is_empty());
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn a_repeated_mutation_is_answered_the_same_and_does_nothing(app: TestApp) {
    for header in ["idempotency-key", "request-id"] {
        let ann = app.user("ann").await.header(header, &format!("{header} 1"));
        let name = json!({ "name": header });
        let first = ann.post("/v1/ops/people.create", name.clone()).await.expect_status(200);
        let again = ann.post("/v1/ops/people.create", name).await.expect_status(200);
        assert_eq!(first.body, again.body);
        let other = ann.post("/v1/ops/people.create", json!({ "name": "another" })).await;
        assert_eq!(other.expect_status(409).body["error"], "request_id_conflict");
    }
    assert_eq!(effects(app.db()).await, ["idempotency-key", "request-id"]);
    assert_eq!(app.tasks().of(record).await.len(), 2);
}

#[mainstay::test(app = app)]
async fn a_query_answers_get_and_post_and_its_parameters_are_decoded(app: TestApp) {
    write_tx!(app.db(), |tx| { super::effect::effect(tx, "a.b c", 1).await }).await.unwrap();
    let ann = app.user("ann").await;
    for answer in [
        ann.get("/v1/ops/people.find.a%2Eb%20c").await,
        ann.get("/v1/ops/people.find.a%2Eb%20c?input=null").await,
        ann.post("/v1/ops/people.find.a%2Eb%20c", Value::Null).await,
    ] {
        assert_eq!(answer.expect_status(200).body, json!(1));
    }
}

#[mainstay::test(app = app)]
async fn what_is_no_call_is_refused(app: TestApp) {
    let ann = app.user("ann").await;
    let missing = ann.post("/v1/ops/people.creat", json!({})).await.expect_status(404).body;
    assert_eq!(
        missing["error_description"],
        "there is no operation `people.creat`, did you mean `people.create`?"
    );
    let get = ann.get("/v1/ops/people.create").await.expect_status(405);
    assert_eq!(get.header("allow"), "POST");
    let _ = ann.get("/v1/ops/people.find.a?input=1&input=2").await.expect_status(400);
    let _ = ann.get("/v1/ops/people.find.a?inptu=1").await.expect_status(400);
    let _ = ann.post("/v1/ops/people.purge", Value::Null).await.expect_status(403);
    let _ = app.anonymous().post("/v1/ops/people.purge", Value::Null).await.expect_status(401);
    let _ = app
        .user_with_roles("root", &["admin"])
        .await
        .post("/v1/ops/people.purge", Value::Null)
        .await
        .expect_status(200);
}

#[mainstay::test(app = app)]
async fn an_operation_is_called_from_within_as_over_http(app: TestApp) {
    let client = Client::new(app.db());
    let call = || client.call(create_person, NewPerson { name: "Eve".to_owned() }).request_id("r1");
    assert_eq!(call().await.unwrap(), "Eve");
    assert_eq!(call().await.unwrap(), "Eve");
    assert_eq!(client.call(find_person, ()).param("name", "Eve").await.unwrap(), 1);
    let refused = client.call(create_person, NewPerson { name: "x".to_owned() }).await.unwrap_err();
    assert!(matches!(refused.kind(), ErrorKind::Invalid(_)), "{refused:?}");
}

#[mainstay::test(app = app)]
async fn an_operation_can_be_left_for_later(app: TestApp) {
    write_tx!(app.db(), |tx| {
        tx.enqueue(create_person, NewPerson { name: "Later".to_owned() }).after(secs(60)).await.map(drop)
    })
    .await
    .unwrap();
    app.advance(secs(60));
    assert_eq!(app.tasks().run().await, 1);
    assert_eq!(effects(app.db()).await, ["Later"]);
}

#[mainstay::test(app = app)]
async fn operations_are_described(app: TestApp) {
    let document = app.anonymous().get("/openapi.json").await.expect_status(200).body;
    let create = &document["paths"]["/v1/ops/people.create"]["post"];
    assert_eq!(create["operationId"], "people_create");
    assert_eq!(create["responses"]["200"]["content"]["application/json"]["schema"]["type"], "string");
    let find = &document["paths"]["/v1/ops/people.find.{name}"];
    assert_eq!(find["get"]["parameters"][0]["name"], "name");
    assert!(find["post"].is_object() && document["paths"]["/v1/ops/people.create"]["get"].is_null());
    let admins = document["paths"]["/v1/ops/people.purge"]["post"]["security"].as_array().unwrap().len();
    assert_eq!(admins, 1);
}

/// What is wrong with the call stays wrong; a name that is taken may be free by then.
#[mainstay::test(app = app)]
async fn a_task_of_an_operation_that_its_input_or_its_caller_fails_is_not_tried_again(app: TestApp) {
    let named = |name: &str| NewPerson { name: name.to_owned() };
    write_tx!(app.db(), |tx| {
        tx.enqueue(create_person, named("x")).await?;
        tx.enqueue(create_person, named("taken")).await?;
        tx.act_for(&Caller::Anonymous);
        tx.enqueue(admins_only, ()).await.map(drop)
    })
    .await
    .unwrap();
    assert_eq!(app.tasks().run().await, 3);
    let dead = app.tasks().dead().await;
    let mut names: Vec<_> =
        dead.iter().map(|it| (it.name.as_str(), it.reason.as_str(), it.attempt)).collect();
    names.sort_unstable();
    assert_eq!(names, [("people.create", "permanent", 1), ("people.purge", "permanent", 1)], "{dead:?}");
    assert_eq!(app.tasks().expect_one(create_person).await.input.name, "taken");
    assert!(effects(app.db()).await.is_empty());
}

#[mainstay::test(app = app)]
async fn a_task_by_hand_calls_an_operation_by_its_path_or_a_worker_by_its_name(app: TestApp) {
    let work = super::app::app().work();
    for (called, input) in
        [("people.create", r#"{"name":"Eve"}"#), ("people.find.a%2Eb", "null"), ("record", "\"by hand\"")]
    {
        let task = work.task_by_hand(called, input.to_owned()).unwrap();
        write_tx!(app.db(), |tx| { Ok(tx.put(task.clone())) }).await.unwrap();
    }
    assert_eq!(app.tasks().run().await, 3);
    assert!(app.tasks().dead().await.is_empty());
    let mut done = effects(app.db()).await;
    done.sort();
    assert_eq!(done, ["Eve", "by hand"], "in whatever order they ran");
}

#[test]
fn a_task_by_hand_that_cannot_run_is_refused() {
    let work = super::app::app().work();
    for (called, input, said) in [
        (
            "people.creat",
            "null",
            "no worker and no operation is named `people.creat`, did you mean `people.create`?",
        ),
        (
            "people.find.$name",
            "null",
            "`people.find.$name` stands for many: write a value in place of each `$parameter`",
        ),
        (
            "people.create",
            "{}",
            "the input of `people.create` does not fit: missing field `name` at line 1 column 2",
        ),
        (
            "people.create",
            "{",
            "the input of `people.create` does not fit: EOF while parsing an object at line 1 column 1",
        ),
        (
            "people.find.a",
            "null null",
            "the input of `people.find.$name` is no JSON: trailing characters at line 1 column 6",
        ),
    ] {
        assert_eq!(work.task_by_hand(called, input.to_owned()).unwrap_err().to_string(), said);
    }
}
