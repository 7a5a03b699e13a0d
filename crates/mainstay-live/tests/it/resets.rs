use mainstay::kernel::Dialect;
use mainstay::kernel::changes::Most;
use mainstay::model::Schema;
use mainstay::prelude::*;
use mainstay_live::{Feed, Reset, Resets};
use mainstay_test::TestApp;

use crate::models::{Label, MODELS, NewLabel, Quiet, Thing, app, by_others, changes, feed, label, next};

#[mainstay::test(app = app)]
async fn too_much_at_once_resets_the_models_that_it_touches(app: TestApp) {
    let db = app.db();
    let most = Most { changes: 10, ..Most::default() };
    let mut heard = Feed::begin(db, &MODELS, most).await.expect("a feed");
    let rows = || (0..11).map(|it| NewLabel { title: it.to_string() }).collect();
    db.write(async |tx: &mut Tx| NewLabel::insert_all(tx, rows()).await).await.expect("labels");
    let delta = next(&mut heard).await;
    assert_eq!((delta.reset_of(Label::SCHEMA), delta.reset_of(Thing::SCHEMA)), (Some(Reset::TooMany), None));
    assert!(delta.changes.is_empty());
    let made = label(db, "a").await;
    assert_eq!(changes(&mut heard, 1).await[0].id(), made.id.uuid(), "it goes on");
}

#[mainstay::test(app = app)]
async fn an_emptied_table_resets_its_model_and_no_other(app: TestApp) {
    if app.db().dialect() == Dialect::Sqlite {
        // There it is a DELETE, of which each row is told.
        return;
    }
    let mut heard = feed(app.db()).await;
    by_others(&app, "BEGIN; INSERT INTO labels (id, title, created_at, updated_at, version) VALUES (gen_random_uuid(), 'a', now(), now(), 1); TRUNCATE labels; COMMIT").await;
    let delta = next(&mut heard).await;
    assert_eq!(delta.resets, Resets::Models([("label", Reset::Emptied)].into()));
    assert!(delta.changes.is_empty(), "those of a model that is reset are not told");
}

/// A label whose title has become a number.
#[derive(Model, Clone, Debug)]
#[model(live, table = "labels", name = "label", plural = "labels")]
struct Retyped {
    id: Id<Retyped>,
    title: i64,
}

#[mainstay::test(app = app)]
async fn a_change_that_cannot_be_read_resets_its_model(app: TestApp) {
    const OTHER: [&Schema; 2] = [Retyped::SCHEMA, Quiet::SCHEMA];
    let mut heard = Feed::begin(app.db(), &OTHER, Most::default()).await.expect("a feed");
    let _ = label(app.db(), "no number").await;
    let delta = next(&mut heard).await;
    assert_eq!(delta.resets, Resets::Models([("label", Reset::Unreadable)].into()));
}

#[mainstay::test(app = app)]
async fn a_database_that_was_restored_resets_everything(app: TestApp) {
    let mut heard = feed(app.db()).await;
    by_others(&app, "UPDATE mainstay_meta SET epoch = epoch + 1").await;
    let delta = next(&mut heard).await;
    assert_eq!(delta.resets, Resets::Everything(Reset::Foreign));
    let made = label(app.db(), "a").await;
    assert_eq!(changes(&mut heard, 1).await[0].id(), made.id.uuid(), "it goes on, in the new epoch");
}
