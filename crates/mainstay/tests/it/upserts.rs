//! Writing a row whether or not it is there.

use mainstay::kernel::ErrorKind;
use mainstay::model::{Filter, additive};
use mainstay::prelude::*;
use mainstay_test::Db;

/// A page of a book, known by its path and by its number in a chapter.
#[derive(Model, Clone, Debug)]
#[model(live, unique(chapter, number))]
struct Leaf {
    id: Id<Leaf>,
    #[model(unique)]
    path: String,
    chapter: String,
    number: Option<i64>,
    text: String,
    #[model(version)]
    version: i64,
    created_at: Timestamp,
}

#[scope]
impl Scope for Leaf {}

fn leaf(path: &str, number: Option<i64>, text: &str) -> NewLeaf {
    NewLeaf { path: path.to_owned(), chapter: "one".to_owned(), number, text: text.to_owned() }
}

async fn tables(db: &Db) {
    let _ = additive::apply(db, &[Leaf::SCHEMA]).await.expect("a table");
}

async fn leaves(db: &Db) -> Vec<Leaf> {
    Leaf::filter(Filter::always()).order(Leaf::PATH.asc()).all(&db.reader()).await.expect("leaves")
}

#[mainstay::test]
async fn an_upsert_by_id_inserts_or_overwrites_and_gives_the_stored_row(db: Db) {
    tables(&db).await;
    let made =
        db.write(async |tx: &mut Tx| leaf("a", Some(1), "first").insert(tx).await).await.expect("a leaf");
    let changed = Leaf { text: "second".to_owned(), number: None, version: 77, ..made.clone() };
    let stored = db.write(async |tx: &mut Tx| tx.upsert(changed.clone()).await).await.expect("an upsert");
    assert_eq!((stored.id, stored.text.as_str(), stored.number), (made.id, "second", None));
    assert_eq!(
        (stored.version, stored.created_at),
        (2, made.created_at),
        "it counts up and was made when it was"
    );

    let new = Leaf { id: Id::new(), path: "b".to_owned(), ..changed };
    let stored = db.write(async |tx: &mut Tx| tx.upsert(new.clone()).await).await.expect("an upsert");
    assert_eq!((stored.id, stored.version), (new.id, 1), "a new row begins to count");
    assert_eq!(leaves(&db).await.len(), 2);
    let kinds = "select before is null from mainstay_change order by seq";
    let inserted: Vec<bool> = db.reader().sql(kinds).all().await.expect("changes");
    assert_eq!(inserted, [true, false, true], "changes tell an insert from an overwriting");
}

#[mainstay::test]
async fn an_upsert_by_a_unique_index_keeps_the_row_that_is_there(db: Db) {
    tables(&db).await;
    let wrote = db.write(async |tx: &mut Tx| {
        let first = leaf("a", Some(1), "first").upsert(tx, Leaf::PATH).await?;
        let second = leaf("a", Some(2), "second").upsert(tx, Leaf::PATH).await?;
        let third = leaf("b", Some(2), "third").upsert(tx, (Leaf::NUMBER, Leaf::CHAPTER)).await?;
        Ok((first, second, third))
    });
    let (first, second, third) = wrote.await.expect("upserts");
    assert_eq!((first.id, first.id), (second.id, third.id), "all of them are one row");
    let all = leaves(&db).await;
    assert_eq!(all.len(), 1);
    assert_eq!((all[0].path.as_str(), all[0].text.as_str(), all[0].version), ("b", "third", 3));
}

