use std::collections::BTreeMap;

use mainstay::kernel::changes::Token;
use mainstay::prelude::*;
use mainstay_live::RowChange;
use mainstay_test::TestApp;

use crate::models::{Label, NewLabel, NewQuiet, app, by_others, changes, feed, label, next, title, titles};

#[mainstay::test(app = app)]
async fn whoever_listens_hears_what_is_committed_as_rows(app: TestApp) {
    let db = app.db();
    let _ = label(db, "before").await;
    let mut heard = feed(app.db()).await;
    let made = label(db, "a").await;
    let told = changes(&mut heard, 1).await;
    assert_eq!(told[0].row, RowChange::Created(made.clone().into_record()));
    assert_eq!((told[0].id(), told[0].model.name), (made.id.uuid(), "label"));
    let changed =
        db.write(async |tx: &mut Tx| made.clone().update(tx, |it| it.title = "b".to_owned()).await).await;
    let (before, after) = (made.clone().into_record(), changed.expect("a change").into_record());
    let told = changes(&mut heard, 1).await;
    assert_eq!(title(told[0].before()).as_deref(), Some("a"));
    assert_eq!(told[0].row, RowChange::Updated { before, after: after.clone() });
    let gone = db.write(async |tx: &mut Tx| Label::delete(tx, made.id).await).await;
    assert!(gone.expect("a delete"));
    assert_eq!(changes(&mut heard, 1).await[0].row, RowChange::Deleted(after));
}

#[mainstay::test(app = app)]
async fn what_others_write_is_heard_without_a_hint(app: TestApp) {
    let made = label(app.db(), "a").await;
    let mut heard = feed(app.db()).await;
    by_others(&app, "UPDATE labels SET title = 'b'").await;
    let told = changes(&mut heard, 1).await;
    assert_eq!((told[0].id(), title(told[0].after()).as_deref()), (made.id.uuid(), Some("b")));
}

#[mainstay::test(app = app)]
async fn a_transaction_is_told_as_a_whole_and_each_row_in_its_order(app: TestApp) {
    let db = app.db();
    let mut heard = feed(app.db()).await;
    db.write(async |tx: &mut Tx| {
        for number in 0..20 {
            let made = NewLabel { title: format!("{number}") }.insert(tx).await?;
            let _ = made.update(tx, |it| it.title.push('!')).await?;
            let _ = NewQuiet { title: "nobody hears this".to_owned() }.insert(tx).await?;
        }
        Ok(())
    })
    .await
    .expect("a transaction");
    let before = heard.token().clone();
    let delta = next(&mut heard).await;
    assert_eq!(delta.changes.len(), 40);
    for pair in delta.changes.chunks(2) {
        assert_eq!(pair[0].after(), pair[1].before());
        assert!(delta.token.saw(pair[0].stamp) && !before.saw(pair[0].stamp));
    }
}

#[mainstay::test(app = app)]
async fn a_snapshot_and_what_is_heard_beside_it_make_up_what_is_committed(app: TestApp) {
    const WRITERS: usize = 4;
    const EACH: usize = 25;
    let db = app.db();
    let writing = futures_util::future::join_all((0..WRITERS).map(|writer| async move {
        for number in 0..EACH {
            let made = label(db, &format!("{writer} {number}")).await;
            if number % 3 == 0 {
                let gone = db.write(async |tx: &mut Tx| Label::delete(tx, made.id).await).await;
                assert!(gone.expect("a delete"));
            } else if number % 3 == 1 {
                let changed =
                    db.write(async |tx: &mut Tx| made.clone().update(tx, |it| it.title.push('!')).await);
                let _ = changed.await.expect("a change");
            }
        }
    }));
    let listening = async {
        // In the midst of it: hear first, then read, then leave out what the snapshot saw.
        let mut heard = feed(app.db()).await;
        let _ = next(&mut heard).await;
        let (rows, snapshot) = snapshot(db).await;
        (heard, rows, snapshot)
    };
    let ((mut heard, mut rows, snapshot), _) = futures_util::join!(listening, writing);
    let last = label(db, "the last").await;
    while !rows.contains_key(&last.id.uuid()) {
        let delta = next(&mut heard).await;
        for change in delta.changes.iter().filter(|it| !snapshot.saw(it.stamp)) {
            assert_eq!(rows.remove(&change.id()), title(change.before()), "{change:?}");
            rows.extend(title(change.after()).map(|it| (change.id(), it)));
        }
    }
    let committed: BTreeMap<_, _> = titles(db).await.into_iter().map(|(id, it)| (id.uuid(), it)).collect();
    assert_eq!(rows, committed);
}

/// The labels, and the token of the snapshot in which they were read.
async fn snapshot(db: &Db) -> (BTreeMap<uuid::Uuid, String>, Token) {
    let read = db.snapshot(|reader, _| {
        Box::pin(async move {
            let labels = Label::filter(mainstay::model::Filter::always()).all(reader).await?;
            let rows = labels.into_iter().map(|it| (it.id.uuid(), it.title)).collect();
            Ok((rows, Token::of(reader).await?))
        })
    });
    read.await.expect("a snapshot")
}
