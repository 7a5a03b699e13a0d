use mainstay::model::{Filter, Schema, additive};
use mainstay::prelude::*;
use std::sync::atomic::{AtomicI64, Ordering};

/// As it was.
#[derive(Model, Clone, Debug)]
#[model(table = "boxes", name = "box", plural = "boxes")]
pub(crate) struct Before {
    pub(crate) id: Id<Before>,
}

/// As it is now.
#[derive(Model, Clone, Debug)]
#[model(table = "boxes", name = "box", plural = "boxes")]
pub(crate) struct After {
    pub(crate) id: Id<After>,
    #[model(default = 3)]
    pub(crate) pieces: i64,
    #[model(default = true)]
    pub(crate) open: bool,
    #[model(default = "a 'box'".to_owned())]
    pub(crate) name: String,
    #[model(default = -0.5)]
    pub(crate) weight: f64,
    #[model(default = Decimal::from_units(250))]
    pub(crate) price: Decimal<2>,
    #[model(default = next())]
    pub(crate) number: i64,
    pub(crate) emptied: i64,
}

/// Another one each time.
fn next() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(7);
    LAST.fetch_add(1, Ordering::SeqCst)
}

#[mainstay::test]
async fn who_does_not_know_a_column_leaves_its_default_in_it(db: Db) {
    const BEFORE: [&Schema; 1] = [Before::SCHEMA];
    const AFTER: [&Schema; 1] = [After::SCHEMA];
    additive::apply(&db, &BEFORE).await.expect("a table");
    db.write(async |tx: &mut Tx| NewBefore {}.insert(tx).await.map(drop)).await.expect("a row");
    additive::apply(&db, &AFTER).await.expect("columns");
    assert_eq!(additive::plan(&db, &AFTER).await.expect("a plan").additions, []);
    // A process of the version before runs on for a while.
    db.write(async |tx: &mut Tx| NewBefore {}.insert(tx).await.map(drop)).await.expect("a row");
    let rows = After::filter(Filter::always()).all(&db.reader()).await.expect("rows");
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!((row.pieces, row.open, row.name.as_str()), (3, true, "a 'box'"));
        assert_eq!((row.weight, row.price), (-0.5, Decimal::from_units(250)));
        assert_eq!((row.number, row.emptied), (0, 0), "what is another one each time is nobody's in common");
    }
}
