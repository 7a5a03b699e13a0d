use mainstay::kernel::Dialect;
use mainstay::model::{Record, Schema};
use mainstay::prelude::*;
use mainstay_live::RowChange;
use mainstay_test::TestApp;
use serde_json::{Value, json};

use crate::models::{Mood, NewThing, Thing, app, by_others, changes, feed};

/// As a row's images have it: without what is private.
fn seen(thing: Thing) -> Record {
    let mut record = thing.into_record();
    let secret = Thing::SCHEMA.columns.iter().position(|it| it.name == "secret").expect("a column");
    let _ = record.take(secret);
    record
}

fn full() -> NewThing {
    NewThing {
        title: "ä\u{1F600} \"quoted\" \\ \u{7f} 'x'".to_owned(),
        note: Some(String::new()),
        flag: true,
        maybe: Some(false),
        count: i64::MAX,
        small: Some(i16::MIN),
        ratio: 0.1 + 0.2,
        rate: Some(f64::MIN_POSITIVE / 2.0),
        price: Decimal::from_units(-1),
        day: "0001-01-01".parse().expect("a date"),
        ends: Some("9999-12-31".parse().expect("a date")),
        at: Timestamp::from_micros(i64::MIN),
        until: Some("2026-11-21T08:09:25.123456Z".parse().expect("a time")),
        data: Json(json!({"b": [1, 1.0, 0.5, 9_007_199_254_740_993_i64, null, {"": "x"}], "a": "\u{2028}"})),
        more: Some(Json(json!("text"))),
        seal: vec![0, 255, 127],
        mood: Mood::Glad,
        other: None,
        secret: "hush".to_owned(),
    }
}

fn bare() -> NewThing {
    NewThing {
        title: String::new(),
        note: None,
        flag: false,
        maybe: None,
        count: i64::MIN,
        small: None,
        ratio: f64::MAX,
        rate: None,
        price: Decimal::from_units(i64::MAX),
        day: "2026-02-28".parse().expect("a date"),
        ends: None,
        at: Timestamp::from_micros(-1),
        until: None,
        data: Json(Value::Null),
        more: None,
        seal: Vec::new(),
        mood: Mood::Sad,
        other: None,
        secret: "hush".to_owned(),
    }
}

/// The null of JSON is a value, and another one than none.
fn null() -> NewThing {
    NewThing { more: Some(Json(Value::Null)), ..bare() }
}

#[mainstay::test(app = app)]
async fn a_row_that_is_told_is_the_row_that_is_stored(app: TestApp) {
    let db = app.db();
    let mut heard = feed(app.db()).await;
    for new in [full, bare, null] {
        let made = db.write(async |tx: &mut Tx| new().insert(tx).await).await.expect("a thing");
        let stored = Thing::find(&db.reader(), made.id).await.expect("a read").expect("the thing");
        let told = changes(&mut heard, 1).await;
        assert_eq!(told[0].row, RowChange::Created(seen(stored.clone())));
        let changed = db.write(async |tx: &mut Tx| {
            stored
                .clone()
                .update(tx, |it| {
                    it.other = Some(it.id.into());
                    it.note = Some("changed".to_owned());
                })
                .await
        });
        let changed = changed.await.expect("a change");
        let told = changes(&mut heard, 1).await;
        assert_eq!(told[0].row, RowChange::Updated { before: seen(stored), after: seen(changed) });
    }
}

#[mainstay::test(app = app)]
async fn what_is_written_in_another_time_zone_is_told_the_same(app: TestApp) {
    let db = app.db();
    let made = db.write(async |tx: &mut Tx| full().insert(tx).await).await.expect("a thing");
    let mut heard = feed(app.db()).await;
    // Offsets of minutes, and of seconds long ago.
    for (zone, time) in
        [("Asia/Kathmandu", "2026-01-01T00:00:00.000001Z"), ("Europe/Berlin", "1850-05-05T05:05:05.5Z")]
    {
        let at: Timestamp = time.parse().expect("a time");
        let zoned = match db.dialect() {
            Dialect::Postgres => format!(
                "SET TimeZone = '{zone}'; SET DateStyle = 'German'; SET IntervalStyle = 'sql_standard'; SET extra_float_digits = 0; UPDATE things SET at = '{time}'"
            ),
            Dialect::Sqlite => format!("UPDATE things SET at = {}", at.as_micros()),
        };
        by_others(&app, &zoned).await;
        let stored = Thing::find(&db.reader(), made.id).await.expect("a read").expect("the thing");
        assert_eq!(stored.at, at);
        assert_eq!(changes(&mut heard, 1).await[0].after(), Some(&seen(stored)));
    }
}

#[mainstay::test(app = app)]
async fn a_row_whose_id_is_changed_goes_and_another_comes(app: TestApp) {
    let old = crate::models::label(app.db(), "a").await;
    let mut heard = feed(app.db()).await;
    let new = uuid::Uuid::from_u128(7);
    by_others(&app, &format!("UPDATE labels SET id = '{new}'")).await;
    let told = changes(&mut heard, 2).await;
    assert_eq!(told.iter().map(mainstay_live::Change::id).collect::<Vec<_>>(), [old.id.uuid(), new]);
    assert!(matches!((&told[0].row, &told[1].row), (RowChange::Deleted(_), RowChange::Created(_))));
}

/// A label with a column that came later.
#[derive(Model, Clone, Debug)]
#[model(live, table = "labels", name = "label", plural = "labels")]
struct Wider {
    id: Id<Wider>,
    title: String,
    #[model(default = 3)]
    pieces: i64,
    wish: Option<String>,
    mood: Mood,
    #[model(version)]
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[mainstay::test(app = app)]
async fn a_change_from_before_a_column_is_read_with_what_old_rows_hold_in_it(app: TestApp) {
    const AFTER: [&Schema; 1] = [Wider::SCHEMA];
    let db = app.db();
    // The feed of the later version hears what the earlier one's triggers record.
    let mut heard = mainstay_live::Feed::begin(db, &AFTER, mainstay::kernel::changes::Most::default())
        .await
        .expect("a feed");
    let made = crate::models::label(db, "a").await;
    let told = changes(&mut heard, 1).await;
    mainstay::model::additive::apply(db, &AFTER).await.expect("columns");
    let stored = Wider::find(&db.reader(), Id::from_uuid(made.id.uuid())).await.expect("a read").expect("it");
    assert_eq!((stored.pieces, stored.wish.clone(), stored.mood), (3, None, Mood::Sad));
    assert_eq!(told[0].after(), Some(&stored.clone().into_record()));
    by_others(&app, "UPDATE labels SET pieces = 4").await;
    let told = changes(&mut heard, 1).await;
    assert_eq!(told[0].after(), Some(&Wider { pieces: 4, ..stored }.into_record()));
}
