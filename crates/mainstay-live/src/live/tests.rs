use mainstay_kernel::changes::{Most, Token};
use mainstay_kernel::{Caller, DbOptions, Kind, Place, StoreUrl, Tx, Value};
use mainstay_model::{
    ColumnDef, Exists, ModelEntry, Part, Predicate, Schema, Standing, Subject, additive, parse_list,
};
use serde_json::{Value as Json, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use uuid::Uuid;

use super::command::Command;
use super::state::State;
use super::*;

static COLUMNS: [ColumnDef; 3] = [
    ColumnDef::new("id", Kind::Uuid, Part::Id),
    ColumnDef::new("rank", Kind::Int, Part::Plain),
    ColumnDef::new("version", Kind::Int, Part::Version),
];

static THINGS: Schema =
    Schema { live: true, ..Schema::new("thing", "things", &COLUMNS, Place::at(file!(), line!())) };
static QUIET: Schema = Schema::new("quiet", "quiets", &COLUMNS, Place::at(file!(), line!()));

static THING: ModelEntry = ModelEntry::of_schema(&THINGS);

/// Live queries that take their turns when they are told to.
struct Stage {
    db: Db,
    state: State,
    commands: UnboundedReceiver<Command>,
    _speaker: mpsc::UnboundedSender<Command>,
    outbox: Arc<Outbox>,
}

const US: SessionId = SessionId(1);

impl Stage {
    /// With one client, for whom so many bytes may wait.
    async fn new(most_waiting: usize) -> Self {
        let db = Db::open(DbOptions::new(StoreUrl::SqliteMemory)).await.unwrap();
        let _ = additive::apply(&db, &[&THINGS]).await.unwrap();
        let feed = Feed::begin(&db, &[&THINGS], Most::default()).await.unwrap();
        let (speaker, commands) = unbounded_channel();
        let mut state = State::new(&db, feed, speaker.downgrade());
        let outbox = Arc::new(Outbox::new(most_waiting));
        state.obey(Command::Open { session: US, outbox: Arc::clone(&outbox) });
        Self { db, state, commands, _speaker: speaker, outbox }
    }

    fn follow(&mut self, sub: u64, pairs: &[(&str, &str)]) {
        self.go_on(sub, pairs, None);
    }

    /// Follows what it has as of a token.
    fn go_on(&mut self, sub: u64, pairs: &[(&str, &str)], resume: Option<Token>) {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let query = parse_list(&THING, &[], &Caller::Anonymous, &pairs).unwrap();
        let standing = Standing::new(&THING, &Caller::Anonymous, query).unwrap();
        let (session, sub, standing) = (US, SubId(sub), Box::new(standing));
        self.state.obey(Command::Follow { session, sub, standing, resume });
    }

    /// Follows, and has been sent the first rows.
    async fn begin(&mut self, sub: u64, pairs: &[(&str, &str)]) -> Json {
        self.follow(sub, pairs);
        let arrived = self.commands.recv().await.unwrap();
        self.state.obey(arrived);
        self.state.take_turn().await;
        self.sent().await
    }

    async fn sent(&self) -> Json {
        serde_json::from_str(&self.outbox.take().await.unwrap().frame).unwrap()
    }

    async fn put(&self, key: u128, rank: i64) {
        let sql = "INSERT INTO things (id, rank, version) VALUES (?, ?, 1) \
                   ON CONFLICT (id) DO UPDATE SET rank = excluded.rank, version = things.version + 1";
        let put = async |tx: &mut Tx| {
            tx.sql(sql).bind(Value::Uuid(Uuid::from_u128(key))).bind(rank).execute().await.map(drop)
        };
        self.db.write(put).await.unwrap();
    }
}

fn ranks(frame: &Json) -> Vec<i64> {
    frame["rows"].as_array().unwrap().iter().map(|row| row["rank"].as_i64().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_committed_while_the_first_rows_are_read_is_shown_once() {
    let mut stage = Stage::new(1 << 20).await;
    stage.put(1, 1).await;
    stage.follow(1, &[("sort", "rank")]);
    // Its rows have been read, and have not arrived yet.
    let arrived = stage.commands.recv().await.unwrap();
    stage.put(2, 2).await;
    stage.state.take_turn().await;
    stage.state.obey(arrived);
    stage.state.take_turn().await;
    let snap = stage.sent().await;
    assert_eq!((ranks(&snap), &snap["total"]), (vec![1, 2], &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_rows_show_is_not_counted_again() {
    let mut stage = Stage::new(1 << 20).await;
    stage.put(1, 1).await;
    // Committed before its rows are read, and told in a turn after that.
    stage.put(2, 2).await;
    stage.follow(1, &[("sort", "rank")]);
    let arrived = stage.commands.recv().await.unwrap();
    stage.state.take_turn().await;
    stage.state.obey(arrived);
    stage.state.take_turn().await;
    let snap = stage.sent().await;
    assert_eq!((ranks(&snap), &snap["total"]), (vec![1, 2], &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_follows_the_same_shares_what_is_kept() {
    let mut stage = Stage::new(1 << 20).await;
    stage.put(1, 1).await;
    let first = stage.begin(1, &[("sort", "rank")]).await;
    // Nothing is read for the second.
    stage.follow(2, &[("sort", "rank")]);
    let second = stage.sent().await;
    assert_eq!((&second["id"], &second["rows"]), (&json!(2), &first["rows"]));
    stage.put(1, 5).await;
    stage.state.take_turn().await;
    let told = stage.sent().await;
    let ops: Vec<_> =
        told["subs"].as_array().unwrap().iter().map(|it| (it["id"].as_u64(), &it["ops"])).collect();
    assert_eq!(ops.len(), 2, "one frame has both: {told}");
    assert_eq!(ops[0].1, ops[1].1);
    stage.state.obey(Command::Leave { session: US, sub: SubId(1) });
    assert!(!stage.state.cohorts.is_empty());
    stage.state.obey(Command::Close { session: US });
    assert!(stage.state.cohorts.is_empty(), "what nobody follows is not kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_behind_is_told_at_once_what_it_missed() {
    // A frame waits, and no second one.
    let mut stage = Stage::new(1).await;
    stage.put(1, 1).await;
    let snap = stage.begin(1, &[("sort", "rank")]).await;
    assert_eq!(ranks(&snap), [1]);
    for rank in 2..6 {
        stage.put(1, rank).await;
        stage.state.take_turn().await;
    }
    stage.put(2, 9).await;
    stage.state.take_turn().await;
    let told = stage.sent().await;
    let patch = json!([{ "op": "replace", "path": "/rank", "value": 2 }, { "op": "replace", "path": "/version", "value": 2 }]);
    assert_eq!(told["subs"][0]["ops"][0]["patch"], patch, "the first went through");
    stage.state.obey(Command::Drained { session: US });
    let missed = stage.sent().await;
    let kinds: Vec<_> =
        missed["subs"][0]["ops"].as_array().unwrap().iter().map(|op| op["op"].clone()).collect();
    assert_eq!(kinds, ["add", "update"], "{missed}");
    assert_eq!(missed["subs"][0]["ops"][1]["patch"][0]["value"], 5, "what was in between is not told");
    assert_eq!(missed["subs"][0]["total"], 2);
    // From here on as ever.
    stage.put(2, 0).await;
    stage.state.take_turn().await;
    assert_eq!(stage.sent().await["subs"][0]["ops"].as_array().unwrap().len(), 2);
}

#[test]
fn what_nobody_tells_of_cannot_be_followed() {
    static QUIETS: ModelEntry = ModelEntry::of_schema(&QUIET);
    let query = parse_list(&QUIETS, &[], &Caller::Anonymous, &[]).unwrap();
    let refused = Standing::new(&QUIETS, &Caller::Anonymous, query).unwrap_err();
    assert!(refused.to_string().contains("quiets cannot be followed"), "{refused}");
    let mut query = parse_list(&THING, &[], &Caller::Anonymous, &[]).unwrap();
    let (subject, rows) = (Subject::Column(0), Predicate::Always);
    query.filter = Predicate::Exists(Box::new(Exists { subject, schema: &QUIET, column: 0, rows }));
    let refused = Standing::new(&THING, &Caller::Anonymous, query).unwrap_err();
    assert!(refused.to_string().contains("it depends on quiets"), "{refused}");
}

fn token(frame: &Json) -> Token {
    frame["token"].as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_is_told_what_it_missed_and_no_more() {
    let mut stage = Stage::new(1 << 20).await;
    for key in 1..4 {
        stage.put(key, i64::try_from(key).unwrap() * 10).await;
    }
    let list = [("sort", "rank"), ("limit", "2")];
    let snap = stage.begin(1, &list).await;
    assert_eq!(ranks(&snap), [10, 20]);
    stage.put(1, 25).await;
    stage.state.take_turn().await;
    let told = stage.sent().await;
    // As a client would that has lost the last frame, and one that has not.
    stage.go_on(2, &list, Some(token(&snap)));
    stage.go_on(3, &list, Some(token(&told)));
    stage.state.take_turn().await;
    assert_eq!(stage.sent().await, json!({ "t": "resumed", "id": 2 }));
    let missed = stage.sent().await;
    assert_eq!(missed["subs"][0]["ops"], told["subs"][0]["ops"]);
    assert_eq!(stage.sent().await, json!({ "t": "resumed", "id": 3 }));
    let nothing = stage.sent().await;
    assert_eq!(nothing["subs"], json!([{ "id": 3, "ops": [] }]));
    stage.put(2, 0).await;
    stage.state.take_turn().await;
    let all = stage.sent().await;
    assert_eq!(all["subs"].as_array().unwrap().len(), 3, "each follows: {all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_from_elsewhere_begins_anew() {
    let mut stage = Stage::new(1 << 20).await;
    stage.put(1, 1).await;
    let snap = stage.begin(1, &[]).await;
    let foreign = format!("f{}", snap["token"].as_str().unwrap());
    stage.go_on(2, &[], Some(foreign.parse().unwrap()));
    stage.state.take_turn().await;
    let anew = stage.sent().await;
    assert_eq!((&anew["t"], &anew["id"], &anew["rows"]), (&json!("snap"), &json!(2), &snap["rows"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_after_more_than_is_held_begins_anew() {
    let mut stage = Stage::new(1 << 20).await;
    for key in 100..200 {
        stage.put(key, 0).await;
    }
    let list = [("limit", "5"), ("sort", "-rank")];
    let first = stage.begin(2, &list).await;
    // So many stand in front now that what stood there before is not held any more.
    for key in 100..160 {
        stage.put(key, 1).await;
    }
    stage.go_on(3, &list, Some(token(&first)));
    stage.state.take_turn().await;
    let frames = [stage.sent().await, stage.sent().await];
    let anew = frames.iter().find(|it| it["id"] == 3).expect("an answer");
    assert_eq!((&anew["t"], ranks(anew)), (&json!("snap"), vec![1; 5]));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_a_list_that_cannot_be_read_is_told() {
    let mut stage = Stage::new(1 << 20).await;
    let token = stage.state.told.clone();
    stage.follow(1, &[]);
    stage.go_on(2, &[], Some(token));
    let Command::Arrived { cohort, .. } = stage.commands.recv().await.unwrap() else {
        panic!("first rows were asked for");
    };
    let read = Err(mainstay_kernel::Error::internal("as told"));
    stage.state.obey(Command::Arrived { cohort, read });
    let told = [stage.sent().await, stage.sent().await];
    assert_eq!(
        told.map(|it| (it["t"].clone(), it["id"].clone())),
        [(json!("reset"), json!(1)), (json!("reset"), json!(2)),]
    );
    assert!(stage.state.resumes.is_empty() && stage.state.cohorts.is_empty());
}
