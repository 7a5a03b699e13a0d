//! Types of fields that the stores keep in their own ways: enums, decimals, dates.

use mainstay::kernel::ErrorKind;
use mainstay::model::{Filter, Schema, additive};
use mainstay::prelude::*;
use mainstay_test::{Actor, Db, TestApp};

use crate::tables::needed;

/// Declared from the least urgent, which is neither the order of the alphabet nor that of time.
#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Urgency {
    Low,
    #[default]
    Medium,
    High,
    #[model(rename = "at_once")]
    Now,
}

/// Something to be done.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub(crate) struct Chore {
    pub(crate) id: Id<Chore>,
    #[model(write, index)]
    pub(crate) urgency: Urgency,
    #[model(write)]
    pub(crate) was: Option<Urgency>,
    #[garde(range(min = Decimal::ZERO, max = Decimal::from_units(1_000_000)))]
    #[model(write)]
    pub(crate) price: Decimal<2>,
    #[model(write)]
    pub(crate) rate: Option<Decimal<18>>,
    #[model(write, default = Date::constant(2026, 1, 31))]
    pub(crate) due: Date,
    #[model(write)]
    pub(crate) done: Option<Date>,
    #[model(write)]
    pub(crate) count: u32,
    #[model(write)]
    pub(crate) level: i16,
}

#[scope]
impl Scope for Chore {
    fn can_read(_: &Caller) -> Access<Chore> {
        all()
    }
    fn can_create(_: &Caller) -> Access<Chore> {
        all()
    }
    fn can_update(_: &Caller) -> Access<Chore> {
        rows(Chore::URGENCY.lt(Urgency::Now))
    }
}

fn app() -> App {
    App::new("kinds").model::<Chore>()
}

async fn chore(actor: &Actor, fields: Value) -> Value {
    actor.post("/v1/chores", fields).await.expect_status(201).result().clone()
}

async fn faults(actor: &Actor, fields: Value) -> Vec<String> {
    let mut faults = actor.post("/v1/chores", fields).await.expect_error(422, "validation_failed").faults();
    faults.sort_unstable();
    faults
}

/// One chore of each urgency, from the most urgent, and one of none before.
async fn of_each(actor: &Actor) {
    for urgency in ["at_once", "high", "medium", "low"] {
        let _ = chore(actor, json!({ "urgency": urgency, "was": urgency })).await;
    }
    let _ = chore(actor, json!({ "urgency": "low" })).await;
}

async fn listed(actor: &Actor, query: &str, field: &str) -> Vec<Value> {
    let list = actor.get(&format!("/v1/chores?{query}")).await.expect_status(200);
    list.rows().iter().map(|it| it[field].clone()).collect()
}

#[mainstay::test(app = app)]
async fn a_decimal_a_date_and_an_enum_come_back_as_they_were_given(app: TestApp) {
    let somebody = app.anonymous();
    let made = chore(&somebody, json!({})).await;
    assert_eq!([&made["urgency"], &made["price"], &made["due"]], ["medium", "0.00", "2026-01-31"]);
    let given = json!({
        "urgency": "at_once", "was": "low", "price": "12.50", "rate": "-9.223372036854775808",
        "due": "0001-01-01", "done": "9999-12-31", "count": u32::MAX, "level": i16::MIN,
    });
    let made = chore(&somebody, given.clone()).await;
    let read = somebody.get(&format!("/v1/chores/{}", made["id"].as_str().expect("an id"))).await;
    assert_eq!(read.result(), &made);
    for (field, value) in given.as_object().expect("an object") {
        assert_eq!(&made[field], value, "{field}");
    }
    for (given, shown) in
        [(json!(7), "7.00"), (json!(0.1), "0.10"), (json!("3"), "3.00"), (json!(12.5), "12.50")]
    {
        assert_eq!(chore(&somebody, json!({ "price": given })).await["price"], shown);
    }
}

