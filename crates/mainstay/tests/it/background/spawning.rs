//! Hooks that spawn: what is written leaves a task with the row as it was written.

use mainstay::model::{Action, Insert as _, Written};
use mainstay::prelude::*;
use mainstay_test::TestApp;

use super::effect::{Effect, NewEffect, effect, effects};

/// A row of every kind of value, and one value that is nobody's.
#[derive(Model, Clone, Debug)]
pub(crate) struct Card {
    id: Id<Card>,
    #[model(write)]
    title: String,
    #[model(write)]
    price: Option<Decimal<2>>,
    #[model(write)]
    weight: Option<f64>,
    #[model(write)]
    due: Option<Date>,
    #[model(write, default)]
    tags: Json<Vec<String>>,
    kind: CardKind,
    #[model(private)]
    pin: Option<String>,
    #[model(version)]
    version: i64,
    #[model(overflow, write)]
    data: Overflow,
    created_at: Timestamp,
}

#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq)]
enum CardKind {
    #[default]
    Plain,
    Gold,
}

#[scope]
impl Scope for Card {
    fn can_create(_: &Caller) -> Access<Card> {
        all()
    }
    fn can_read(_: &Caller) -> Access<Card> {
        all()
    }
    fn can_update(_: &Caller) -> Access<Card> {
        all()
    }
    fn can_delete(_: &Caller) -> Access<Card> {
        all()
    }
}

/// A row without a private value.
#[derive(Model, Clone, Debug, PartialEq)]
pub(crate) struct Sheet {
    id: Id<Sheet>,
    #[model(write)]
    text: String,
    at: Timestamp,
    bytes: Vec<u8>,
    ratio: f64,
    note: Option<String>,
}

#[scope]
impl Scope for Sheet {}

#[hook(after, save)]
async fn number_pin(cx: &mut HookCx<'_, Card>) -> Result<()> {
    if cx.model().title == "refused" {
        return Err(Error::http(409, "refused", "not this one"));
    }
    if cx.changed(Card::TITLE) {
        let pin = Some(format!("pin of {}", cx.model().title));
        let id = cx.model().id;
        Card::filter(Card::ID.eq(id)).update_all(cx, [Card::PIN.set(pin)]).await?;
    }
    Ok(())
}

/// Tells what it was given.
#[hook(spawn, save, queue = "cards", retry = 1, backoff = "fixed", base = "7s", priority = 50)]
async fn mirror_card(tx: &mut Tx, cx: &TaskCx, written: Written<Card>) -> Result<()> {
    let changes: Vec<_> = written.changes().collect();
    let what = json!([
        written.action().verb(),
        written.was(Card::TITLE)?,
        written.get(Card::TITLE)?,
        written.changed(Card::PRICE),
        changes.contains(&"title"),
    ]);
    effect(tx, &what.to_string(), cx.attempt()).await?;
    if written.get(Card::TITLE)?.as_deref() == Some("failing") && cx.attempt() == 1 {
        return Err(Error::http(503, "away", "the index is away"));
    }
    Ok(())
}

#[hook(spawn, remove, queue = "cards")]
async fn forget_card(cx: &TaskCx, written: Written<Card>) -> Result<()> {
    let (what, who) =
        (format!("forgot {}", written.get(Card::TITLE)?.unwrap_or_default()), cx.caller().label());
    write_tx!(cx.db(), |tx| {
        let (text, who) = (what.clone(), who.clone());
        NewEffect { text, attempt: 1, who }.insert(tx).await.map(drop)
    })
    .await
}

/// The tasks of one sheet run one after the other, those of others with it.
#[hook(spawn, save, name = "sheets.told", ordered, batch = 10)]
async fn tell_sheets(tx: &mut Tx, written: Vec<Written<Sheet>>) -> Result<()> {
    let mut texts = written.iter().map(|it| it.model().map(|it| it.text)).collect::<Result<Vec<_>>>()?;
    texts.sort();
    effect(tx, &texts.join(" "), 1).await
}

fn app() -> App {
    App::new("spawning")
        .model::<Effect>()
        .model::<Card>()
        .model::<Sheet>()
        .hook(number_pin)
        .hook(mirror_card)
        .hook(forget_card)
        .hook(tell_sheets)
}

fn sheet(text: &str) -> NewSheet {
    let at = Timestamp::from_micros(1_700_000_000_123_456);
    NewSheet { text: text.to_owned(), at, bytes: vec![0, 255], ratio: 0.1 + 0.2, note: None }
}

