//! Inputs of operations in more than one version.

use mainstay::prelude::*;
use mainstay::queue::operation::Client;
use mainstay::queue::{Engine, INPUT_VERSION};
use mainstay_test::TestApp;

use super::app::{Entry, entries, note};

/// As version 3 has it; in version 1 it was a text, and in version 2 it had no tag.
#[data]
struct NewNote {
    text: String,
    tag: String,
}

fn upgrade_note(from: u32, mut input: Value) -> Result<Value> {
    if from < 2 {
        input = json!({ "text": input });
    }
    if input["text"] == "" {
        return Err(Error::internal("a note without a text was never allowed"));
    }
    input["tag"] = json!(format!("since {from}"));
    Ok(input)
}

#[mutation(path = "notes.tag", version = 3, upgrade = upgrade_note)]
async fn tag_note(tx: &mut Tx, input: NewNote) -> Result<String> {
    let told = format!("{} {}", input.text, input.tag);
    note(tx, told.clone()).await?;
    Ok(told)
}

#[query(path = "notes.tagged", version = 3, upgrade = upgrade_note, cache = "10s")]
async fn tagged(_reader: &Reader, input: NewNote) -> Result<String> {
    Ok(format!("{} {}", input.text, input.tag))
}

fn app() -> App {
    App::new("versions").model::<Entry>().operation(tag_note).operation(tagged)
}

async fn call(app: &TestApp, path: &str, version: Option<&str>, input: Value) -> (u16, Value) {
    let mut actor = app.anonymous();
    if let Some(version) = version {
        actor = actor.header(INPUT_VERSION, version);
    }
    let answer = actor.post(&format!("/v1/ops/{path}"), input).await;
    (answer.status.as_u16(), answer.body)
}

#[mainstay::test(app = app)]
async fn a_call_says_in_which_version_its_input_is(app: TestApp) {
    for path in ["notes.tag", "notes.tagged"] {
        for (version, input, told) in [
            (None, json!({ "text": "a", "tag": "new" }), "a new"),
            (Some("3"), json!({ "text": "b", "tag": "new" }), "b new"),
            (Some("2"), json!({ "text": "c" }), "c since 2"),
            (Some("1"), json!("d"), "d since 1"),
        ] {
            assert_eq!(call(&app, path, version, input).await, (200, json!(told)), "{path} {version:?}");
        }
    }
    assert_eq!(entries(app.db()).await, ["a new", "b new", "c since 2", "d since 1"]);
}

#[mainstay::test(app = app)]
async fn an_input_that_is_not_of_its_version_is_refused(app: TestApp) {
    for (version, input, status, said) in [
        (
            Some("4"),
            json!({}),
            400,
            "the input is of version 4, and `notes.tag` is known here up to version 3",
        ),
        (Some("0"), json!({}), 400, "`Input-Version` is `0`, expected a whole number from 1 on"),
        (Some("two"), json!({}), 400, "`Input-Version` is `two`, expected a whole number from 1 on"),
        (
            Some("1"),
            json!(""),
            400,
            "the input of version 1 could not be brought up to version 3: a note without a text was never allowed",
        ),
        (None, json!({ "text": "c" }), 422, "tag"),
    ] {
        let (found, body) = call(&app, "notes.tag", version, input).await;
        assert_eq!(found, status, "{body}");
        assert!(body.to_string().contains(said), "{body}");
    }
    assert!(entries(app.db()).await.is_empty());
}

#[mainstay::test(app = app)]
async fn a_call_from_within_and_a_task_are_of_the_current_version(app: TestApp) {
    let new = || NewNote { text: "a".to_owned(), tag: "new".to_owned() };
    assert_eq!(Client::new(app.db()).call(tag_note, new()).await.unwrap(), "a new");
    write_tx!(app.db(), |tx| { tx.enqueue(tag_note, new()).await.map(drop) }).await.unwrap();
    app.tasks().run().await;
    assert_eq!(entries(app.db()).await, ["a new", "a new"]);
}

#[mainstay::test(app = app)]
async fn a_task_for_an_operation_is_brought_up_too(app: TestApp) {
    let mut task =
        self::app().work().task_by_hand("notes.tag", "{\"text\":\"a\",\"tag\":\"b\"}".to_owned()).unwrap();
    (task.body, task.meta) = ("\"a\"".to_owned(), "{}".to_owned());
    write_tx!(app.db(), |tx| {
        tx.put(task.clone());
        Ok(())
    })
    .await
    .unwrap();
    app.tasks().run().await;
    assert_eq!(entries(app.db()).await, ["a since 1"]);
}

#[mainstay::test(app = app)]
async fn a_task_for_a_later_version_of_an_operation_is_set_aside(app: TestApp) {
    write_tx!(app.db(), |tx| {
        let new = NewNote { text: "a".to_owned(), tag: "new".to_owned() };
        tx.enqueue(tag_note, new).await.map(drop)
    })
    .await
    .unwrap();
    let older = App::new("older").operation(earlier::tag_note).work();
    Engine::new(app.db(), older).unwrap().step().await.unwrap();
    assert_eq!(app.tasks().waiting().await[0].state, "parked");
}

mod earlier {
    use super::*;

    #[mutation(path = "notes.tag")]
    pub(super) async fn tag_note(tx: &mut Tx, input: String) -> Result<()> {
        note(tx, input).await
    }
}
