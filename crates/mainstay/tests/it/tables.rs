//! Tables follow their models, and what is in them stays.

use mainstay::kernel::ErrorKind;
use mainstay::model::{Change, Filter, Schema, additive};
use mainstay::prelude::*;
use mainstay_test::Db;
use uuid::Uuid;

/// A card as it was first.
#[derive(Model, Clone, Debug)]
#[model(live)]
pub(crate) struct Card {
    pub(crate) id: Id<Card>,
    pub(crate) title: String,
    pub(crate) colour: Option<String>,
}

#[scope]
impl Scope for Card {}

/// A card as it is now: one field less, and one more of every kind.
#[derive(Model, Clone, Debug)]
#[model(live, table = "cards", name = "card", plural = "cards")]
pub(crate) struct Wide {
    pub(crate) id: Id<Wide>,
    pub(crate) title: String,
    #[model(unique)]
    pub(crate) slug: Option<String>,
    pub(crate) text: String,
    #[model(index)]
    pub(crate) number: i64,
    pub(crate) ratio: f64,
    pub(crate) flag: bool,
    pub(crate) at: Timestamp,
    pub(crate) key: Uuid,
    pub(crate) bytes: Vec<u8>,
    pub(crate) tags: Json<Vec<String>>,
    pub(crate) parent: Option<Ref<Wide>>,
}

#[scope]
impl Scope for Wide {}

const BEFORE: [&Schema; 1] = [Card::SCHEMA];
const AFTER: [&Schema; 1] = [Wide::SCHEMA];

/// What these models cannot do without.
pub(crate) async fn needed(db: &Db, schemas: &[&Schema]) -> Vec<Change> {
    let additions = additive::plan(db, schemas).await.expect("a plan").additions;
    additions.into_iter().map(|it| it.change).filter(Change::is_needed).collect()
}

async fn colours(db: &Db) -> Vec<Option<String>> {
    db.reader().sql("select colour from cards").all::<Option<String>>().await.expect("cards")
}

#[mainstay::test]
async fn what_is_missing_is_made_once_and_nothing_is_dropped(db: Db) {
    assert!(!additive::apply(&db, &BEFORE).await.expect("tables").is_empty());
    assert_eq!(additive::plan(&db, &BEFORE).await.expect("a plan").additions, []);
    let made = db.write(async |tx: &mut Tx| {
        NewCard { title: "a".to_owned(), colour: Some("red".to_owned()) }.insert(tx).await
    });
    let made = made.await.expect("a card");

    assert!(!additive::apply(&db, &AFTER).await.expect("columns").is_empty());
    assert_eq!(additive::plan(&db, &AFTER).await.expect("a plan").additions, []);
    let wide =
        Wide::find(&db.reader(), Id::from_uuid(made.id.uuid())).await.expect("a read").expect("the card");
    assert_eq!((wide.title.as_str(), wide.text.as_str(), wide.number, wide.flag), ("a", "", 0, false));
    assert_eq!((wide.at, wide.key, wide.bytes.len()), (Timestamp::EPOCH, Uuid::nil(), 0));
    assert_eq!((wide.tags.0.len(), wide.slug, wide.parent), (0, None, None));
    assert_eq!(colours(&db).await, [Some("red".to_owned())], "what a model no longer has stays");
    assert_eq!(needed(&db, &BEFORE).await, [], "both fit the table");
}

#[mainstay::test]
async fn a_column_that_came_later_is_checked_and_captured_like_any_other(db: Db) {
    additive::apply(&db, &BEFORE).await.expect("tables");
    additive::apply(&db, &AFTER).await.expect("columns");
    let wide = |slug: &str, parent: Option<Ref<Wide>>| NewWide {
        title: "t".to_owned(),
        slug: Some(slug.to_owned()),
        text: String::new(),
        number: 7,
        ratio: 0.5,
        flag: true,
        at: Timestamp::EPOCH,
        key: Uuid::nil(),
        bytes: vec![255],
        tags: Json(vec!["x".to_owned()]),
        parent,
    };
    let insert = async |new: &dyn Fn() -> NewWide| db.write(async |tx: &mut Tx| new().insert(tx).await).await;
    let first = insert(&|| wide("s", None)).await.expect("a card");
    let twice = insert(&|| wide("s", None)).await.expect_err("the slug is taken");
    assert!(twice.is_unique_violation(), "{twice}");
    let orphan = insert(&|| wide("o", Some(Uuid::nil().into()))).await.expect_err("no such parent");
    assert!(matches!(orphan.kind(), ErrorKind::ForeignKeyViolation { .. }), "{orphan}");
    insert(&|| wide("c", Some(first.id.into()))).await.expect("a child");
    assert_eq!(Wide::filter(Filter::always()).count(&db.reader()).await.expect("a count"), 2);
    let after = db.reader().sql("select after from mainstay_change order by seq").all::<Value>().await;
    let after = after.expect("changes");
    assert_eq!(after.iter().map(|it| it["slug"].clone()).collect::<Vec<_>>(), ["s", "c"]);
    assert_eq!(after[0]["number"], 7);
}