#[mainstay::test(app = app)]
async fn what_a_decimal_a_date_or_an_enum_cannot_hold_is_422(app: TestApp) {
    let somebody = app.anonymous();
    for (field, value, code) in [
        ("price", json!("1.005"), "too_precise"),
        ("price", json!(1.005), "too_precise"),
        ("rate", json!(0.123_456_789_012_345_67), "too_precise"),
        ("rate", json!("10"), "out_of_range"),
        ("price", json!("92233720368547758.08"), "out_of_range"),
        ("price", json!("-0.01"), "range"),
        ("price", json!("10000.01"), "range"),
        ("price", json!("1e2"), "wrong_type"),
        ("price", json!("twelve"), "wrong_type"),
        ("price", json!(true), "wrong_type"),
        ("price", json!(null), "required"),
        ("due", json!("2026-02-29"), "wrong_type"),
        ("due", json!("2026-01-31T12:00:00Z"), "wrong_type"),
        ("due", json!("0000-01-01"), "wrong_type"),
        ("due", json!(20_260_131), "wrong_type"),
        ("due", json!(null), "required"),
        ("urgency", json!("Low"), "unknown_value"),
        ("urgency", json!("now"), "unknown_value"),
        ("urgency", json!(0), "wrong_type"),
        ("urgency", json!(null), "required"),
        ("count", json!(-1), "wrong_type"),
        ("level", json!(32_768), "wrong_type"),
    ] {
        assert_eq!(faults(&somebody, json!({ field: value })).await, [format!("{field}: {code}")], "{value}");
    }
    let refused = somebody.post("/v1/chores", json!({ "urgency": "hihg" })).await;
    let refused = refused.expect_error(422, "validation_failed");
    assert_eq!(
        refused.fault("urgency").expect("a fault")["message"],
        "unknown value `hihg`, did you mean `high`?"
    );
}

#[mainstay::test(app = app)]
async fn an_enum_sorts_and_compares_in_the_order_of_its_declaration(app: TestApp) {
    let somebody = app.anonymous();
    of_each(&somebody).await;
    let sorted = ["low", "medium", "high", "at_once"].map(Value::from);
    let with_missing = |mut values: Vec<Value>| {
        values.push(Value::Null);
        values
    };
    assert_eq!(listed(&somebody, "sort=was", "was").await, with_missing(sorted.to_vec()));
    let falling = sorted.iter().rev().cloned().collect();
    assert_eq!(listed(&somebody, "sort=-was", "was").await, with_missing(falling));
    for (query, count) in [
        ("where[was][lt]=medium", 1),
        ("where[was][lte]=medium", 2),
        ("where[was][gt]=medium", 2),
        ("where[was][gte]=high", 2),
        ("where[was][gt]=at_once", 0),
        ("where[was][lt]=low", 0),
        ("where[was][lte]=at_once", 4),
        ("where[was][ne]=high", 3),
        ("where[was][in]=high,low", 2),
        ("where[was][nin]=high,low", 2),
        ("where[was][between]=medium,high", 2),
        ("where[was][null]=true", 1),
    ] {
        assert_eq!(listed(&somebody, query, "was").await.len(), count, "{query}");
    }
    let refused = somebody.get("/v1/chores?where[was]=hihg").await.expect_error(400, "bad_request");
    assert!(refused.body["error_description"].as_str().is_some_and(|it| it.contains("`high`")));
}

