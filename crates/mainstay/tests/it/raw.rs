//! SQL of the author's own, and its rows as structs.

use mainstay::model::additive;
use mainstay::prelude::*;
use mainstay_test::Db;

/// Something kept.
#[derive(Model, Clone, Debug)]
struct Jar {
    id: Id<Jar>,
    label: String,
    grams: i64,
    price: Decimal<2>,
    tags: Json<Vec<String>>,
    lid: Option<Ref<Jar>>,
    sealed: Option<Date>,
    created_at: Timestamp,
}

#[scope]
impl Scope for Jar {}

/// A jar, as a report has it.
#[derive(FromRow, Debug, PartialEq)]
struct Line {
    #[row(column = "label")]
    name: String,
    grams: u16,
    price: Decimal<2>,
    tags: Json<Vec<String>>,
    lid_id: Option<Ref<Jar>>,
    sealed: Option<Date>,
    created_at: Timestamp,
}

#[mainstay::test]
async fn a_row_is_read_into_a_struct_by_the_names_of_its_columns(db: Db) {
    let _ = additive::apply(&db, &[Jar::SCHEMA]).await.expect("a table");
    let jar = |label: &str, lid| NewJar {
        label: label.to_owned(),
        grams: 250,
        price: Decimal::from_units(399),
        tags: Json(vec!["jam".to_owned()]),
        lid,
        sealed: Some(Date::constant(2026, 11, 21)),
    };
    let jars = db.write(async |tx: &mut Tx| {
        let first = jar("a", None).insert(tx).await?;
        jar("b", Some(first.id.into())).insert(tx).await
    });
    let second = jars.await.expect("jars");
    let reader = db.reader();
    // More columns than the struct has fields, in another order.
    let line: Option<Line> = reader
        .sql("select sealed, created_at, lid_id, tags, price, grams, label, id from jars where lid_id = ?")
        .bind(second.lid)
        .one()
        .await
        .expect("a jar");
    let expected = Line {
        name: "b".to_owned(),
        grams: 250,
        price: second.price,
        tags: second.tags,
        lid_id: second.lid,
        sealed: second.sealed,
        created_at: second.created_at,
    };
    assert_eq!(line, Some(expected));

    let missing = reader.sql("select label from jars").all::<Line>().await.expect_err("columns are missing");
    assert_eq!(missing.to_string(), "the answer has no column `grams`");
    let narrow =
        reader.sql("select sealed, created_at, lid_id, tags, price, 70000 as grams, label from jars");
    assert!(narrow.first::<Line>().await.is_err(), "what does not fit is not cut");
}
