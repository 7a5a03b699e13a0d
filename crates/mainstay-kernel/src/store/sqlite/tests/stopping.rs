use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::pin::pin;

use futures_util::poll;

use super::{begin, done, insert, numbers, open_with, sql, write};
use crate::store::Company;
use crate::store::sqlite::Sqlite;
use crate::{DbOptions, ErrorKind, StoreUrl};

fn at(path: &Path) -> impl FnOnce(&mut DbOptions) {
    let url = StoreUrl::SqliteFile(path.to_owned());
    move |options| options.url = url
}

fn wal(path: &Path) -> std::path::PathBuf {
    path.with_extension("db-wal")
}

#[tokio::test]
async fn stop_waits_for_the_writer_empties_the_log_and_frees_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let db = open_with(at(&path)).await;
    let tx = begin(&db).await;
    tx.execute(&insert(1)).unwrap();
    let mut stop = pin!(db.stop());
    assert!(poll!(&mut stop).is_pending());
    let refused = db.begin(None, Company::Grouped).await.err().unwrap();
    assert_eq!(refused.kind(), &ErrorKind::Draining, "the line is closed at once");
    done(tx.commit(None).await);
    stop.await;
    db.stop().await;
    assert!(std::fs::metadata(wal(&path)).map_or(0, |it| it.len()) == 0);

    let again = open_with(at(&path)).await;
    assert_eq!(numbers(&again).await, [1]);
}

#[tokio::test]
async fn after_stop_everything_is_refused() {
    let db = open_with(|_| {}).await;
    db.stop().await;
    let kinds = [
        db.begin(None, Company::Alone).await.err().unwrap(),
        db.rows(&sql("select 1")).await.unwrap_err(),
        db.point(&sql("select 1")).unwrap_err(),
        db.write_one(&insert(1), None).await.unwrap_err(),
    ];
    for error in kinds {
        assert_eq!(error.kind(), &ErrorKind::Draining);
    }
}

#[tokio::test]
async fn a_stop_that_was_given_up_can_be_tried_again() {
    let db = open_with(|_| {}).await;
    let tx = begin(&db).await;
    {
        let mut stop = pin!(db.stop());
        assert!(poll!(&mut stop).is_pending());
    }
    drop(tx);
    db.stop().await;
    assert_eq!(db.point(&sql("select 1")).unwrap_err().kind(), &ErrorKind::Draining);
}

#[tokio::test]
async fn a_file_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let first = open_with(at(&path)).await;
    let mut options = DbOptions::new(StoreUrl::SqliteMemory);
    at(&path)(&mut options);
    let refusal = Sqlite::open(&options).await.err().unwrap().to_string();
    assert!(refusal.contains(&format!("in use by process {}", std::process::id())), "{refusal}");
    drop(first);
    Sqlite::open(&options).await.expect("free once the first is dropped");
}

#[tokio::test]
async fn every_file_of_the_database_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let db = open_with(at(&path)).await;
    write(&db, "insert into t values (1, 1)").await;
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap()).collect();
    assert!(files.len() >= 4, "the file, its log, its index and its lock: {files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    std::fs::write(&path, "not a database, but a text that is long enough to look at".repeat(40)).unwrap();
    let mut options = DbOptions::new(StoreUrl::SqliteMemory);
    at(&path)(&mut options);
    let refusal = Sqlite::open(&options).await.err().unwrap().to_string();
    assert!(refusal.contains(path.to_str().unwrap()), "{refusal}");
}