#[mainstay::test(app = app)]
async fn a_hook_that_spawns_leaves_a_task_with_the_row_as_it_was_written(app: TestApp) {
    let ann = app.user("ann").await;
    let body = json!({
        "title": "one", "price": "12.50", "weight": 0.30000000000000004, "due": "2026-01-31", "tags": ["a"], "extra": { "x": [1] }
    });
    let made = ann.post("/v1/cards", body).await.expect_status(201);
    let left = app.tasks().expect_one(mirror_card).await;
    assert_eq!((left.task.queue.as_str(), left.task.priority, left.task.key), ("cards", 50, None));
    let written = left.input;
    assert_eq!((written.action(), written.id().to_string()), (Action::Create, made.id().to_owned()));
    assert_eq!(written.get(Card::PRICE).unwrap().unwrap().to_string(), "12.50");
    assert_eq!(written.get(Card::WEIGHT).unwrap(), Some(0.300_000_000_000_000_04));
    assert_eq!(written.get(Card::DUE).unwrap().unwrap().to_string(), "2026-01-31");
    assert_eq!(written.get(Card::TAGS).unwrap().unwrap().0, ["a"]);
    assert_eq!(
        (written.get(Card::KIND).unwrap(), written.get(Card::VERSION).unwrap()),
        (Some(CardKind::Plain), Some(2))
    );
    assert!(left.task.body.contains(r#""extra":{"x":[1]}"#), "{}", left.task.body);
    assert!(written.changed(Card::DUE) && written.before().unwrap().is_none());
    app.tasks().run().await;
    assert_eq!(effects(app.db()).await, [r#"["create",null,"one",true,true]"#]);
}

#[mainstay::test(app = app)]
async fn what_is_private_is_in_no_task(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.post("/v1/cards", json!({ "title": "one" })).await.expect_status(201);
    let left = app.tasks().expect_one(mirror_card).await;
    assert!(!left.task.body.contains("pin of"), "{}", left.task.body);
    let stored = Card::find(&app.db().reader(), left.input.id()).await.unwrap().unwrap();
    assert_eq!(stored.pin.as_deref(), Some("pin of one"));
    for error in [left.input.get(Card::PIN).map(drop), left.input.model().map(drop)] {
        let error = error.expect_err("it is not there").to_string();
        assert!(error.contains("the private field `pin` of `card` is not in a task"), "{error}");
    }
    let by_hand = Written::new(None, stored);
    assert!(by_hand.changed(Card::PIN) && by_hand.get(Card::PIN).is_err());
    assert!(!mainstay::serde_json::to_string(&by_hand).unwrap().contains("pin of"));
}

#[mainstay::test(app = app)]
async fn what_is_rolled_back_spawns_nothing(app: TestApp) {
    let ann = app.user("ann").await;
    let _ = ann.post("/v1/cards", json!({ "title": "refused" })).await.expect_status(409);
    let undone = write_tx!(app.db(), |tx| {
        sheet("undone").insert(tx).await?;
        Err::<(), _>(Error::http(409, "no", "not this time"))
    });
    assert!(undone.await.is_err());
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn every_door_spawns_as_it_fires_other_hooks(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/cards", json!({ "title": "one" })).await.expect_status(201);
    let path = format!("/v1/cards/{}", made.id());
    let _ = ann.put(&path, json!({ "title": "two", "price": "1.00" })).await.expect_status(200);
    let _ = ann
        .patch(&path, json!([{ "op": "add", "path": "/price", "value": "2.00" }]))
        .await
        .expect_status(200);
    let _ = ann
        .patch(&path, json!([{ "op": "add", "path": "/price", "value": "2.00" }]))
        .await
        .expect_status(200);
    write_tx!(app.db(), |tx| {
        let card = Card::filter(Card::TITLE.eq("two")).first(tx).await?.expect("it is there");
        let card = card.update(tx, |it| it.title = "three".to_owned()).await?;
        // Many rows by one statement fire nothing.
        Card::filter(Card::ID.eq(card.id)).update_all(tx, [Card::TITLE.set("four")]).await.map(drop)
    })
    .await
    .unwrap();
    let _ = ann.delete(&path).await.expect_status(200);
    assert_eq!(app.tasks().run().await, 5);
    let mut told = effects(app.db()).await;
    told.sort();
    assert_eq!(
        told,
        [
            r#"["create",null,"one",true,true]"#,
            r#"["patch","two","two",true,false]"#,
            r#"["update","one","two",true,true]"#,
            r#"["update","two","three",false,true]"#,
            "forgot four",
        ]
    );
}

#[mainstay::test(app = app)]
async fn a_spawned_task_runs_for_whoever_wrote_and_is_tried_again(app: TestApp) {
    let ann = app.user("ann").await;
    let made = ann.post("/v1/cards", json!({ "title": "failing" })).await.expect_status(201);
    let _ = ann.delete(&format!("/v1/cards/{}", made.id())).await.expect_status(200);
    app.tasks().run().await;
    assert_eq!(effects(app.db()).await, ["forgot failing"]);
    let all = Effect::filter(Effect::ATTEMPT.gte(0)).all(&app.db().reader()).await.unwrap();
    assert!(all[0].who.starts_with("subject:"), "{}", all[0].who);
    let left = app.tasks().expect_one(mirror_card).await;
    assert_eq!((left.task.attempt, left.input.get(Card::TITLE).unwrap()), (1, Some("failing".to_owned())));
    assert!(left.waits(app.now()) >= secs(6), "as its attribute says");
    app.advance(secs(8));
    app.tasks().run().await;
    app.tasks().expect_none().await;
}

#[mainstay::test(app = app)]
async fn the_tasks_of_one_row_can_be_ordered_and_run_with_those_of_others(app: TestApp) {
    write_tx!(app.db(), |tx| {
        let one = sheet("a1").insert(tx).await?;
        one.update(tx, |it| it.text = "a2".to_owned()).await?;
        sheet("b1").insert(tx).await.map(drop)
    })
    .await
    .unwrap();
    let left = app.tasks().of(tell_sheets).await;
    let keys: Vec<_> = left.iter().map(|it| it.task.key.clone().unwrap_or_default()).collect();
    assert_eq!(keys[0], format!("sheets.told:{}", left[0].input.id()));
    assert!(keys[0] == keys[1] && keys[1] != keys[2], "{keys:?}");
    app.tasks().run().await;
    assert_eq!(effects(app.db()).await, ["a1 b1", "a2"]);
}

/// A row without private values comes back whole, and so does one that an older program wrote.
#[mainstay::test(app = app)]
async fn a_spawned_row_comes_back_as_it_was(app: TestApp) {
    let made = write_tx!(app.db(), |tx| { sheet("whole").insert(tx).await }).await.unwrap();
    let left = app.tasks().expect_one(tell_sheets).await;
    assert_eq!(left.input.model().unwrap(), made);
    let older = left.task.body.replace(r#""note":null,"#, "").replace(r#","note":null"#, "");
    assert_ne!(older, left.task.body);
    let older: Written<Sheet> = mainstay::serde_json::from_str(&older).unwrap();
    assert_eq!(older.model().unwrap(), made);
    let without = left.task.body.replace("\"text\":\"whole\"", "\"other\":1");
    let error = mainstay::serde_json::from_str::<Written<Sheet>>(&without).expect_err("it does not fit");
    assert!(error.to_string().contains("the column `text` is missing"), "{error}");
}

#[test]
fn a_hook_that_spawns_is_listed_with_the_hooks_and_the_workers() {
    let app = app();
    let listed: Vec<_> = app.hooks_for::<Card>().unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        listed,
        [
            "card             after  save     100  number_pin",
            "card             spawn  save      50  mirror_card",
            "card             spawn  remove   100  forget_card",
        ]
    );
    let workers: Vec<_> = app.work().workers.iter().map(|it| (it.spec.queue, it.spec.name)).collect();
    assert_eq!(workers, [("cards", "mirror-card"), ("cards", "forget-card"), ("default", "sheets.told")]);
}

#[mainstay::test(app = app)]
async fn a_hook_that_spawns_can_be_called_in_a_test(app: TestApp) {
    write_tx!(app.db(), |tx| {
        let one = sheet("by hand").insert(tx).await?;
        let two = Sheet { text: "changed".to_owned(), ..one.clone() };
        let written = Written::new(Some(one), two);
        assert!(written.changed(Sheet::TEXT) && !written.changed(Sheet::NOTE));
        tell_sheets(tx, vec![written]).await
    })
    .await
    .unwrap();
    assert_eq!(effects(app.db()).await, ["changed"]);
}
