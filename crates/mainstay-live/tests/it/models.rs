use std::time::Duration;

use mainstay::kernel::StoreUrl;
use mainstay::kernel::changes::Most;
use mainstay::model::{Filter, Record, Schema};
use mainstay::prelude::*;
use mainstay_live::{Delta, Feed};
use mainstay_test::TestApp;
use serde_json::Value;

/// How a thing may be.
#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Sad,
    Glad,
}

/// A field of every kind.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub(crate) struct Thing {
    pub(crate) id: Id<Thing>,
    pub(crate) title: String,
    pub(crate) note: Option<String>,
    pub(crate) flag: bool,
    pub(crate) maybe: Option<bool>,
    pub(crate) count: i64,
    pub(crate) small: Option<i16>,
    pub(crate) ratio: f64,
    pub(crate) rate: Option<f64>,
    pub(crate) price: Decimal<2>,
    pub(crate) day: Date,
    pub(crate) ends: Option<Date>,
    pub(crate) at: Timestamp,
    pub(crate) until: Option<Timestamp>,
    pub(crate) data: Json<Value>,
    pub(crate) more: Option<Json<Value>>,
    pub(crate) seal: Vec<u8>,
    pub(crate) mood: Mood,
    pub(crate) other: Option<Ref<Thing>>,
    #[model(private)]
    pub(crate) secret: String,
    #[model(version)]
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[scope]
impl Scope for Thing {}

/// What one reads of a title, and no more.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub(crate) struct Label {
    pub(crate) id: Id<Label>,
    pub(crate) title: String,
    #[model(version)]
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

#[scope]
impl Scope for Label {}

/// Whom nobody watches.
#[derive(Model, Clone, Debug)]
pub(crate) struct Quiet {
    pub(crate) id: Id<Quiet>,
    pub(crate) title: String,
}

#[scope]
impl Scope for Quiet {}

pub(crate) const MODELS: [&Schema; 3] = [Thing::SCHEMA, Label::SCHEMA, Quiet::SCHEMA];

pub(crate) fn app() -> App {
    App::new("live").model::<Thing>().model::<Label>().model::<Quiet>()
}

pub(crate) async fn feed(db: &Db) -> Feed {
    Feed::begin(db, &MODELS, Most::default()).await.expect("a feed")
}

/// The next delta, which somebody is about to commit or has.
pub(crate) async fn next(feed: &mut Feed) -> Delta {
    let next = tokio::time::timeout(Duration::from_secs(30), feed.next()).await;
    next.expect("a delta in time").expect("a database that answers")
}

/// Deltas until so many changes of rows have come.
pub(crate) async fn changes(feed: &mut Feed, count: usize) -> Vec<mainstay_live::Change> {
    let mut changes = Vec::new();
    while changes.len() < count {
        let delta = next(feed).await;
        assert!(!delta.is_empty(), "what tells nothing is not told");
        changes.extend(delta.changes.iter().cloned());
    }
    assert_eq!(changes.len(), count);
    changes
}

pub(crate) async fn label(db: &Db, title: &str) -> Label {
    let new = || NewLabel { title: title.to_owned() };
    db.write(async |tx: &mut Tx| new().insert(tx).await).await.expect("a label")
}

/// The titles of labels, as they are in the database.
pub(crate) async fn titles(db: &Db) -> Vec<(Id<Label>, String)> {
    let labels = Label::filter(Filter::always()).order(Label::ID.asc()).all(&db.reader()).await;
    labels.expect("labels").into_iter().map(|it| (it.id, it.title)).collect()
}

/// A title that stands in a record of a label.
pub(crate) fn title(record: Option<&Record>) -> Option<String> {
    let record = record?.clone();
    Some(Label::from_record(record).expect("a label").title)
}

/// Runs SQL of somebody else's: past the framework where the store lets others in.
pub(crate) async fn by_others(app: &TestApp, sql: &str) {
    match app.url() {
        StoreUrl::Postgres(url) => {
            let (client, connection) =
                tokio_postgres::connect(url, tokio_postgres::NoTls).await.expect("a connection");
            app.db().owned().spawn("a stranger's connection", async move { connection.await.ok() });
            client.batch_execute(sql).await.expect("SQL");
        }
        StoreUrl::SqliteFile(_) | StoreUrl::SqliteMemory => {
            app.db().migrate(&[sql.to_owned()]).await.expect("SQL");
        }
    }
}