#[mainstay::test(app = app)]
async fn a_page_goes_on_after_an_enum_a_decimal_and_a_date(app: TestApp) {
    let somebody = app.anonymous();
    of_each(&somebody).await;
    for (price, due) in [("10.00", "2026-03-01"), ("9.50", "2025-12-31"), ("100.00", "2026-02-01")] {
        let _ = chore(&somebody, json!({ "price": price, "due": due, "done": due, "rate": "0.5" })).await;
    }
    for sort in ["was", "-was,price", "price", "-price,due", "due", "-done", "urgency,-done,rate"] {
        let whole = listed(&somebody, &format!("sort={sort}"), "id").await;
        let (mut pages, mut next) = (Vec::new(), String::new());
        loop {
            let page =
                somebody.get(&format!("/v1/chores?sort={sort}&limit=2{next}")).await.expect_status(200);
            pages.extend(page.rows().iter().map(|it| it["id"].clone()));
            match page.body["result"]["next"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        assert_eq!(pages, whole, "{sort}");
    }
    assert_eq!(listed(&somebody, "sort=-price&limit=2", "price").await, ["100.00", "10.00"]);
    assert_eq!(listed(&somebody, "where[price][gt]=9.5", "price").await.len(), 2);
    assert_eq!(listed(&somebody, "where[due][lt]=2026-01-01", "due").await, ["2025-12-31"]);
    for bad in ["where[price]=1.005", "where[price]=x", "where[due]=tomorrow"] {
        let _ = somebody.get(&format!("/v1/chores?{bad}")).await.expect_error(400, "bad_request");
    }
}

#[mainstay::test(app = app)]
async fn a_scope_by_an_enum_holds_before_and_after(app: TestApp) {
    let somebody = app.anonymous();
    let made = chore(&somebody, json!({ "urgency": "high" })).await;
    let path = format!("/v1/chores/{}", made["id"].as_str().expect("an id"));
    let _ = somebody.put(&path, json!({ "urgency": "at_once" })).await.expect_error(403, "forbidden");
    let _ = somebody.put(&path, json!({ "urgency": "low" })).await.expect_status(200);
    let made = chore(&somebody, json!({ "urgency": "at_once" })).await;
    let path = format!("/v1/chores/{}", made["id"].as_str().expect("an id"));
    let _ = somebody.put(&path, json!({ "urgency": "low" })).await.expect_error(404, "chore_not_found");
}

#[mainstay::test]
async fn the_store_itself_refuses_a_variant_that_is_none(db: Db) {
    additive::apply(&db, &[Chore::SCHEMA]).await.expect("tables");
    let new = || NewChore {
        urgency: Urgency::High,
        was: None,
        price: Decimal::from_units(1250),
        rate: None,
        due: Date::EPOCH,
        done: None,
        count: 0,
        level: 0,
    };
    let made = db.write(async |tx: &mut Tx| new().insert(tx).await).await.expect("a chore");
    assert_eq!((made.urgency, made.price.to_string().as_str()), (Urgency::High, "12.50"));
    let raw = db.reader().sql("select urgency, due from chores").one::<(Urgency, Date)>().await;
    assert_eq!(raw.expect("a row"), Some((Urgency::High, Date::EPOCH)));
    let found =
        Chore::filter(Chore::URGENCY.gte(Urgency::High).and(Chore::PRICE.lt(Decimal::from_units(1251))));
    assert_eq!(found.count(&db.reader()).await.expect("a count"), 1);
    let write = db.write(async |tx: &mut Tx| tx.sql("update chores set urgency = 'never'").execute().await);
    let refused = write.await.expect_err("no such variant");
    assert!(matches!(refused.kind(), ErrorKind::Internal(_)), "{refused}");
    let after = db.reader().sql("select after from mainstay_change").all::<Value>().await.expect("changes");
    assert_eq!([&after[0]["urgency"], &after[0]["due"]], ["high", "1970-01-01"]);
    assert_eq!(after[0]["price"], 1250, "in its units");
}

/// The same, with variants between and after those that were there.
#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[model(name = "urgency")]
pub(crate) enum Wider {
    Never,
    Low,
    Middling,
    #[default]
    Medium,
    High,
    AtOnce,
    Yesterday,
}

/// A chore as it is now.
#[derive(Model, Clone, Debug)]
#[model(live, table = "chores", name = "chore", plural = "chores", index(urgency, due))]
pub(crate) struct Duty {
    pub(crate) id: Id<Duty>,
    #[model(index)]
    pub(crate) urgency: Wider,
    pub(crate) was: Option<Wider>,
    #[model(default = Wider::Yesterday)]
    pub(crate) will: Wider,
    pub(crate) price: Decimal<2>,
    pub(crate) due: Date,
    pub(crate) ends: Option<Date>,
    pub(crate) begins: Date,
    pub(crate) cost: Decimal<3>,
    pub(crate) count: u32,
    pub(crate) level: i16,
}

#[mainstay::test]
async fn a_variant_that_came_later_is_added_to_what_is_there(db: Db) {
    const BEFORE: [&Schema; 1] = [Chore::SCHEMA];
    const AFTER: [&Schema; 1] = [Duty::SCHEMA];
    additive::apply(&db, &BEFORE).await.expect("tables");
    let insert = "insert into chores (id, urgency, was, price, due, count, level, created_at, updated_at, version) \
                  values (?, ?, ?, 0, ?, 0, 0, ?, ?, 1)";
    let old = db.write(async |tx: &mut Tx| {
        for urgency in [Urgency::High, Urgency::Low, Urgency::Now] {
            let row = tx.sql(insert).bind(Id::<Chore>::new()).bind(urgency).bind(urgency);
            row.bind(Date::EPOCH).bind(Timestamp::EPOCH).bind(Timestamp::EPOCH).execute().await?;
        }
        Ok(())
    });
    old.await.expect("rows");
    assert!(!additive::apply(&db, &AFTER).await.expect("variants").is_empty());
    assert_eq!(additive::plan(&db, &AFTER).await.expect("a plan").additions, []);
    assert_eq!(needed(&db, &BEFORE).await, [], "nothing is taken away");

    let duties =
        Duty::filter(Filter::always()).order(Duty::WAS.asc()).all(&db.reader()).await.expect("duties");
    let kept: Vec<_> = duties.iter().map(|it| (it.urgency, it.was, it.will)).collect();
    let same = |it| (it, Some(it), Wider::Yesterday);
    assert_eq!(kept, [same(Wider::Low), same(Wider::High), same(Wider::AtOnce)]);
    assert!(duties.iter().all(|it| (it.begins, it.ends, it.cost) == (Date::EPOCH, None, Decimal::ZERO)));
    let first = duties[0].clone();
    let later = async |tx: &mut Tx| first.clone().update(tx, |it| it.was = Some(Wider::Middling)).await;
    let changed = db.write(later).await.expect("a change");
    assert_eq!(changed.was, Some(Wider::Middling));
    let more = Duty::WAS.gt(Wider::Low).and(Duty::WAS.lt(Wider::High));
    assert_eq!(Duty::filter(more).count(&db.reader()).await.expect("a count"), 1);
    let changes = "select after from mainstay_change where before is not null";
    let change = db.reader().sql(changes).all::<Value>().await.expect("changes");
    assert_eq!(change.iter().map(|it| it["was"].clone()).collect::<Vec<_>>(), ["middling"], "and no other");
    let refused =
        db.write(async |tx: &mut Tx| tx.sql("update chores set was = 'often'").execute().await).await;
    assert!(refused.is_err(), "the widened column is checked as before");
}

/// Another enum of a name that is taken.
#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
#[model(name = "urgency")]
pub(crate) enum Other {
    #[default]
    Some,
}

/// Has it.
#[derive(Model, Clone, Debug)]
pub(crate) struct Rival {
    pub(crate) id: Id<Rival>,
    pub(crate) urgency: Other,
}

#[mainstay::test]
async fn two_enums_of_one_name_are_refused(db: Db) {
    let refused = additive::plan(&db, &[Chore::SCHEMA, Rival::SCHEMA]).await.expect_err("one name");
    assert!(refused.to_string().contains("`urgency`"), "{refused}");
}