#[mainstay::test]
async fn an_upsert_overwrites_no_row_but_the_one_that_its_target_names(db: Db) {
    tables(&db).await;
    let both = db.write(async |tx: &mut Tx| {
        let _ = leaf("a", Some(1), "first").insert(tx).await?;
        leaf("b", Some(2), "second").insert(tx).await
    });
    let b = both.await.expect("leaves");
    // By its number it is the second, by its path the first.
    let refused = db.write(async |tx: &mut Tx| leaf("b", Some(1), "x").upsert(tx, Leaf::PATH).await).await;
    let refused = refused.expect_err("another row has the number");
    let ErrorKind::UniqueViolation { columns, .. } = refused.kind() else { panic!("{refused:?}") };
    assert_eq!(*columns, ["chapter", "number"]);
    let by_id = Leaf { path: "a".to_owned(), ..b };
    assert!(
        db.write(async |tx: &mut Tx| tx.upsert(by_id.clone()).await)
            .await
            .is_err_and(|it| it.is_unique_violation())
    );
    let texts: Vec<_> = leaves(&db).await.into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["first", "second"], "nothing was overwritten");
    // What is missing is nobody's same.
    let none = async |tx: &mut Tx| leaf("c", None, "third").upsert(tx, (Leaf::CHAPTER, Leaf::NUMBER)).await;
    let _ = db.write(none).await.expect("an insert");
    let again = async |tx: &mut Tx| leaf("d", None, "fourth").upsert(tx, (Leaf::CHAPTER, Leaf::NUMBER)).await;
    let _ = db.write(again).await.expect("an insert");
    assert_eq!(leaves(&db).await.len(), 4);
}

#[mainstay::test]
async fn a_target_that_is_not_unique_is_named_with_those_that_are(db: Db) {
    tables(&db).await;
    let refused = db.write(async |tx: &mut Tx| leaf("a", None, "x").upsert(tx, Leaf::CHAPTER).await).await;
    assert_eq!(
        refused.expect_err("it is not unique").to_string(),
        "no unique index of `leaves` is over (chapter): the unique ones are over (id), (path), (chapter, number)"
    );
}

#[mainstay::test]
async fn upserts_of_one_key_at_once_make_one_row(db: Db) {
    tables(&db).await;
    let upsert = |number: i64| {
        let db = db.clone();
        async move {
            db.write(async |tx: &mut Tx| leaf("a", Some(number), "x").upsert(tx, Leaf::PATH).await).await
        }
    };
    let done = futures_util::future::join_all((0..8).map(upsert)).await;
    assert!(done.iter().all(Result::is_ok), "{done:?}");
    let all = leaves(&db).await;
    assert_eq!((all.len(), all[0].version), (1, 8));
}

/// A label that may be taken again once it was dropped.
#[derive(Model, Clone, Debug)]
#[model(unique(label, where(dropped is null)))]
struct Tag {
    id: Id<Tag>,
    label: String,
    text: String,
    dropped: Option<Date>,
}

#[scope]
impl Scope for Tag {}

#[mainstay::test]
async fn an_upsert_by_an_index_over_some_rows_leaves_the_others_alone(db: Db) {
    let _ = additive::apply(&db, &[Tag::SCHEMA]).await.expect("a table");
    let day = Date::constant(2026, 11, 21);
    let tag = |text: &str, dropped| NewTag { label: "a".to_owned(), text: text.to_owned(), dropped };
    let wrote = db.write(async |tx: &mut Tx| {
        let dropped = tag("first", Some(day)).insert(tx).await?;
        let second = tag("second", None).upsert(tx, Tag::LABEL).await?;
        let third = tag("third", None).upsert(tx, Tag::LABEL).await?;
        let fourth = tag("fourth", Some(day)).upsert(tx, Tag::LABEL).await?;
        Ok((dropped.id, second.id, third.id, fourth.id))
    });
    let (dropped, second, third, fourth) = wrote.await.expect("upserts");
    assert!(dropped != second && second == third && fourth != third, "what was dropped does not come back");
    let texts = Tag::filter(Filter::always()).order(Tag::ID.asc()).all(&db.reader()).await.expect("tags");
    let texts: Vec<_> = texts.into_iter().map(|it| it.text).collect();
    assert_eq!(texts, ["first", "third", "fourth"]);
}
