//! What rows come to: counts, sums, means, extremes, of all and of groups, the same on both stores.

use mainstay::model::{Filter, additive};
use mainstay::prelude::*;
use mainstay_test::Db;

/// What was sold at a till.
#[derive(ModelEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Size {
    #[default]
    Small,
    Large,
    Huge,
}

/// Something sold.
#[derive(Model, Clone, Debug)]
struct Sale {
    id: Id<Sale>,
    till: i64,
    clerk: Option<String>,
    size: Size,
    price: Decimal<2>,
    weight: f64,
    pieces: i64,
    refunded: Option<i64>,
    day: Option<Date>,
    express: bool,
    batch: Option<Vec<u8>>,
}

#[scope]
impl Scope for Sale {}

fn sale(till: i64) -> NewSale {
    NewSale {
        till,
        clerk: None,
        size: Size::Small,
        price: Decimal::ZERO,
        weight: 0.0,
        pieces: 0,
        refunded: None,
        day: None,
        express: false,
        batch: None,
    }
}

async fn sell(db: &Db, sales: fn() -> Vec<NewSale>) {
    let _ = additive::apply(db, &[Sale::SCHEMA]).await.expect("a table");
    let sold = write_tx!(db, |tx| {
        for sale in sales() {
            let _ = sale.insert(tx).await?;
        }
        Ok(())
    });
    sold.await.expect("sales");
}

fn some() -> Vec<NewSale> {
    let day = |day| Some(Date::constant(2026, 11, day));
    vec![
        NewSale { size: Size::Huge, price: Decimal::from_units(1050), pieces: 3, day: day(21), ..sale(1) },
        NewSale {
            size: Size::Large,
            price: Decimal::from_units(-5),
            pieces: 4,
            refunded: Some(2),
            ..sale(1)
        },
        NewSale { clerk: Some("ann".to_owned()), weight: 0.5, express: true, day: day(3), ..sale(2) },
        NewSale { clerk: Some("bob".to_owned()), weight: 1.5, batch: Some(vec![255]), ..sale(3) },
        NewSale { clerk: Some("ann".to_owned()), batch: Some(vec![0, 1]), ..sale(3) },
    ]
}

fn all() -> mainstay::model::Query<Sale> {
    Sale::filter(Filter::always())
}

#[mainstay::test]
async fn rows_come_to_typed_sums_means_and_extremes(db: Db) {
    sell(&db, some).await;
    let reader = db.reader();
    assert_eq!(all().sum(&reader, Sale::PIECES).await.unwrap(), 7);
    assert_eq!(all().sum(&reader, Sale::PRICE).await.unwrap().to_string(), "10.45");
    assert_eq!(all().sum(&reader, Sale::WEIGHT).await.unwrap(), 2.0);
    assert_eq!(all().avg(&reader, Sale::PIECES).await.unwrap(), Some(1.4));
    assert_eq!(all().avg(&reader, Sale::PRICE).await.unwrap(), Some(Decimal::from_units(209)));
    assert_eq!(
        all().avg(&reader, Sale::REFUNDED).await.unwrap(),
        Some(2.0),
        "what is missing does not count"
    );
    assert_eq!(all().min(&reader, Sale::SIZE).await.unwrap(), Some(Size::Small), "by the declaration");
    assert_eq!(all().max(&reader, Sale::SIZE).await.unwrap(), Some(Size::Huge));
    assert_eq!(all().min(&reader, Sale::DAY).await.unwrap(), Some(Date::constant(2026, 11, 3)));
    assert_eq!(all().max(&reader, Sale::EXPRESS).await.unwrap(), Some(true));
    assert_eq!(all().min(&reader, Sale::BATCH).await.unwrap(), Some(vec![0, 1]));
    assert_eq!(all().max(&reader, Sale::BATCH).await.unwrap(), Some(vec![255]));
    let ids: Vec<_> =
        all().order(Sale::ID.asc()).all(&reader).await.unwrap().iter().map(|it| it.id).collect();
    assert_eq!(all().min(&reader, Sale::ID).await.unwrap(), ids.first().copied());
    assert_eq!(all().max(&reader, Sale::ID).await.unwrap(), ids.last().copied());
}

