use mainstay_kernel::work::{Burial, NewTask, Progress, Returned, TaskId, Trail};
use mainstay_kernel::{Clock, Db, DbOptions, Frame, StoreUrl, Timestamp, write_tx};
use mainstay_queue::Work;

use super::Background;
use crate::command::Output;

async fn background() -> Background {
    let clock = Clock::manual(Timestamp::from_micros(1_767_225_600_000_000));
    let options = DbOptions { clock, ..DbOptions::new(StoreUrl::SqliteMemory) };
    Background { db: Db::open(options).await.unwrap(), work: Work::default() }
}

/// What a command says, or why it does not.
async fn say(background: &Background, line: &str) -> Result<String, String> {
    let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    let (sender, mut frames) = tokio::sync::mpsc::unbounded_channel();
    let done = background.run(&words[0], &words[1..], &Output::to(sender)).await;
    let mut said = String::new();
    while let Ok(Frame::Out(text)) = frames.try_recv() {
        said.push_str(&text);
    }
    done.map(|()| said).map_err(|error| error.to_string())
}

async fn leave(background: &Background, name: &'static str) -> TaskId {
    let task = NewTask {
        id: TaskId::new(),
        queue: "mail".into(),
        name: name.into(),
        key: None,
        priority: 100,
        body: r#"{"to":"ann","resetToken":"hidden"}"#.to_owned(),
        meta: "{}".to_owned(),
        due: None,
    };
    write_tx!(background.db, |tx| { Ok(tx.put(task.clone())) }).await.unwrap()
}

#[tokio::test]
async fn a_task_is_listed_without_its_secrets_and_cancelled_once() {
    let background = background().await;
    let id = leave(&background, "send").await;
    let listed = say(&background, "job list").await.unwrap();
    assert!(
        listed.contains(&id.to_string()) && listed.contains("ann") && !listed.contains("hidden"),
        "{listed}"
    );
    let shown = say(&background, &format!("job show {id} --json")).await.unwrap();
    assert!(shown.contains("[redacted]") && shown.contains(r#""state": "ready""#), "{shown}");
    assert_eq!(say(&background, &format!("job cancel {id}")).await.unwrap(), format!("{id} is cancelled\n"));
    let again = say(&background, &format!("job cancel {id}")).await.unwrap_err();
    assert_eq!(again, format!("the task `{id}` runs, has run, or never was: nothing was cancelled"));
    assert_eq!(say(&background, "job list").await.unwrap(), "none\n");
    assert_eq!(
        say(&background, &format!("job show {id}")).await.unwrap_err(),
        format!("there is no task `{id}`")
    );
}

#[tokio::test]
async fn a_task_is_shown_with_how_far_it_has_come_and_with_what_it_gave() {
    let background = background().await;
    let id = leave(&background, "send").await;
    let expires_at = background.db.clock().now().plus(std::time::Duration::from_secs(3600));
    let said = Progress { task: id, name: "send".to_owned(), said: "42".to_owned(), expires_at };
    background.db.note_progress(&[said]).await.unwrap();
    let shown = say(&background, &format!("job show {id}")).await.unwrap();
    assert!(shown.contains("state         ready\n") && shown.contains("progress      42\n"), "{shown}");
    let json = say(&background, &format!("job show {id} --json")).await.unwrap();
    assert!(json.contains(r#""progress": "42""#) && json.contains(r#""queue": "mail""#), "{json}");
    write_tx!(background.db, |tx| { tx.cancel(id).await }).await.unwrap();
    assert!(say(&background, &format!("job show {id}")).await.unwrap().contains("state         cancelled\n"));
    let value = Some(r#"{"to":"ann","token":"hidden"}"#.to_owned());
    let returned = Returned { task: id, name: "send".to_owned(), progress: None, value, expires_at };
    background.db.keep_returned(&[returned]).await.unwrap();
    let shown = say(&background, &format!("job show {id}")).await.unwrap();
    assert!(
        shown.contains("state         done\n") && shown.contains("ann") && !shown.contains("hidden"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_queue_is_paused_resumed_and_drained() {
    let background = background().await;
    leave(&background, "send").await;
    assert_eq!(say(&background, "queue pause mail").await.unwrap(), "mail is paused\n");
    assert!(say(&background, "queue list").await.unwrap().contains("mail   paused  1"));
    assert_eq!(say(&background, "queue resume mail").await.unwrap(), "mail is resumed\n");
    assert_eq!(say(&background, "queue drain mail").await.unwrap(), "mail is paused\nmail is drained\n");
    assert_eq!(say(&background, "queue inspect mial").await.unwrap_err(), "there is no queue `mial`");
    assert!(say(&background, "outbox status --json").await.unwrap().contains(r#""ready": 1"#));
}

#[tokio::test]
async fn dead_letters_are_shown_replayed_and_discarded() {
    let background = background().await;
    for name in ["one", "two"] {
        leave(&background, name).await;
    }
    let (db, node) = (&background.db, uuid());
    for task in db.claim(node, &mut Trail::of("mail"), 10, &[]).await.unwrap() {
        let errors = r#"[{"attempt":1,"at":"then","error":"no"}]"#.to_owned();
        db.bury(&task.fence(), &Burial { reason: "permanent", errors }).await.unwrap();
    }
    assert!(say(&background, "dead list --name one").await.unwrap().contains("permanent"));
    assert_eq!(
        say(&background, "dead replay").await.unwrap_err(),
        "say which: an id, `--queue`, `--name`, or `--all`"
    );
    assert_eq!(say(&background, "dead replay --name one --rate 5").await.unwrap(), "1 replayed\n");
    assert_eq!(say(&background, "dead discard --all").await.unwrap(), "1 discarded\n");
    let none = say(&background, "dead discard --all").await.unwrap_err();
    assert_eq!(none, "no dead letter is meant: nothing was discarded");
}

#[tokio::test]
async fn an_unknown_worker_and_an_input_that_is_no_json_are_refused() {
    let background = background().await;
    let unknown = say(&background, "job trigger send").await.unwrap_err();
    assert_eq!(unknown, "no worker and no operation is named `send`");
    let sql = say(&background, "db init").await.unwrap();
    assert!(sql.contains("create table mainstay_task") && sql.contains("create table mainstay_result"));
}

fn uuid() -> uuid::Uuid {
    TaskId::new().uuid()
}
