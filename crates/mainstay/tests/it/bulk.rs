//! Many rows at once: inserted, changed, deleted.

use mainstay::kernel::ErrorKind;
use mainstay::model::{Filter, Query, additive};
use mainstay::prelude::*;
use mainstay_test::Db;

/// Who owns parcels.
#[derive(Model, Clone, Debug)]
struct Owner {
    id: Id<Owner>,
    name: String,
}

/// Something counted, weighed and sent.
#[derive(Model, Clone, Debug)]
#[model(live)]
struct Parcel {
    id: Id<Parcel>,
    #[model(references)]
    owner: Option<Ref<Owner>>,
    #[model(unique)]
    code: Option<i64>,
    pieces: i64,
    price: Decimal<2>,
    tags: Json<Vec<String>>,
    sent: Option<Date>,
    #[model(version)]
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[scope]
impl Scope for Owner {}

#[scope]
impl Scope for Parcel {}

fn parcel(code: i64) -> NewParcel {
    NewParcel {
        owner: None,
        code: Some(code),
        pieces: code % 7,
        price: Decimal::from_units(code),
        tags: Json(Vec::new()),
        sent: None,
    }
}

fn all() -> Query<Parcel> {
    Parcel::filter(Filter::always())
}

async fn made(db: &Db, codes: std::ops::Range<i64>) -> Vec<Parcel> {
    let _ = additive::apply(db, &[Owner::SCHEMA, Parcel::SCHEMA]).await.expect("tables");
    let made = db.write(async |tx: &mut Tx| {
        let before = tx.statements();
        let parcels = NewParcel::insert_all(tx, codes.clone().map(parcel).collect()).await?;
        Ok((parcels, tx.statements() - before))
    });
    let (parcels, statements) = made.await.expect("parcels");
    assert!(statements <= 11, "{statements} statements for {} rows", parcels.len());
    parcels
}

async fn changes(db: &Db) -> i64 {
    let count = db.reader().sql("select count(*) from mainstay_change where model = 'parcel'").one().await;
    count.expect("a count").unwrap_or(0)
}

#[mainstay::test]
async fn many_rows_are_inserted_by_few_statements_and_come_back_in_their_order(db: Db) {
    let parcels = made(&db, 0..1300).await;
    let codes: Vec<_> = parcels.iter().filter_map(|it| it.code).collect();
    assert_eq!(codes, (0..1300).collect::<Vec<_>>());
    let stored = all().order(Parcel::CODE.asc()).all(&db.reader()).await.expect("parcels");
    assert_eq!(format!("{stored:?}"), format!("{parcels:?}"));
    assert_eq!(changes(&db).await, 1300, "each has its change");
    let none = db.write(async |tx: &mut Tx| NewParcel::insert_all(tx, Vec::new()).await).await;
    assert_eq!(none.expect("nothing").len(), 0);
}

#[mainstay::test]
async fn one_row_that_is_refused_keeps_all_of_them_out(db: Db) {
    let _ = made(&db, 0..1).await;
    let twice = db.write(async |tx: &mut Tx| {
        let rows = (1..700).chain([0]).map(parcel).collect();
        NewParcel::insert_all(tx, rows).await
    });
    let refused = twice.await.expect_err("the code is taken");
    let ErrorKind::UniqueViolation { table, columns, .. } = refused.kind() else { panic!("{refused:?}") };
    assert_eq!((table.as_str(), columns.as_slice()), ("parcel", ["code".to_owned()].as_slice()));
    assert_eq!(all().count(&db.reader()).await.expect("a count"), 1);
}

#[mainstay::test]
async fn all_rows_are_changed_by_one_statement_and_their_versions_count_up(db: Db) {
    let before = made(&db, 0..10).await;
    let day = Date::constant(2026, 11, 21);
    let changed = db.write(async |tx: &mut Tx| {
        let some = Parcel::filter(Parcel::CODE.lt(4));
        let set = [
            Parcel::PIECES.plus(5),
            Parcel::PRICE.plus(Decimal::from_units(-1)),
            Parcel::SENT.set(day),
            Parcel::TAGS.set(Json(vec!["new".to_owned()])),
        ];
        some.update_all(tx, set).await
    });
    assert_eq!(changed.await.expect("an update"), 4);
    let after = all().order(Parcel::CODE.asc()).all(&db.reader()).await.expect("parcels");
    for (was, is) in before.iter().zip(&after) {
        let changed = is.code < Some(4);
        let (more, version) = if changed { (5, 2) } else { (0, 1) };
        assert_eq!((is.pieces, is.version), (was.pieces + more, version), "{is:?}");
        assert_eq!(is.price, Decimal::from_units(was.price.units() - i64::from(changed)));
        assert_eq!((is.sent, is.tags.len()), (changed.then_some(day), usize::from(changed)));
        assert!(is.updated_at >= was.updated_at && is.created_at == was.created_at);
    }
    assert_eq!(changes(&db).await, 14);
    let away = db.write(async |tx: &mut Tx| all().update_all(tx, [Parcel::SENT.set(None::<Date>)]).await);
    assert_eq!(away.await.expect("an update"), 10);
    assert_eq!(Parcel::filter(Parcel::SENT.is_null()).count(&db.reader()).await.expect("a count"), 10);
}

#[mainstay::test]
async fn what_may_not_be_set_is_refused_and_named(db: Db) {
    let _ = made(&db, 0..1).await;
    for (set, expected) in [
        (vec![Parcel::VERSION.set(7)], "`version` is set by the framework: leave it out"),
        (vec![Parcel::ID.set(Id::new())], "`id` is set by the framework: leave it out"),
        (
            vec![Parcel::PIECES.set(1), Parcel::PIECES.plus(1)],
            "`pieces` is set twice in one update: say once what it becomes",
        ),
        (vec![Parcel::PIECES.set(None::<i64>)], "`pieces` may not be missing: set it to a value"),
        (vec![], "an update of all `parcels` sets no column"),
    ] {
        let refused = db.write(async |tx: &mut Tx| all().update_all(tx, set.clone()).await).await;
        assert_eq!(refused.expect_err("refused").to_string(), expected);
    }
    let many = db.write(async |tx: &mut Tx| {
        all().update_all(tx, [Parcel::PIECES.set(i64::MAX)]).await?;
        all().update_all(tx, [Parcel::PIECES.plus(1)]).await
    });
    assert!(many.await.is_err(), "a sum that does not fit does not wrap");
}

#[mainstay::test]
async fn an_update_of_many_that_would_make_two_alike_is_named(db: Db) {
    let _ = made(&db, 0..3).await;
    let alike = db.write(async |tx: &mut Tx| all().update_all(tx, [Parcel::CODE.set(9)]).await).await;
    let refused = alike.expect_err("they would be alike");
    let ErrorKind::UniqueViolation { columns, .. } = refused.kind() else { panic!("{refused:?}") };
    assert_eq!(*columns, ["code"]);
}

#[mainstay::test]
async fn deleting_all_says_how_many_there_were(db: Db) {
    let _ = made(&db, 0..20).await;
    let deleted = db.write(async |tx: &mut Tx| {
        let some = Parcel::filter(Parcel::PIECES.eq(0)).delete_all(tx).await?;
        Ok((some, Parcel::filter(Parcel::PIECES.eq(0)).delete_all(tx).await?))
    });
    assert_eq!(deleted.await.expect("deletes"), (3, 0));
    assert_eq!((all().count(&db.reader()).await.expect("a count"), changes(&db).await), (17, 23));

    let owned = db.write(async |tx: &mut Tx| {
        let owner = NewOwner { name: "ann".to_owned() }.insert(tx).await?;
        all().update_all(tx, [Parcel::OWNER.set(owner.id)]).await
    });
    assert_eq!(owned.await.expect("an owner"), 17);
    let owners = db.write(async |tx: &mut Tx| Owner::filter(Filter::always()).delete_all(tx).await).await;
    let refused = owners.expect_err("parcels refer to it");
    assert!(matches!(refused.kind(), ErrorKind::ForeignKeyViolation { .. }), "{refused:?}");
}