#[mainstay::test]
async fn no_rows_come_to_zero_or_to_nothing(db: Db) {
    sell(&db, some).await;
    let none = || Sale::filter(Sale::TILL.eq(9));
    let reader = db.reader();
    assert_eq!(none().sum(&reader, Sale::PIECES).await.unwrap(), 0);
    assert_eq!(none().sum(&reader, Sale::WEIGHT).await.unwrap(), 0.0);
    assert_eq!(none().sum(&reader, Sale::PRICE).await.unwrap(), Decimal::ZERO);
    assert_eq!(none().avg(&reader, Sale::PRICE).await.unwrap(), None);
    assert_eq!(none().max(&reader, Sale::CLERK).await.unwrap(), None);
    assert_eq!((none().count(&reader).await.unwrap(), none().exists(&reader).await.unwrap()), (0, false));
    assert!(all().exists(&reader).await.unwrap());
    let groups: Vec<(i64, i64)> = none().group_by(Sale::TILL).all(&reader, Sale::ID.count()).await.unwrap();
    assert_eq!(groups, []);
}

#[mainstay::test]
async fn a_sum_that_does_not_fit_is_an_error_that_names_it(db: Db) {
    let many = || [i64::MAX, i64::MAX, -3].map(|pieces| NewSale { pieces, ..sale(1) }).into();
    sell(&db, many).await;
    let reader = db.reader();
    let error = all().sum(&reader, Sale::PIECES).await.expect_err("it does not fit");
    assert!(
        error.to_string().starts_with("the sum of `pieces` in `sales` does not fit in 64 bits"),
        "{error}"
    );
    assert_eq!(all().avg(&reader, Sale::PIECES).await.unwrap(), Some(6.148_914_691_236_517e18));
    // What passes the bound on the way fits in the end.
    let back = || vec![NewSale { pieces: i64::MIN, ..sale(1) }];
    sell(&db, back).await;
    assert_eq!(all().sum(&reader, Sale::PIECES).await.unwrap(), i64::MAX - 4);
}

#[mainstay::test]
async fn groups_have_typed_keys_an_order_and_a_limit(db: Db) {
    sell(&db, some).await;
    let reader = db.reader();
    let tills: Vec<(i64, i64)> = all().group_by(Sale::TILL).all(&reader, Sale::ID.count()).await.unwrap();
    assert_eq!(tills, [(1, 2), (2, 1), (3, 2)], "in the order of the key");

    let most: Vec<(i64, (i64, Decimal<2>))> = all()
        .group_by(Sale::TILL)
        .order(Sale::ID.count().desc())
        .order(Sale::TILL.desc())
        .limit(2)
        .all(&reader, (Sale::ID.count(), Sale::PRICE.sum()))
        .await
        .unwrap();
    assert_eq!(most, [(3, (2, Decimal::ZERO)), (1, (2, Decimal::from_units(1045)))]);

    let sizes: Vec<(Size, i64)> = all().group_by(Sale::SIZE).all(&reader, Sale::ID.count()).await.unwrap();
    assert_eq!(sizes, [(Size::Small, 3), (Size::Large, 1), (Size::Huge, 1)], "in the order of declaration");

    type Clerk = (Option<String>, i64);
    let clerks: Vec<(Clerk, Option<f64>)> =
        all().group_by((Sale::CLERK, Sale::TILL)).offset(1).all(&reader, Sale::WEIGHT.max()).await.unwrap();
    let ann = |till| (Some("ann".to_owned()), till);
    let expected = [(ann(3), Some(0.0)), ((Some("bob".to_owned()), 3), Some(1.5)), ((None, 1), Some(0.0))];
    assert_eq!(clerks, expected, "those without a clerk are a group, the last one");
}

#[mainstay::test]
async fn a_group_that_is_read_or_ordered_wrongly_is_named(db: Db) {
    sell(&db, some).await;
    let reader = db.reader();
    let read = all().group_by(Sale::CLERK).all::<String, _>(&reader, Sale::ID.count()).await;
    assert_eq!(read.unwrap_err().to_string(), "`clerk` of a group may be missing: read it as an `Option`");
    let order = all().group_by(Sale::TILL).order(Sale::CLERK.asc()).all::<i64, _>(&reader, Sale::ID.count());
    let error = order.await.unwrap_err().to_string();
    assert!(error.starts_with("groups cannot be ordered by `clerk`"), "{error}");
}
